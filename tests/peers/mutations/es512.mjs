// The two ES512 schemes: games with tokens, signatures, base64, claims and times.
import { constants, createHash, createHmac, randomUUID, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { bodyText, commonRows, flipped, replaced, value, withHeader, without } from './common.mjs'
import { DER, ORDERS, half, numberOf, raw } from './ecdsa.mjs'

const BAD = '401 GDF000014'
const PUBLISHED = JSON.parse(readFileSync(new URL('../../vectors/signing.json', import.meta.url))).must_be_refused
const b64 = (text) => Buffer.from(text).toString('base64url')
const md5 = (text) => createHash('md5').update(text).digest('hex')
const text = (claims) => typeof claims === 'string' ? claims : JSON.stringify(claims)
const es512 = (key) => (input) => sign('sha512', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })

/** Header and payload as given, to the byte; `signer` gets the input and gives the signature's bytes. */
export function jws (header, payload, signer) {
  const input = `${b64(text(header))}.${b64(text(payload))}`
  return `${input}.${signer(input).toString('base64url')}`
}

const TARGETS = { read: ['GET', '/sign/envelope?page=1&limit=5'], write: ['POST', '/sign/envelope'], echo: ['POST', '/test'], ping: ['GET', '/test'] }

export function es512Kit (scheme, { partner, integration, other, url, envelope, ...more }) {
  const isWrapped = scheme === 'es512-wrapped'
  const { key, pair } = integration
  const kit = {
    scheme,
    url,
    isWrapped,
    key,
    pair,
    other,
    ...more,
    HEADERS: ['Authorization', 'API-CLIENT-KEY'],
    TELLING: ['Authorization', 'API-CLIENT-KEY'],
    isSigned: (answer, made) => answer.json?.code === 'GDF000014' || answer.status < 300,
    bad: () => BAD,
    badBody: BAD,
    noBody: BAD,
    spacedBody: isWrapped ? 'ok' : BAD,
    decodesQuery: isWrapped,
    gone: (name) => name === 'API-CLIENT-KEY' ? '400 GDF000003' : BAD,
    joined: (name) => name === 'API-CLIENT-KEY' ? '404 GDF000018' : BAD,
    odd (name, how) {
      if (name === 'API-CLIENT-KEY') return '404 GDF000018'
      // Without its word at the start, the wrapped header has dots still: it is read as a token, and is none.
      return BAD
    },
    /** An answer has the form that the request's headers asked for, and the key that they named. */
    checker (answer, headers) {
      const named = (headers['api-client-key'] ?? key).toLowerCase()
      const form = answer.headers.authorization?.startsWith('QIT ') ? 'es512-wrapped' : 'es512-plain'
      return Object.assign(Object.create(Object.getPrototypeOf(partner)), partner, { scheme: form, integration: { ...integration, key: named } })
    },
    /** { base, method, target, body, signed: {…}, token: (claims) => token, claims: (claims) => claims, bodyToken, sent, headers } */
    make (o = {}) {
      const [method, target] = o.base === 'one' ? ['GET', `/sign/envelope/${envelope}`] : TARGETS[o.base ?? 'write']
      const body = o.body ?? (method === 'POST' ? (o.base === 'echo' ? JSON.stringify({ a: randomUUID() }) : bodyText()) : '')
      const makeToken = o.token ?? ((claims) => jws({ alg: 'ES512', typ: 'JWT' }, claims, es512(pair.privateKey)))
      const now = o.now ?? Date.now()
      const given = { method, target, body, now }
      const made = isWrapped ? kit.wrapped(given, o, makeToken) : kit.plain(given, o, makeToken)
      return { method, target, headers: [...(method === 'POST' ? [['Content-Type', 'application/json']] : []), ...made.headers], body: Buffer.from(o.sent ?? made.body) }
    },
    plain ({ method, target, body, now }, o, makeToken) {
      const claims = { payload_md5: md5(body === '' ? '{}' : body), timestamp: new Date(now).toISOString(), method, uri: target }
      const token = makeToken(o.claims ? o.claims(claims) : claims)
      return { headers: [['Authorization', token], ['API-CLIENT-KEY', key]], body }
    },
    wrapped ({ method, target, body, now }, o, makeToken) {
      const token = body === '' ? '' : (o.bodyToken ?? ((claims) => jws({ alg: 'ES512', typ: 'JWT' }, claims, es512(pair.privateKey))))(body)
      const lines = [method, token === '' ? '' : md5(token), 'application/json', new Date(now).toUTCString(), target]
      const claims = { sub: key, signature: (o.lines ? o.lines(lines) : lines).join(o.separator ?? '\n') }
      const authorization = `QIT ${key}:${makeToken(o.claims ? o.claims(claims) : claims)}`
      return { headers: [['Authorization', authorization], ['API-CLIENT-KEY', key]], body: token === '' ? '' : (o.wrap ?? ((t) => JSON.stringify({ encoded_body: t })))(token) }
    }
  }
  return kit
}

// ---- tokens: [name, (claims, kit) => token, want] ----

const padTo = (bytes, size) => Buffer.concat([Buffer.alloc(size - bytes.length), bytes])

