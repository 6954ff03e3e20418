// The x-sign scheme: timestamps, nonces, the URL as it was signed, RSA signatures.
import { constants, createHash, privateEncrypt, randomBytes, randomUUID, sign } from 'node:crypto'
import { bodyText, commonRows, flipped, replaced, value, withHeader, without } from './common.mjs'

const BAD = '401 1020 signature'
const STAMP = '401 1020 timestamp'
const NONCE = '401 1020 nonce'
const NO_KEY = '401 401 empty token'
const TARGETS = { read: ['GET', '/sign/envelope?page=1&limit=5'], write: ['POST', '/sign/envelope'], echo: ['POST', '/test'], ping: ['GET', '/test'] }

export function xSignKit ({ partner, envelope, url, ...more }) {
  const rsa = partner.key.pair.privateKey
  const kit = {
    ...more,
    scheme: 'x-sign',
    url,
    key: partner.key.text,
    rsa,
    partner,
    HEADERS: ['x-api-key', 'x-sign', 'x-timestamp'],
    TELLING: ['x-api-key', 'x-sign'],
    isSigned: (answer, made) => made.method !== 'GET' && (answer.status < 300 || answer.json?.code === 1020),
    checker: () => partner,
    bad: () => BAD,
    badBody: BAD,
    otherMethod: '200', // the method is not signed, and reads may have a body that is
    headForGet: '200',
    headBase: 'unique',
    // A sandbox key may leave x-sign away, so one that is empty is none.
    gone: (name) => ({ 'x-api-key': NO_KEY, 'x-sign': 'ok', 'x-timestamp': NONCE })[name],
    joined: (name) => ({ 'x-api-key': NO_KEY, 'x-sign': BAD, 'x-timestamp': STAMP })[name],
    odd: (name) => ({ 'x-api-key': NO_KEY, 'x-sign': BAD, 'x-timestamp': STAMP })[name],
    make ({ base = 'write', now = Date.now(), body, prefix, field = 'x-timestamp', signedUrl, signer, encode, key = partner.key.text } = {}) {
      // Equal reads of one second have one signature, which is bound to the method that it first came with.
      const [method, target] = base === 'one' ? ['GET', `/sign/envelope/${envelope}`] : base === 'unique' ? ['GET', `/test?q=${randomUUID()}`] : TARGETS[base]
      const text = Buffer.from(body ?? (method === 'POST' ? (base === 'echo' ? JSON.stringify({ a: randomUUID() }) : bodyText()) : ''))
      const digits = String(prefix ?? Math.floor(now / 1000))
      const input = Buffer.concat([Buffer.from(digits), Buffer.from(signedUrl ? signedUrl(url + target) : url + target), text])
      const signature = signer ? signer(input, digits, url + target, text) : sign('sha256', input, rsa)
      const written = encode ? encode(signature) : signature.toString('base64url')
      return { method, target, headers: [['x-api-key', key], ['x-sign', written], [field, digits]], body: text }
    }
  }
  return kit
}

const same = (signature) => signature

/** A PKCS#1 v1.5 block made by hand: what stands in it is signed as it is. */
const block = (rsa, bytes) => privateEncrypt({ key: rsa, padding: constants.RSA_NO_PADDING }, Buffer.concat([Buffer.alloc(256 - bytes.length), bytes]))
const INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex')
const padded = (tail, { first = [0, 1], fill = 0xff, cut = 0, behind = Buffer.alloc(0) } = {}) => {
  const size = 256 - first.length - 1 - tail.length - behind.length - cut
  return Buffer.concat([Buffer.from(first), Buffer.alloc(size, fill), Buffer.alloc(1), tail, behind])
}
const sha = (name, bytes) => createHash(name).update(bytes).digest()