export function * tokenGames (kit) {
  const own = es512(kit.pair.privateKey)
  const stranger = es512(kit.stranger.privateKey)
  const withHead = (header, signer = own) => (claims) => jws(header, claims, signer)
  const ES = { alg: 'ES512', typ: 'JWT' }
  for (const alg of ['none', 'None', 'NONE', 'nOnE', '']) {
    yield [`alg ${alg || 'empty'}, no signature`, (claims) => `${b64(JSON.stringify({ alg }))}.${b64(text(claims))}.`, BAD]
    yield [`alg ${alg || 'empty'}, signed`, withHead({ alg }), BAD]
  }
  yield ['alg none, two parts', (claims) => `${b64('{"alg":"none"}')}.${b64(text(claims))}`, BAD]
  for (const alg of [null, 512, true, ['ES512'], {}, { alg: 'ES512' }, 'es512', 'Es512', 'eS512', 'ES512 ', ' ES512', 'ES512\n', 'ES5120', 'ES51', 'ES256', 'ES384', 'ES256K', 'EdDSA', 'RS256', 'RS512', 'PS512', 'HS256', 'HS512', 'ＥＳ512', 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512']) {
    yield [`alg ${JSON.stringify(alg)} over an ES512 signature`, withHead({ alg, typ: 'JWT' }), BAD]
  }
  for (const [name, token] of Object.entries(PUBLISHED)) yield [`published to be refused: ${name}`, () => token, BAD]
  yield ['no alg', withHead({ typ: 'JWT' }), BAD]
  yield ['Alg for alg', withHead({ Alg: 'ES512' }), BAD]
  yield ['enc beside another alg', withHead({ alg: 'dir', enc: 'A256GCM' }), BAD]
  const secrets = { PEM: kit.pem, 'PEM, trimmed': kit.pem.trim(), 'PEM with CRLF': kit.pem.replaceAll('\n', '\r\n'), DER: kit.spki, JWK: JSON.stringify(kit.jwk), x: kit.jwk.x, nothing: '', 'integration key': kit.key }
  for (const [what, secret] of Object.entries(secrets)) {
    for (const [alg, hash] of [['HS512', 'sha512'], ['HS256', 'sha256']]) yield [`${alg} with the public key: ${what}`, withHead({ alg }, (input) => createHmac(hash, secret).update(input).digest()), BAD]
    yield [`HMAC under the name ES512: ${what}`, withHead(ES, (input) => padTo(createHmac('sha512', secret).update(input).digest(), 132)), BAD]
  }
  yield ['RS256 by an RSA key', withHead({ alg: 'RS256' }, (input) => sign('sha256', Buffer.from(input), kit.rsa.privateKey)), BAD]
  yield ['PS512 by an RSA key', withHead({ alg: 'PS512' }, (input) => sign('sha512', Buffer.from(input), { key: kit.rsa.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING })), BAD]
  yield ['EdDSA by an Ed25519 key', withHead({ alg: 'EdDSA' }, (input) => sign(null, Buffer.from(input), kit.ed25519.privateKey)), BAD]
  for (const [curve, name, hash] of [['p256', 'ES256', 'sha256'], ['p384', 'ES384', 'sha384']]) {
    const by = (md) => (input) => sign(md, Buffer.from(input), { key: kit[curve].privateKey, dsaEncoding: 'ieee-p1363' })
    yield [`${name} by a key of ${curve}`, withHead({ alg: name }, by(hash)), BAD]
    yield [`ES512 by a key of ${curve}`, withHead(ES, by('sha512')), BAD]
    yield [`ES512 by a key of ${curve}, padded to 132 bytes`, withHead(ES, (input) => { const s = by('sha512')(input); return Buffer.concat([padTo(s.subarray(0, s.length / 2), 66), padTo(s.subarray(s.length / 2), 66)]) }), BAD]
  }
  for (const md of ['sha256', 'sha384', 'sha1', 'sha3-512']) yield [`P-521 over ${md}`, withHead(ES, (input) => sign(md, Buffer.from(input), { key: kit.pair.privateKey, dsaEncoding: 'ieee-p1363' })), BAD]
  yield ['by another P-521 key', withHead(ES, stranger), BAD]
  yield ['by the key of another integration', withHead(ES, es512(kit.other.pair.privateKey)), BAD]
  for (const crit of [[], ['b64'], ['exp'], ['alg'], [''], null, 'b64', true, false, 0, {}]) yield [`crit ${JSON.stringify(crit)}`, withHead({ ...ES, crit, b64: true }), BAD]

  const strange = kit.stranger.publicKey.export({ format: 'jwk' })
  const injections = {
    jwk: strange, jku: 'https://evil.example/keys', x5u: 'https://evil.example/cert', x5c: [b64('not a certificate')], 'x5t#S256': b64(randomUUID()), kid: 'evil', zip: 'DEF', cty: 'JWT', b64: false, epk: strange, apu: 'x', url: 'https://x/', nonce: 'x'
  }
  for (const [name, injected] of Object.entries(injections)) {
    yield [`${name} injected, signed by a stranger`, withHead({ ...ES, [name]: injected }, stranger), BAD]
    yield [`${name} there, signed by the partner`, withHead({ ...ES, [name]: injected }), 'ok']
  }
  for (const kid of ['../../../dev/null', "' OR 1=1 --", '', kit.other.key, 5, null, ['a']]) yield [`kid ${JSON.stringify(kid)}, signed by the partner`, withHead({ ...ES, kid }), 'ok']
  yield ['kid of another integration, signed by it', withHead({ ...ES, kid: kit.other.key }, es512(kit.other.pair.privateKey)), BAD]
  for (const typ of ['jwt', 'JWS', 'JOSE', 'at+jwt', '', null, 5]) yield [`typ ${JSON.stringify(typ)}`, withHead({ alg: 'ES512', typ }), 'ok']
  yield ['no typ', withHead({ alg: 'ES512' }), 'ok']

  const headers = {
    'alg twice, alike': ['{"alg":"ES512","alg":"ES512"}', BAD],
    'alg twice, none first': ['{"alg":"none","alg":"ES512"}', BAD],
    'alg twice, none last': ['{"alg":"ES512","alg":"none"}', BAD],
    'alg twice, once escaped': ['{"alg":"ES512","\\u0061lg":"none"}', BAD],
    'typ twice': ['{"alg":"ES512","typ":"JWT","typ":"JWT"}', BAD],
    'kid twice': ['{"alg":"ES512","kid":"a","kid":"b"}', BAD],
    'a member twice below': ['{"alg":"ES512","jwk":{"x":1,"x":2}}', BAD],
    'alg escaped': ['{"\\u0061lg":"ES512"}', 'ok'],
    'ES512 escaped': ['{"alg":"\\u0045S512"}', 'ok'],
    'alg with NUL behind': ['{"alg":"ES512\\u0000"}', BAD],
    'white space': [' {\n\t"alg" : "ES512" }\r\n', 'ok'],
    'a BOM': ['\ufeff{"alg":"ES512"}', BAD],
    'something behind': ['{"alg":"ES512"}x', BAD],
    'two objects': ['{"alg":"ES512"}{"alg":"ES512"}', BAD],
    'a comma at the end': ['{"alg":"ES512",}', BAD],
    'single quotes': ["{'alg':'ES512'}", BAD],
    'a comment': ['{"alg":"ES512"/* */}', BAD],
    'an array': ['[{"alg":"ES512"}]', BAD],
    'a string': ['"ES512"', BAD],
    'a number': ['512', BAD],
    null: ['null', BAD],
    'an empty object': ['{}', BAD],
    'a letter': ['x', BAD],
    'cut off': ['{"alg":"ES512"', BAD],
    '3 KB': [`{"alg":"ES512","x":"${'a'.repeat(2900)}"}`, 'ok'],
    '5 KB': [`{"alg":"ES512","x":"${'a'.repeat(4500)}"}`, BAD]
  }
  for (const [what, [header, want]] of Object.entries(headers)) yield [`header: ${what}`, withHead(header), want]
  yield ['header: broken UTF-8', (claims) => { const input = `${Buffer.from('{"alg":"ES512","x":"\xff"}', 'latin1').toString('base64url')}.${b64(text(claims))}`; return `${input}.${own(input).toString('base64url')}` }, BAD]

  const good = (claims) => jws(ES, claims, own)
  const parts = (change) => (claims) => change(good(claims).split('.')).join('.')
  yield ['parts: a dot behind', (claims) => `${good(claims)}.`, BAD]
  yield ['parts: a dot in front', (claims) => `.${good(claims)}`, BAD]
  yield ['parts: four', parts(([h, p, s]) => [h, p, s, s]), BAD]
  yield ['parts: five, as a JWE', parts(([h, p, s]) => [h, '', '', p, s]), BAD]
  yield ['parts: no header', parts(([, p, s]) => ['', p, s]), BAD]
  yield ['parts: no payload', parts(([h, , s]) => [h, '', s]), BAD]
  yield ['parts: no signature', parts(([h, p]) => [h, p, '']), BAD]
  yield ['parts: two', parts(([h, p]) => [h, p]), BAD]
  yield ['parts: signature and payload exchanged', parts(([h, p, s]) => [h, s, p]), BAD]
  yield ['parts: another payload', parts(([h, , s]) => [h, b64('{}'), s]), BAD]
  yield ['parts: header of another spelling', parts(([, p, s]) => [b64('{"typ":"JWT","alg":"ES512"}'), p, s]), BAD]
  yield ['parts: signature of another request', (claims) => [...good(claims).split('.').slice(0, 2), good('{}').split('.')[2]].join('.'), BAD]

  // ---- base64url ----
  const chars = (at, change) => parts((all) => all.map((part, i) => i === at ? change(part) : part))
  const names = ['header', 'payload', 'signature']
  for (const at of [0, 1, 2]) {
    yield [`base64: ${names[at]} with =`, chars(at, (p) => `${p}=`), BAD]
    yield [`base64: ${names[at]} with ==`, chars(at, (p) => `${p}==`), BAD]
    yield [`base64: ${names[at]} with ====`, chars(at, (p) => `${p}====`), BAD]
    yield [`base64: ${names[at]} with a space inside`, chars(at, (p) => `${p.slice(0, 8)} ${p.slice(8)}`), BAD]
    yield [`base64: ${names[at]} with a tab inside`, chars(at, (p) => `${p.slice(0, 8)}\t${p.slice(8)}`), BAD]
    yield [`base64: ${names[at]} with + for -`, chars(at, (p) => `+${p.slice(1)}`), BAD]
    yield [`base64: ${names[at]} with / for _`, chars(at, (p) => `${p.slice(0, -1)}/`), BAD]
    yield [`base64: ${names[at]} with %2D`, chars(at, (p) => `${p}%2D`), BAD]
    yield [`base64: ${names[at]} one letter longer`, chars(at, (p) => `${p}A`), BAD]
    yield [`base64: ${names[at]} one letter shorter`, chars(at, (p) => p.slice(0, -1)), BAD]
    yield [`base64: ${names[at]} in upper case`, chars(at, (p) => p.toUpperCase()), BAD]
    yield [`base64: ${names[at]} with a letter that is not ASCII`, chars(at, (p) => `${p}\xe9`), BAD]
  }
  const standard = (claims) => { for (;;) { const t = good(claims); if (/[-_]/.test(t.split('.')[2])) return t.replaceAll('-', '+').replaceAll('_', '/') } }
  yield ['base64: the standard alphabet', standard, BAD]
  // {"alg":"ES512"} ends on a full group: one letter more leaves bits over.
  yield ['base64: bits left over in the header', (claims) => { const input = `${b64('{"alg":"ES512"} ').replace(/.$/, (c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.indexOf(c) | 1])}.${b64(text(claims))}`; return `${input}.${own(input).toString('base64url')}` }, BAD]
  yield ['base64: twice', (claims) => { const t = good(claims).split('.'); return [t[0], t[1], b64(t[2])].join('.') }, BAD]
  yield ['hex for base64', (claims) => { const t = good(claims).split('.'); return [t[0], t[1], Buffer.from(t[2], 'base64url').toString('hex')].join('.') }, BAD]
  yield ['the signature in DER', (claims) => jws(ES, claims, (input) => sign('sha512', Buffer.from(input), kit.pair.privateKey)), BAD]
  yield ['the signature in DER, cut to 132 bytes', (claims) => jws(ES, claims, (input) => sign('sha512', Buffer.from(input), kit.pair.privateKey).subarray(0, 132)), BAD]
}

/** R and S: every byte's bit, and the values that are none. Changes of a good signature over the same input. */
export function * signatureGames (kit, size, order, key, md) {
  const own = (input) => sign(md, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
  const n = ORDERS[order]
  for (let at = 0; at < 2 * size; at++) yield [`bit ${at % 8} of byte ${at} of ${at < size ? 'r' : 's'}`, (input) => flipped(own(input), at, at % 8), false]
  for (let bit = 0; bit < 8; bit++) yield [`bit ${bit} of the last byte of s`, (input) => flipped(own(input), 2 * size - 1, bit), false]
  const values = { zero: 0n, one: 1n, n, 'n - 1': n - 1n, 'n + 1': n + 1n, 'all bits': (1n << BigInt(8 * size)) - 1n, 'half of n': n / 2n, 2: 2n }
  for (const [what, v] of Object.entries(values)) {
    yield [`r ${what}`, (input) => Buffer.concat([raw(v, size), half(own(input), 1)]), false]
    yield [`s ${what}`, (input) => Buffer.concat([half(own(input), 0), raw(v, size)]), false]
    yield [`r and s ${what}`, () => Buffer.concat([raw(v, size), raw(v, size)]), false]
  }
  const top = 1n << BigInt(8 * size)
  yield ['r + n', (input) => { const s = own(input); return Buffer.concat([raw((numberOf(half(s, 0)) + n) % top, size), half(s, 1)]) }, false]
  yield ['s + n', (input) => { const s = own(input); return Buffer.concat([half(s, 0), raw((numberOf(half(s, 1)) + n) % top, size)]) }, false]
  yield ['n - r', (input) => { const s = own(input); return Buffer.concat([raw(n - numberOf(half(s, 0)), size), half(s, 1)]) }, false]
  yield ['n - s, which verifies as well', (input) => { const s = own(input); return Buffer.concat([half(s, 0), raw(n - numberOf(half(s, 1)), size)]) }, true]
  yield ['r and s exchanged', (input) => { const s = own(input); return Buffer.concat([half(s, 1), half(s, 0)]) }, false]
  yield ['little endian', (input) => { const s = own(input); return Buffer.concat([Buffer.from(half(s, 0)).reverse(), Buffer.from(half(s, 1)).reverse()]) }, false]
  yield ['a byte more', (input) => Buffer.concat([own(input), Buffer.alloc(1)]), false]
  yield ['a byte in front', (input) => Buffer.concat([Buffer.alloc(1), own(input)]), false]
  yield ['a byte less', (input) => own(input).subarray(0, -1), false]
  yield ['r alone', (input) => half(own(input), 0), false]
  yield ['nothing', () => Buffer.alloc(0), false]
  yield ['twice', (input) => Buffer.concat([own(input), own(input)]), false]
  yield ['zeros', () => Buffer.alloc(2 * size), false]
  yield ['DER', (input) => DER(own(input)), false]
  yield ['wide: each half with a byte in front', (input) => { const s = own(input); return Buffer.concat([Buffer.alloc(1), half(s, 0), Buffer.alloc(1), half(s, 1)]) }, false]
  yield ['over other bytes', () => own('x'), false]
}

const WINDOW = [[-299, true], [299, true], [-301, false], [301, false], [-3600, false], [3600, false], [-86400, false], [86400 * 365, false]]

function * timeRows (kit) {
  for (const [seconds, isIn] of WINDOW) yield { family: 'time', name: `${seconds} s`, window: seconds, make: (now) => kit.make({ base: 'write', now }), want: isIn ? 'ok' : BAD }
}

/** API-CLIENT-KEY in other spellings, and other integrations' keys. */
function * clientKeyRows (kit) {
  const family = 'integration key'
  const row = (name, change, want) => ({ family, name, make: () => change(kit.make({ base: 'write' })), want })
  const to = (name, key, want) => row(name, (made) => replaced(made, 'API-CLIENT-KEY', key), want)
  const none = '404 GDF000018'
  yield to('in upper case', kit.key.toUpperCase(), 'ok')
  yield to('without dashes', kit.key.replaceAll('-', ''), none)
  yield to('in braces', `{${kit.key}}`, none)
  yield to('as a URN', `urn:uuid:${kit.key}`, none)
  yield to('of nobody', randomUUID(), none)
  yield to('of nil', '00000000-0000-0000-0000-000000000000', none)
  yield to('a wildcard', '%', none)
  yield to('a quote', `${kit.key}' OR '1'='1`, none)
  yield to('a path', '../../etc/passwd', none)
  yield to('1,000 letters', 'a'.repeat(1000), none)
  yield to('of another integration', kit.other.key, BAD)
  yield to('of another organisation', kit.foreign.key, BAD)
  yield to('the word QIT', `QIT ${kit.key}`, none)
}

function * plainRows (kit) {
  for (const [name, token, want] of tokenGames(kit)) {
    // Nothing with a dot in it is no token at all; then the two headers belong to two schemes.
    yield { family: 'token', name, make: () => kit.make({ base: 'write', token }), want }
  }
  const claim = (family, name, claims, want, base = 'write') => ({ family, name, make: () => kit.make({ base, claims }), want })
  for (const name of ['payload_md5', 'timestamp', 'method', 'uri']) {
    for (const [what, v] of [['missing', undefined], ['null', null], ['a number', 5], ['empty', ''], ['an array', []], ['an object', {}], ['false', false]]) yield claim('claims', `${name} ${what}`, (c) => ({ ...c, [name]: v }), BAD)
    yield claim('claims', `${name} in upper case`, (c) => { const { [name]: v, ...rest } = c; return { ...rest, [name.toUpperCase()]: v } }, BAD)
    yield claim('claims', `${name} twice`, (c) => `${JSON.stringify(c).slice(0, -1)},"${name}":${JSON.stringify(c[name])}}`, BAD)
    yield claim('claims', `${name} with a space behind`, (c) => ({ ...c, [name]: `${c[name]} ` }), BAD)
    yield claim('claims', `${name} with NUL behind`, (c) => ({ ...c, [name]: `${c[name]}\0` }), BAD)
  }
  for (const [name, extra] of [['iat', 1], ['exp', 1], ['nbf', 9999999999], ['aud', 'x'], ['jti', 'x'], ['iss', 'x'], ['sub', kit.other.key]]) yield claim('claims', `${name} beside them`, (c) => ({ ...c, [name]: extra }), 'ok')
  yield claim('claims', 'an array of claims', (c) => JSON.stringify([c]), BAD)
  yield claim('claims', 'a BOM in front', (c) => `\ufeff${JSON.stringify(c)}`, BAD)
  yield claim('claims', 'something behind', (c) => `${JSON.stringify(c)}x`, BAD)
  yield claim('claims', 'white space around', (c) => ` \n${JSON.stringify(c, null, 2)}\n`, 'ok')
  yield claim('claims', 'names escaped', (c) => JSON.stringify(c).replace('"method"', '"\\u006dethod"'), 'ok')
  yield claim('claims', 'of the other scheme', () => ({ sub: kit.key, signature: 'x' }), BAD)
  for (const method of ['post', 'Post', 'GET', 'PUT', 'PATCH', 'POST ', 'POS', 'ＰOST']) yield claim('method', method, (c) => ({ ...c, method }), BAD)
  const md = (name, v, want, base) => claim('payload_md5', name, (c) => ({ ...c, payload_md5: typeof v === 'function' ? v(c.payload_md5) : v }), want, base)
  yield md('in upper case', (v) => v.toUpperCase(), BAD)
  yield md('in base64', (v) => Buffer.from(v, 'hex').toString('base64'), BAD)
  yield md('of {}', md5('{}'), BAD)
  yield md('of nothing', md5(''), BAD)
  yield md('of another body', md5('{"a":1}'), BAD)
  yield md('cut', (v) => v.slice(0, 31), BAD)
  yield md('longer', (v) => `${v}0`, BAD)
  yield md('SHA-256', () => createHash('sha256').update('x').digest('hex'), BAD)
  for (const [name, v, want] of [['of {}', md5('{}'), 'ok'], ['of nothing', md5(''), 'ok'], ['missing', undefined, 'ok'], ['null', null, BAD], ['empty', '', BAD], ['of null', md5('null'), BAD], ['of []', md5('[]'), BAD], ['false', false, BAD]]) yield md(`${name}, without a body`, v, want, 'read')
  yield { family: 'payload_md5', name: 'of the body written again, compact', make: () => { const body = bodyText(); const made = kit.make({ base: 'write', body }); return { ...made, body: Buffer.from(JSON.stringify(JSON.parse(body), null, 1)) } }, want: BAD }
  yield { family: 'payload_md5', name: 'of a body with white space, sent with it', make: () => kit.make({ base: 'write', body: JSON.stringify(JSON.parse(bodyText()), null, '\t') }), want: 'ok' }
  for (const uri of ['/sign/envelope/', '/sign/envelope?', '/Sign/envelope', 'sign/envelope', '//sign/envelope', '/sign/%65nvelope', '/sign/./envelope', '/api/v1/p/sign/envelope', '*', '/', '/test']) yield claim('uri', uri, (c) => ({ ...c, uri }), BAD)
  yield claim('uri', 'the whole URL', (c) => ({ ...c, uri: `${kit.url}${c.uri}` }), BAD)
  yield claim('uri', 'the path alone, with a query sent', (c) => ({ ...c, uri: '/sign/envelope' }), BAD, 'read')
  yield claim('uri', 'query in another order', (c) => ({ ...c, uri: '/sign/envelope?limit=5&page=1' }), BAD, 'read')
  const at = (name, change, want) => claim('timestamp', name, (c) => ({ ...c, timestamp: change(c.timestamp) }), want)
  yield at('no fraction', (t) => `${t.slice(0, 19)}Z`, 'ok')
  yield at('no fraction, no Z', (t) => t.slice(0, 19), 'ok')
  yield at('three digits, no Z', (t) => t.slice(0, 23), 'ok')
  yield at('six digits', (t) => `${t.slice(0, 23)}000Z`, 'ok')
  yield at('six digits, no Z', (t) => `${t.slice(0, 23)}000`, 'ok')
  for (const [name, change] of Object.entries({
    'one digit': (t) => `${t.slice(0, 21)}Z`, 'two digits': (t) => `${t.slice(0, 22)}Z`, 'four digits': (t) => `${t.slice(0, 23)}0Z`, 'five digits': (t) => `${t.slice(0, 23)}00Z`, 'seven digits': (t) => `${t.slice(0, 23)}0000Z`, 'nine digits': (t) => `${t.slice(0, 23)}000000Z`,
    'a dot alone': (t) => `${t.slice(0, 19)}.Z`, 'a comma': (t) => t.replace('.', ','), '+00:00': (t) => t.replace('Z', '+00:00'), '-03:00': (t) => t.replace('Z', '-03:00'), '+0000': (t) => t.replace('Z', '+0000'), 'ZZ': (t) => `${t}Z`,
    'z': (t) => t.toLowerCase(), 'a space for T': (t) => t.replace('T', ' '), 'no T': (t) => t.replace('T', ''), 'date alone': (t) => t.slice(0, 10), 'no seconds': (t) => `${t.slice(0, 16)}Z`, basic: (t) => t.replace(/[-:]/g, ''),
    'Unix seconds': () => String(Math.floor(Date.now() / 1000)), 'HTTP date': () => new Date().toUTCString(), 'hour 24': (t) => `${t.slice(0, 11)}24:00:00Z`, 'second 60': (t) => `${t.slice(0, 17)}60Z`, 'month 13': (t) => t.replace(/^(\d{4})-\d\d/, '$1-13'), 'day 0': (t) => t.replace(/^(\d{4}-\d\d)-\d\d/, '$1-00'),
    'year 0': () => '0000-01-01T00:00:00Z', 'year 9999': () => '9999-12-31T23:59:59Z', 'year 10000': () => '+10000-01-01T00:00:00Z', 'a year ago': (t) => t.replace(/^\d{4}/, (y) => y - 1), 1970: () => '1970-01-01T00:00:00Z', 'other digits': (t) => t.replace(/\d/, '٢'), 'a letter behind': (t) => `${t}x`, 'a sign in front': (t) => `+${t}`
  })) yield at(name, change, BAD)
}

const iat = (more) => JSON.stringify({ ...JSON.parse(bodyText()), ...more })

function * wrappedRows (kit) {
  for (const [name, token, want] of tokenGames(kit)) {
    yield { family: 'token in Authorization', name, make: () => kit.make({ base: 'write', token }), want }
    // One reader reads both, so of what it refuses for its form some in the body are enough.
    if (want === 'ok' || /^(alg none|published|no alg|crit|by |ES512|P-521|parts|header: alg|base64: signature|the signature)/.test(name)) yield { family: 'token in the body', name, make: () => kit.make({ base: 'write', bodyToken: token }), want }
  }
  const lines = (family, name, change, want, base = 'write', more = {}) => ({ family, name, make: () => kit.make({ base, lines: change, ...more }), want })
  const set = (at, v) => (all) => all.map((one, i) => i === at ? (typeof v === 'function' ? v(one) : v) : one)
  for (const [at, what] of ['method', 'md5', undefined, 'date', 'URL'].entries()) {
    if (what === undefined) continue
    yield lines('lines', `${what} empty`, set(at, ''), BAD)
    yield lines('lines', `${what} with a space behind`, set(at, (v) => `${v} `), BAD)
    yield lines('lines', `${what} with a space in front`, set(at, (v) => ` ${v}`), BAD)
    yield lines('lines', `${what} with CR behind`, set(at, (v) => `${v}\r`), BAD)
    yield lines('lines', `${what} with NUL behind`, set(at, (v) => `${v}\0`), BAD)
    yield lines('lines', `${what} left out`, (all) => all.filter((_, i) => i !== at), BAD)
    yield lines('lines', `${what} twice`, (all) => all.flatMap((v, i) => i === at ? [v, v] : [v]), BAD)
  }
  yield lines('lines', 'a line feed at the end', (all) => [...all, ''], BAD)
  yield lines('lines', 'a line feed in front', (all) => ['', ...all], BAD)
  yield lines('lines', 'CRLF between', (all) => all, BAD, 'write', { separator: '\r\n' })
  yield lines('lines', 'spaces between', (all) => all, BAD, 'write', { separator: ' ' })
  yield lines('lines', 'backslash n between', (all) => all, BAD, 'write', { separator: '\\n' })
  yield lines('lines', 'in another order', ([m, h, t, d, u]) => [m, h, d, t, u], BAD)
  for (const type of ['', 'text/plain', 'APPLICATION/JSON', 'multipart/form-data; boundary=x', 'ação', 'x'.repeat(500)]) yield lines('content type', type.slice(0, 40) || 'empty', set(2, type), 'ok')
  for (const method of ['post', 'Post', 'GET', 'PUT', 'PATCH']) yield lines('method', method, set(0, method), BAD)
  yield lines('md5', 'in upper case', set(1, (v) => v.toUpperCase()), BAD)
  yield lines('md5', 'of the claims', set(1, md5('{}')), BAD)
  yield lines('md5', 'of the whole body', (all) => all, 'ok')
  yield lines('md5', 'of nothing', set(1, md5('')), BAD)
  yield lines('md5', 'cut', set(1, (v) => v.slice(0, 31)), BAD)
  yield lines('md5', 'in base64', set(1, (v) => Buffer.from(v, 'hex').toString('base64')), BAD)
  yield lines('md5', 'of nothing, without a body', set(1, md5('')), BAD, 'read')
  yield lines('md5', 'of {}, without a body', set(1, md5('{}')), BAD, 'read')
  for (const url of ['/sign/envelope/', '/sign/envelope?', '/Sign/envelope', 'sign/envelope', '/sign/%65nvelope', '/sign/./envelope', '/api/v1/p/sign/envelope', '/', '*']) yield lines('URL', url, set(4, url), BAD)
  yield lines('URL', 'the whole URL', set(4, (v) => `${kit.url}${v}`), BAD)
  for (const [q, want] of [['page=1&limit=%35', 'ok'], ['p%61ge=1&limit=5', 'ok'], ['limit=5&page=1', BAD], ['page=1&limit=5&', BAD], ['&page=1&limit=5', BAD], ['page=1&&limit=5', BAD], ['page=1&limit%3D5', BAD], ['page%3D1&limit=5', BAD], ['page=1%26limit=5', BAD], ['page=1', BAD], ['page=1&limit=5&x', BAD], ['page=1&limit=5%', BAD], ['', BAD]]) yield lines('URL', `query ?${q}`, set(4, `/sign/envelope?${q}`), want, 'read')
  const date = (name, change, want) => lines('date', name, set(3, change), want)
  yield date('day unpadded', (d) => d.replace(/, 0(\d) /, ', $1 '), 'ok')
  yield date('hour unpadded', (d) => d.replace(/ 0(\d):/, ' $1:'), 'ok')
  yield date('another day of the week', (d) => d.replace(/^\w{3}/, d.startsWith('Mon') ? 'Tue' : 'Mon'), 'ok')
  for (const [name, change] of Object.entries({
    'no day of the week': (d) => d.slice(5), 'a long day': (d) => d.replace(/^\w{3}/, 'Monday'), 'an unknown day': (d) => d.replace(/^\w{3}/, 'Foo'), 'no GMT': (d) => d.slice(0, -4), UTC: (d) => d.replace('GMT', 'UTC'), '+0000': (d) => d.replace('GMT', '+0000'), BRT: (d) => d.replace('GMT', 'BRT'), gmt: (d) => d.toLowerCase(),
    'ISO 8601': () => new Date().toISOString(), 'Unix seconds': () => String(Math.floor(Date.now() / 1000)), 'a short year': (d) => d.replace(/ 20(\d\d) /, ' $1 '), 'month in Portuguese': (d) => d.replace(/^(\w+, \d+) \w+/, '$1 Fev'), 'month in figures': (d) => d.replace(/^(\w+, \d+) \w+/, '$1 11'),
    'hour 24': (d) => d.replace(/ \d\d:/, ' 24:'), 'second 60': (d) => d.replace(/:\d\d GMT/, ':60 GMT'), 'day 0': (d) => d.replace(/, \d+/, ', 00'), 'day 32': (d) => d.replace(/, \d+/, ', 32'), 'dashes': (d) => d.replace(/(\d+) (\w{3}) (\d{4})/, '$1-$2-$3'), 'two spaces': (d) => d.replace(', ', ',  '), 'three digits of hour': (d) => d.replace(/ (\d\d):/, ' 0$1:'), 'minute unpadded': (d) => d.replace(/:\d\d:/, ':5:'),
    'no seconds': (d) => d.replace(/:\d\d GMT/, ' GMT'), 'a year ago': (d) => d.replace(/20\d\d/, (y) => y - 1), asctime: () => 'Mon Nov  2 12:00:00 2026'
  })) yield date(name, change, BAD)
  const claim = (name, claims, want) => ({ family: 'claims', name, make: () => kit.make({ base: 'write', claims }), want })
  for (const name of ['sub', 'signature']) {
    for (const [what, v] of [['missing', undefined], ['null', null], ['a number', 5], ['empty', ''], ['an array', []], ['an object', {}]]) yield claim(`${name} ${what}`, (c) => ({ ...c, [name]: v }), BAD)
    yield claim(`${name} twice`, (c) => `${JSON.stringify(c).slice(0, -1)},"${name}":${JSON.stringify(c[name])}}`, BAD)
    yield claim(`${name} in an array`, (c) => ({ ...c, [name]: [c[name]] }), BAD)
  }
  yield claim('sub of another integration', (c) => ({ ...c, sub: kit.other.key }), BAD)
  yield claim('sub with a space', (c) => ({ ...c, sub: `${c.sub} ` }), BAD)
  for (const [name, v] of [['iat', 1], ['exp', 1], ['nbf', 9999999999], ['aud', 'x'], ['jti', 'x']]) yield claim(`${name} beside them`, (c) => ({ ...c, [name]: v }), 'ok')
  yield claim('of the other scheme', () => ({ payload_md5: md5('{}'), timestamp: new Date().toISOString(), method: 'POST', uri: '/sign/envelope' }), BAD)
  yield claim('an array', (c) => JSON.stringify([c]), BAD)
  yield claim('something behind', (c) => `${JSON.stringify(c)}x`, BAD)

  const word = (name, change, want) => ({ family: 'Authorization', name, make: () => replaced(kit.make({ base: 'write' }), 'Authorization', change), want })
  yield word('qit', (v) => v.replace('QIT', 'qit'), 'ok')
  yield word('Bearer', (v) => v.replace('QIT', 'Bearer'), BAD)
  yield word('no word', (v) => v.slice(4), BAD)
  yield word('no key', (v) => `QIT ${v.slice(v.indexOf(':') + 1)}`, BAD)
  yield word('an empty key', (v) => `QIT ${v.slice(v.indexOf(':'))}`, BAD)
  yield word('another key', (v) => v.replace(kit.key, kit.other.key), BAD)
  yield word('the key in upper case', (v) => v.replace(kit.key, kit.key.toUpperCase()), 'ok')
  yield word('two colons', (v) => v.replace(':', '::'), BAD)
  yield word('a space for the colon', (v) => v.replace(':', ' '), BAD)
  yield word('a tab for the space', (v) => v.replace(' ', '\t'), BAD)
  yield word('the bare token, as es512-plain', (v) => v.slice(v.indexOf(':') + 1), BAD)
  yield word('the token twice', (v) => `${v}:${v.slice(v.indexOf(':') + 1)}`, BAD)

  const wrap = (name, change, want, base = 'write') => ({ family: 'encoded_body', name, make: () => kit.make({ base, wrap: change }), want })
  yield wrap('white space', (t) => `{\n  "encoded_body" : "${t}"\n}\n`, 'ok')
  yield wrap('escaped name', (t) => `{"encoded\\u005fbody":"${t}"}`, 'ok')
  yield wrap('escaped token', (t) => `{"encoded_body":"\\u0065${t.slice(1)}"}`, 'ok')
  yield wrap('a member beside it', (t) => `{"encoded_body":"${t}","subject":"evil"}`, BAD)
  yield wrap('a member in front', (t) => `{"subject":"evil","encoded_body":"${t}"}`, BAD)
  yield wrap('twice', (t) => `{"encoded_body":"${t}","encoded_body":"${t}"}`, BAD)
  yield wrap('twice, another one last', (t) => `{"encoded_body":"${t}","encoded_body":"x.y.z"}`, BAD)
  yield wrap('twice, null last', (t) => `{"encoded_body":"${t}","encoded_body":null}`, BAD)
  yield wrap('another name', (t) => `{"encodedBody":"${t}"}`, BAD)
  yield wrap('in upper case', (t) => `{"ENCODED_BODY":"${t}"}`, BAD)
  yield wrap('in an array', (t) => `[{"encoded_body":"${t}"}]`, BAD)
  yield wrap('the token in an array', (t) => `{"encoded_body":["${t}"]}`, BAD)
  yield wrap('a number', () => '{"encoded_body":5}', BAD)
  yield wrap('the bare token', (t) => t, BAD)
  yield wrap('the token as a JSON string', (t) => `"${t}"`, BAD)
  yield wrap('null for a signed body', () => '{"encoded_body":null}', BAD)
  yield wrap('an empty token', () => '{"encoded_body":""}', BAD)
  yield wrap('the claims, not a token', () => bodyText(), BAD)
  yield wrap('a space in the token', (t) => `{"encoded_body":"${t.slice(0, 5)} ${t.slice(5)}"}`, BAD)
  yield wrap('a space behind the token', (t) => `{"encoded_body":"${t} "}`, BAD)
  yield wrap('a comma at the end', (t) => `{"encoded_body":"${t}",}`, BAD)
  yield wrap('single quotes', (t) => `{'encoded_body':'${t}'}`, BAD)
  yield wrap('the token of another body', () => `{"encoded_body":"${jws({ alg: 'ES512' }, bodyText(), es512(kit.pair.privateKey))}"}`, BAD)
  for (const [name, sent, want] of [['null', '{"encoded_body":null}', 'ok'], ['{}', '{}', 'ok'], ['null alone', 'null', 'ok'], ['an empty text', '{"encoded_body":""}', BAD], ['a member', '{"a":1}', BAD], ['a token nobody signed for', `{"encoded_body":"${jws({ alg: 'ES512' }, '{}', es512(kit.pair.privateKey))}"}`, BAD]]) yield { family: 'encoded_body', name: `on a read: ${name}`, make: () => kit.make({ base: 'read', sent }), want }
  yield { family: 'encoded_body', name: 'iat in the claims', make: () => kit.make({ base: 'write', body: iat({ iat: 5 }) }), want: 'ok' }
  yield { family: 'encoded_body', name: 'exp in the claims is a member like any', make: () => kit.make({ base: 'write', body: iat({}).replace('{', '{ ') }), want: 'ok' }
  for (const type of ['text/plain', 'application/json; charset=utf-8', '', 'application/octet-stream', 'application/x-www-form-urlencoded']) yield { family: 'Content-Type', name: type || 'empty', make: () => replaced(kit.make({ base: 'write' }), 'Content-Type', type), want: 'ok' }
  yield { family: 'Content-Type', name: 'none', make: () => without(kit.make({ base: 'write' }), 'Content-Type'), want: 'ok' }
  for (const type of ['multipart/form-data; boundary=x', 'application/pdf', 'image/jpeg']) yield { family: 'Content-Type', name: type, make: () => replaced(kit.make({ base: 'write' }), 'Content-Type', type), want: BAD }
}

function * signatureRows (kit) {
  const games = [...signatureGames(kit, 66, 'p521', kit.pair.privateKey, 'sha512')]
  for (const [name, signer, isGood] of games) {
    const token = (claims) => jws({ alg: 'ES512', typ: 'JWT' }, claims, signer)
    yield { family: 'signature', name, make: () => kit.make({ base: 'write', token }), want: isGood ? 'ok' : BAD }
    if (kit.isWrapped && !name.startsWith('bit')) yield { family: 'signature of the body', name, make: () => kit.make({ base: 'write', bodyToken: token }), want: isGood ? 'ok' : BAD }
  }
}

/** What was accepted comes again, as it is or changed in what its signature leaves open. */
function * againRows (kit) {
  const family = 'again'
  const token = (made) => value(made, 'Authorization')
  const flipS = (made) => replaced(made, 'Authorization', (old) => { const parts = old.split('.'); const s = Buffer.from(parts[2], 'base64url'); return [parts[0], parts[1], Buffer.concat([half(s, 0), raw(ORDERS.p521 - numberOf(half(s, 1)), 66)]).toString('base64url')].join('.') })
  for (const base of ['write', 'echo', 'read']) {
    const row = (name, change, want = BAD) => ({ family, name: `${base}: ${name}`, first: () => kit.make({ base }), make: (_, first) => change(first), want })
    yield row('the same', (made) => made)
    yield row('with n - s', flipS)
    yield row('with a header more', (made) => withHeader(made, ['X-Other', '1']))
    yield row('with another Content-Type', (made) => withHeader(without(made, 'Content-Type'), ['Content-Type', 'text/plain']))
    yield row('with the integration key in upper case', (made) => replaced(made, 'API-CLIENT-KEY', (old) => old.toUpperCase()))
    yield row('signed anew', () => kit.make({ base }), 'ok')
    if (base !== 'write') yield row('another token of the same claims', (made) => { if (kit.isWrapped) return kit.make({ base }); return replaced(made, 'Authorization', () => jws(JSON.parse(Buffer.from(token(made).split('.')[0], 'base64url')), Buffer.from(token(made).split('.')[1], 'base64url').toString(), es512(kit.pair.privateKey))) }, 'ok')
  }
}

export function * es512Rows (kit) {
  yield * commonRows(kit)
  yield * (kit.isWrapped ? wrappedRows(kit) : plainRows(kit))
  yield * signatureRows(kit)
  yield * timeRows(kit)
  yield * clientKeyRows(kit)
  yield * againRows(kit)
}