function * signatureRows (kit) {
  const row = (name, signer, want = BAD, more = {}) => ({ family: 'signature', name, make: () => kit.make({ base: 'write', signer, ...more }), want })
  const own = (input) => sign('sha256', input, kit.rsa)
  for (let at = 0; at < 256; at++) yield row(`bit ${at % 8} of byte ${at}`, (input) => flipped(own(input), at, at % 8))
  for (let bit = 0; bit < 8; bit++) yield row(`bit ${bit} of the last byte`, (input) => flipped(own(input), 255, bit))
  yield row('zeros', () => Buffer.alloc(256))
  yield row('one', () => Buffer.concat([Buffer.alloc(255), Buffer.from([1])]))
  yield row('all bits', () => Buffer.alloc(256, 255))
  const modulus = () => Buffer.from(kit.rsa.export({ format: 'jwk' }).n, 'base64url')
  const big = (bytes) => BigInt(`0x${bytes.toString('hex')}`)
  const out = (n, size = 256) => Buffer.from(n.toString(16).padStart(2 * size, '0').slice(-2 * size), 'hex')
  yield row('the modulus', () => modulus())
  yield row('the modulus less one', () => out(big(modulus()) - 1n))
  yield row('s + n', (input) => out(big(own(input)) + big(modulus()), 257))
  yield row('s + n, in 256 bytes', (input) => out(big(own(input)) + big(modulus())))
  yield row('n - s', (input) => out(big(modulus()) - big(own(input))))
  yield row('a byte more', (input) => Buffer.concat([own(input), Buffer.alloc(1)]))
  yield row('a zero in front', (input) => Buffer.concat([Buffer.alloc(1), own(input)]))
  yield row('a byte less', (input) => own(input).subarray(0, 255))
  yield row('a byte less in front', (input) => own(input).subarray(1))
  yield row('twice', (input) => Buffer.concat([own(input), own(input)]))
  yield row('backwards', (input) => Buffer.from(own(input)).reverse())
  yield row('random', () => randomBytes(256))
  yield row('the block itself', (input) => padded(Buffer.concat([INFO, sha('sha256', input)])))
  yield row('the digest', (input) => sha('sha256', input))
  yield row('by another RSA key', (input) => sign('sha256', input, kit.strangerRsa.privateKey))
  yield row('by an RSA key of 1,024 bits', (input) => sign('sha256', input, kit.smallRsa.privateKey))
  yield row('by a P-521 key', (input) => sign('sha256', input, kit.stranger.privateKey))
  yield row('by an Ed25519 key', (input) => sign(null, input, kit.ed25519.privateKey))
  for (const md of ['sha1', 'sha224', 'sha384', 'sha512', 'md5', 'sha3-256', 'sha512-256']) yield row(`over ${md}`, (input) => sign(md, input, kit.rsa))
  for (const salt of [32, 0, constants.RSA_PSS_SALTLEN_MAX_SIGN]) yield row(`PSS, salt ${salt}`, (input) => sign('sha256', input, { key: kit.rsa, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: salt }))
  yield row('the digest digested again', (input) => sign('sha256', sha('sha256', input), kit.rsa))
  yield row('the digest in hex', (input) => sign('sha256', Buffer.from(sha('sha256', input).toString('hex')), kit.rsa))
  const made = (name, build, want = BAD) => row(`block: ${name}`, (input) => block(kit.rsa, build(Buffer.concat([INFO, sha('sha256', input)]), sha('sha256', input))), want)
  yield made('as it should be', (tail) => padded(tail), 'ok')
  yield made('no NULL in the algorithm', (_, digest) => padded(Buffer.concat([Buffer.from('302f300b0609608648016503040201', 'hex'), Buffer.from('0420', 'hex'), digest])))
  yield made('the digest without its algorithm', (_, digest) => padded(digest))
  yield made('SHA-512 named', (_, digest) => padded(Buffer.concat([Buffer.from('3051300d060960864801650304020305000440', 'hex'), digest, digest])))
  yield made('SHA-1 named', (_, digest) => padded(Buffer.concat([Buffer.from('3021300906052b0e03021a05000414', 'hex'), digest.subarray(0, 20)])))
  yield made('type 2', (tail) => padded(tail, { first: [0, 2] }))
  yield made('type 0', (tail) => padded(tail, { first: [0, 0], fill: 0 }))
  yield made('zeros for padding', (tail) => padded(tail, { fill: 0 }))
  yield made('padding of other bytes', (tail) => padded(tail, { fill: 0xfe }))
  yield made('bytes behind the digest', (tail) => padded(tail, { behind: Buffer.alloc(8) }))
  yield made('bytes behind, short padding', (tail) => Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(8, 255), Buffer.alloc(1), tail, randomBytes(256 - 11 - tail.length)]))
  yield made('a length in long form', (_, digest) => padded(Buffer.concat([Buffer.from('308131300d060960864801650304020105000420', 'hex'), digest])))
  yield made('a byte of padding less', (tail) => Buffer.concat([Buffer.alloc(1), padded(tail).subarray(0, 255)]))

  const coded = (name, encode, want = BAD) => ({ family: 'base64', name, make: () => kit.make({ base: 'write', encode }), want })
  const url = (s) => s.toString('base64url')
  const until = (kit, isGood, encode) => { for (;;) { const made = kit.make({ base: 'write' }); if (isGood(value(made, 'x-sign'))) return replaced(made, 'x-sign', encode) } }
  yield coded('padded with ==', (s) => `${url(s)}==`, 'ok')
  yield coded('padded with =', (s) => `${url(s)}=`)
  yield coded('padded with ===', (s) => `${url(s)}===`)
  yield coded('padded with ====', (s) => `${url(s)}====`)
  yield coded('padding in front', (s) => `==${url(s)}`)
  yield coded('padding encoded', (s) => `${url(s)}%3D%3D`)
  yield { family: 'base64', name: 'the standard alphabet', make: () => until(kit, (v) => /[-_]/.test(v), (v) => v.replaceAll('-', '+').replaceAll('_', '/')), want: BAD }
  yield { family: 'base64', name: 'the standard alphabet, padded', make: () => until(kit, (v) => /[-_]/.test(v), (v) => `${v.replaceAll('-', '+').replaceAll('_', '/')}==`), want: BAD }
  yield { family: 'base64', name: 'both alphabets', make: () => until(kit, (v) => /-.*_/.test(v), (v) => v.replaceAll('-', '+')), want: BAD }
  yield coded('a space inside', (s) => `${url(s).slice(0, 64)} ${url(s).slice(64)}`)
  yield coded('a tab inside', (s) => `${url(s).slice(0, 64)}\t${url(s).slice(64)}`)
  yield coded('hex', (s) => s.toString('hex'))
  yield coded('twice', (s) => Buffer.from(url(s)).toString('base64url'))
  yield coded('in upper case', (s) => url(s).toUpperCase())
  yield coded('one letter more', (s) => `${url(s)}A`)
  yield coded('two letters more', (s) => `${url(s)}AA`)
  yield coded('one letter less', (s) => url(s).slice(0, -1))
  yield coded('bits left over', (s) => url(s).replace(/.$/, (c) => String.fromCharCode(c.charCodeAt(0) + 1)))
  yield coded('as an RFC 8941 byte sequence', (s) => `:${s.toString('base64')}:`)
  yield coded('the length of two signatures', (s) => `${url(s)}${url(s)}`)
  yield coded('2,000 letters', () => 'A'.repeat(2000))
  yield coded('a star', () => '*')
}

function * urlSignedRows (kit) {
  const row = (name, signedUrl, want = BAD, base = 'read') => ({ family: 'URL as signed', name, make: () => kit.make({ base, signedUrl }), want })
  const { host, hostname, port } = new URL(kit.url)
  yield row('as it is', same, 'ok')
  yield row('http://', (u) => u.replace('https', 'http'))
  yield row('wss:// on an ordinary request', (u) => u.replace('https', 'wss'))
  yield row('HTTPS://', (u) => u.replace('https', 'HTTPS'))
  yield row('no scheme', (u) => u.replace('https:', ''))
  yield row('no host', (u) => u.slice(kit.url.length))
  yield row('another host', (u) => u.replace(host, 'evil.example'))
  yield row('localhost', (u) => u.replace(hostname, hostname === 'localhost' ? '127.0.0.2' : 'localhost'))
  yield row('a dot behind the host', (u) => u.replace(hostname, `${hostname}.`))
  yield row('no port', (u) => u.replace(`:${port}`, ''))
  yield row('another port', (u) => u.replace(`:${port}`, `:${Number(port) + 1}`))
  yield row('port 443', (u) => u.replace(`:${port}`, ':443'))
  yield row('a user', (u) => u.replace('://', '://a:b@'))
  yield row('a fragment', (u) => `${u}#x`)
  yield row('a slash behind', (u) => `${u}/`)
  yield row('two slashes', (u) => u.replace('/sign', '//sign'))
  yield row('percent-encoded', (u) => u.replace('limit=5', 'limit=%35'))
  yield row('query in another order', () => `${kit.url}/sign/envelope?limit=5&page=1`)
  yield row('no query', () => `${kit.url}/sign/envelope`)
  yield row('a pair more', (u) => `${u}&a=1`)
  yield row('a space behind', (u) => `${u} `)
  yield row('a line feed behind', (u) => `${u}\n`)
  yield row('the method in front', (u) => `GET ${u}`)
  yield row('in upper case', (u) => u.toUpperCase())
  yield row('the alias', (u) => u.replace('/sign', '/api/v1/p/sign'))
  yield row('empty', () => '')
  yield { family: 'URL as signed', name: 'another Host sent', make: () => withHeader(kit.make({ base: 'read' }), ['Host', 'evil.example']), want: 'ok' }
  yield { family: 'URL as signed', name: 'another Host sent and signed', make: () => withHeader(kit.make({ base: 'read', signedUrl: (u) => u.replace(host, 'evil.example') }), ['Host', 'evil.example']), want: BAD }
  yield { family: 'URL as signed', name: 'X-Forwarded-Host sent and signed', make: () => withHeader(kit.make({ base: 'read', signedUrl: (u) => u.replace(host, 'evil.example') }), ['X-Forwarded-Host', 'evil.example']), want: BAD }
  // What meets without a separator must not be cut elsewhere.
  yield { family: 'seam', name: 'a digit of the timestamp moved into a longer prefix', make: () => replaced(kit.make({ base: 'read' }), 'x-timestamp', (t) => t.slice(0, 9)), want: STAMP }
  yield { family: 'seam', name: 'the URL begun in the prefix', make: () => replaced(kit.make({ base: 'read' }), 'x-timestamp', (t) => `${t}h`), want: STAMP }
  yield { family: 'seam', name: 'the body begun in the URL', make: () => { const made = kit.make({ base: 'echo', signer: (_, digits, u) => sign('sha256', Buffer.from(`${digits}${u}?a=1`), kit.rsa) }); return { ...made, body: Buffer.from('?a=1') } }, want: '406 SGN406001', isAuthentic: true } // refused for what it says: its mark stays
  yield { family: 'seam', name: 'the body begun in the query', make: () => { const made = kit.make({ base: 'echo', signer: (_, digits, u) => sign('sha256', Buffer.from(`${digits}${u}?a={}`), kit.rsa) }); return { ...made, target: '/test?a=', body: Buffer.from('{}') } }, want: 'ok' }
}

function * prefixRows (kit) {
  const stamp = (name, prefix, want = STAMP, base = 'write') => ({ family: 'timestamp', name, make: () => kit.make({ base, prefix: prefix(Math.floor(Date.now() / 1000)) }), want })
  for (const [name, change] of Object.entries({
    'in ms': (t) => t * 1000, 'nine digits': (t) => String(t).slice(0, 9), 'a zero in front': (t) => `0${t}`, 'a plus': (t) => `+${t}`, 'a minus': (t) => `-${t}`, 'a fraction': (t) => `${t}.0`, hex: (t) => `0x${t.toString(16)}`, exponent: (t) => `${t}e0`, 'ISO 8601': () => new Date().toISOString(),
    'a letter': () => 'x', zero: () => '0', 'ten zeros': () => '0000000000', 'ten nines': () => '9999999999', 'a space inside': (t) => `${String(t).slice(0, 5)} ${String(t).slice(5)}`, 'an underscore': (t) => `${String(t).slice(0, 5)}_${String(t).slice(5)}`, 'a comma behind': (t) => `${t},`, '20 digits': () => '1'.repeat(20), 'a year ago': (t) => t - 31536000, 'in quotes': (t) => `"${t}"`
  })) yield stamp(name, change)
  for (const base of ['read', 'write']) {
    for (const seconds of [-299, 299]) yield { family: 'time', name: `${base}: ${seconds} s`, window: seconds, make: (now) => kit.make({ base, now }), want: 'ok' }
    for (const seconds of [-301, 301, -3600, 3600, -86400, 86400, 31536000]) yield { family: 'time', name: `${base}: ${seconds} s`, window: seconds, make: (now) => kit.make({ base, now }), want: STAMP }
  }
  // ---- nonces: each row with a key of its own, whose counter begins at nothing ----
  const nonce = (name, prefix, want = NONCE) => ({ family: 'nonce', name, make: () => { const key = kit.fresh(); return kit.make({ base: 'write', field: 'x-nonce', prefix, key }) }, want })
  for (const good of ['0', '1', '7', '42', '999999999', '99999999999', '9223372036854775807', '2147483648', '18014398509481985']) yield nonce(good, good, 'ok')
  for (const bad of ['-1', '+1', '01', '007', '1.0', '1e3', '0x10', '1_000', '1,000', 'x', '9223372036854775808', '18446744073709551616', '99999999999999999999', '1 2', '"1"', 'null', 'NaN', '-9223372036854775808', '1-']) yield nonce(bad, bad)
  yield { family: 'nonce', name: 'empty beside a timestamp', make: () => withHeader(kit.make({ base: 'write' }), ['x-nonce', '']), want: 'ok' }
  yield { family: 'nonce', name: 'beside a timestamp, which counts', make: () => withHeader(kit.make({ base: 'write' }), ['x-nonce', '1']), want: 'ok' }
  yield { family: 'nonce', name: 'garbage beside a timestamp, which counts', make: () => withHeader(kit.make({ base: 'write' }), ['x-nonce', 'x']), want: 'ok' }
  yield { family: 'nonce', name: 'a timestamp, empty, beside it', make: () => withHeader(kit.make({ base: 'write', field: 'x-nonce', prefix: '5', key: kit.fresh() }), ['x-timestamp', '']), want: 'ok' }
  yield { family: 'nonce', name: 'signed, but a timestamp sent too', make: () => withHeader(kit.make({ base: 'write', field: 'x-nonce', prefix: '5' }), ['x-timestamp', String(Math.floor(Date.now() / 1000))]), want: BAD }
  yield { family: 'nonce', name: 'another one than was signed', make: () => replaced(kit.make({ base: 'write', field: 'x-nonce', prefix: '5', key: kit.fresh() }), 'x-nonce', '6'), want: BAD }
  yield { family: 'nonce', name: 'empty, and no timestamp', make: () => replaced(kit.make({ base: 'write', field: 'x-nonce', prefix: '5' }), 'x-nonce', ''), want: NONCE }
  yield { family: 'nonce', name: 'doubled', make: () => withHeader(kit.make({ base: 'write', field: 'x-nonce', prefix: '5' }), ['x-nonce', '5']), want: '400 SGN400003' }
  yield { family: 'nonce', name: 'doubled in another case', make: () => withHeader(kit.make({ base: 'write', field: 'x-nonce', prefix: '5' }), ['X-NONCE', '5']), want: '400 SGN400003' }
}

function * keyRows (kit) {
  const row = (name, change, want = NO_KEY) => ({ family: 'API key', name, make: () => replaced(kit.make({ base: 'write' }), 'x-api-key', change), want })
  const object = (change) => (text) => Buffer.from(JSON.stringify(change(JSON.parse(Buffer.from(text, 'base64url'))))).toString('base64url')
  yield row('of another user of the organisation, signed by this one', () => kit.otherKey, 'ok')
  yield row('of another organisation', () => kit.foreignKey, BAD)
  yield row('of the other environment', () => kit.productionKey, 'ok')
  yield row('revoked', () => kit.revokedKey)
  yield row('issued for api-key', () => kit.bareKey, '401 401 This key was issued for another scheme. Sign the request as that scheme asks.')
  yield row('a JWT', () => 'eyJhIjoxfQ.eyJhIjoxfQ.x')
  yield row('a word in front', (v) => `Bearer ${v}`)
  yield row('padded', (v) => `${v}=`)
  yield row('in upper case', (v) => v.toUpperCase())
  yield row('the other half alone', (v) => v.slice(v.length / 2))
  yield row('no sandbox', object(({ sandbox, ...rest }) => rest))
  yield row('sandbox false', object((o) => ({ ...o, sandbox: false })))
  yield row('sandbox as text', object((o) => ({ ...o, sandbox: 'true' })))
  yield row('another secret', object((o) => ({ ...o, key: randomBytes(32).toString('base64url') })))
  yield row('another id', object((o) => ({ ...o, key_id: randomBytes(10).toString('base64url') })))
  yield row('members in another order', object(({ key_id: id, key, ...rest }) => ({ key, key_id: id, ...rest })))
  yield row('a member more', object((o) => ({ ...o, admin: true })))
  yield row('an array', object((o) => [o]))
  yield row('{}', () => Buffer.from('{}').toString('base64url'))
  yield row('1,000 letters', () => 'A'.repeat(1000))
  yield { family: 'API key', name: 'unsigned in production', make: () => without(without(replaced(kit.make({ base: 'write' }), 'x-api-key', kit.productionKey), 'x-sign'), 'x-timestamp'), want: BAD }
  yield { family: 'API key', name: 'production, x-sign empty', make: () => replaced(replaced(kit.make({ base: 'write' }), 'x-api-key', kit.productionKey), 'x-sign', ''), want: BAD }
  yield { family: 'API key', name: 'unsigned in the sandbox', make: () => without(without(kit.make({ base: 'write' }), 'x-sign'), 'x-timestamp'), want: 'ok' }
  yield { family: 'API key', name: 'as a bare key in Authorization', make: () => ({ ...kit.make({ base: 'write' }), headers: [['Authorization', kit.key]] }), want: '401 SGN401003' }
}

function * bodyFormRows (kit) {
  for (const [name, body] of Object.entries({ tabs: '{\t"a":\t1\n}', CRLF: '{\r\n"a":1}\r\n', UTF8: '{"a":"ação ✓"}', escapes: '{"a":"\\u00e7"}', spaces: ' {"a" : 1} ' })) yield { family: 'body as typed', name, make: () => kit.make({ base: 'echo', body }), want: 'ok' }
  for (const type of ['', 'text/plain', 'application/json; charset=utf-8', 'application/x-www-form-urlencoded', 'APPLICATION/JSON']) yield { family: 'Content-Type', name: type || 'empty', make: () => withHeader(kit.make({ base: 'echo' }), ['Content-Type', type]), want: 'ok' }
  const signedAs = (name, change) => ({ family: 'body as signed', name, make: () => kit.make({ base: 'echo', body: '{"b":2, "a":1}', signer: (_, digits, u, text) => sign('sha256', Buffer.from(`${digits}${u}${change(text.toString())}`), kit.rsa) }), want: BAD })
  yield signedAs('compact', (t) => JSON.stringify(JSON.parse(t)))
  yield signedAs('members sorted', () => '{"a":1,"b":2}')
  yield signedAs('with a line feed', (t) => `${t}\n`)
  yield signedAs('empty', () => '')
  yield signedAs('twice', (t) => t + t)
  yield signedAs('its digest', (t) => sha('sha256', t).toString('hex'))
}

function * againRows (kit) {
  const family = 'again'
  const row = (name, base, change, want, more) => ({ family, name: `${base}: ${name}`, first: () => kit.make({ base, ...more?.() }), make: (_, first) => change(first), want })
  const toNonce = (made) => ({ ...made, headers: made.headers.map(([name, v]) => [name === 'x-timestamp' ? 'x-nonce' : name, v]) })
  const toStamp = (made) => ({ ...made, headers: made.headers.map(([name, v]) => [name === 'x-nonce' ? 'x-timestamp' : name, v]) })
  const flip = (method) => (made) => ({ ...made, method })
  for (const base of ['write', 'echo']) {
    yield row('the same', base, same, '401 1020 replay')
    yield row('padded', base, (made) => replaced(made, 'x-sign', (v) => `${v}==`), '401 1020 replay')
    yield row('with a header more', base, (made) => withHeader(made, ['X-Other', '1']), '401 1020 replay')
    yield row('as a GET', base, flip('GET'), '401 1020 replay')
    yield row('the timestamp as a nonce', base, toNonce, NONCE)
    yield row('with an empty nonce beside it', base, (made) => withHeader(made, ['x-nonce', '']), '401 1020 replay')
  }
  yield row('the same', 'read', same, 'ok')
  yield row('as a POST', 'read', flip('POST'), '401 1020 replay')
  yield row('as a HEAD', 'read', flip('HEAD'), '401')
  yield row('as a PUT, which is no method there', 'read', flip('PUT'), '405 SGN405001')
  yield row('the timestamp as a nonce', 'read', toNonce, NONCE)
  const withNonce = () => ({ field: 'x-nonce', prefix: '8', key: kit.fresh() })
  for (const base of ['read', 'write']) {
    yield row('a nonce again', base, same, NONCE, withNonce)
    yield row('a nonce below it', base, (made) => kit.make({ base, field: 'x-nonce', prefix: '7', key: value(made, 'x-api-key') }), NONCE, withNonce)
    yield row('a nonce above it', base, (made) => kit.make({ base, field: 'x-nonce', prefix: '9', key: value(made, 'x-api-key') }), 'ok', withNonce)
    yield row('a nonce again, for another URL', base, (made) => kit.make({ base: 'ping', field: 'x-nonce', prefix: '8', key: value(made, 'x-api-key') }), NONCE, withNonce)
    yield row('a nonce again, under another key', base, () => kit.make({ base, field: 'x-nonce', prefix: '8', key: kit.fresh() }), 'ok', withNonce)
    const asTime = () => ({ field: 'x-nonce', prefix: String(Math.floor(Date.now() / 1000) + 100), key: kit.fresh() })
    yield row('a nonce as a timestamp', base, toStamp, '401 1020 replay', asTime)
    yield row('a nonce of ten digits below a timestamp that was used', base, (made) => kit.make({ base, field: 'x-nonce', prefix: String(Number(value(made, 'x-timestamp')) - 1), key: value(made, 'x-api-key') }), NONCE, () => ({ key: kit.fresh() }))
  }
}

export function * xSignRows (kit) {
  yield * commonRows(kit)
  yield * signatureRows(kit)
  yield * urlSignedRows(kit)
  yield * prefixRows(kit)
  yield * keyRows(kit)
  yield * bodyFormRows(kit)
  yield * againRows(kit)
}
