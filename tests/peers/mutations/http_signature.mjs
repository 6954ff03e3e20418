// The http-signature scheme: components, parameters, digests, signatures of every algorithm, spellings of RFC 8941.
import { constants, createHash, createHmac, randomUUID, sign } from 'node:crypto'
import { ALGORITHMS, messageBase } from '../../lib/partner.mjs'
import { bodyText, commonRows, flipped, replaced, value, withHeader, without } from './common.mjs'
import { DER, ORDERS, half, numberOf, raw } from './ecdsa.mjs'
import { signatureGames } from './es512.mjs'

const FORM = '401 SGN401010'
const KEY = '401 SGN401002'
const BAD = '401 SGN401011'
const TIME = '401 SGN401012'
const AGAIN = '401 SGN401013'
const DIGEST = '400 SGN400004'
const TARGETS = { read: ['GET', '/sign/envelope?page=1&limit=5'], write: ['POST', '/sign/envelope'], echo: ['POST', '/test'], ping: ['GET', '/test'] }

const digest = (name, body, form = 'base64') => createHash(name === 'sha-512' ? 'sha512' : name === 'md5' ? 'md5' : 'sha256').update(body).digest(form)
const field = (name, body) => `${name}=:${digest(name, body)}:`

export function messageKit ({ partners, envelope, url, ...more }) {
  const partner = partners.ed25519
  const kit = {
    scheme: 'http-signature',
    url,
    partner,
    partners,
    ...more,
    HEADERS: ['Signature-Input', 'Signature', 'Content-Digest'],
    TELLING: ['Signature-Input', 'Signature'],
    isSigned: (answer) => [BAD, TIME, AGAIN, DIGEST].includes(`${answer.status} ${answer.json?.code}`) || answer.status < 300,
    checker: () => partner,
    bad: () => BAD,
    badBody: DIGEST,
    noBody: DIGEST,
    gone: () => FORM,
    emptied: (name) => name === 'Content-Digest' ? BAD : FORM, // a field of no bytes is covered as such
    joined: (name) => ({ 'Signature-Input': FORM, Signature: FORM, 'Content-Digest': BAD })[name],
    odd: (name) => ({ 'Signature-Input': FORM, Signature: FORM, 'Content-Digest': BAD })[name],
    /** { base, now, kind, names, params, extra, values, contentDigest, label, sign(base) -> bytes, input(text) -> text, keyid } */
    make (o = {}) {
      const [method, target] = o.base === 'one' ? ['GET', `/sign/envelope/${envelope}`] : TARGETS[o.base ?? 'write']
      const who = partners[o.kind ?? 'ed25519']
      const body = Buffer.from(o.body ?? (method === 'POST' ? (o.base === 'echo' ? JSON.stringify({ a: randomUUID() }) : bodyText()) : ''))
      const content = o.contentDigest ? o.contentDigest(body) : body.length > 0 ? field('sha-256', body) : undefined
      const [path, query] = target.split('?')
      const values = {
        '"@method"': method, '"@target-uri"': url + target, '"@authority"': new URL(url).host, '"@scheme"': 'https', '"@path"': path, '"@query"': `?${query ?? ''}`, '"@request-target"': target, '"content-digest"': content, '"host"': new URL(url).host, '"content-type"': 'application/json', ...o.values
      }
      const names = o.names ?? ['"@method"', '"@target-uri"', ...(content === undefined ? [] : ['"content-digest"'])]
      const created = Math.floor((o.now ?? Date.now()) / 1000)
      const params = o.params ? o.params(names, created, who.key.id) : `(${names.join(' ')});created=${created};keyid="${o.keyid ?? who.key.id}";nonce="${randomUUID()}"${o.extra ?? ''}`
      const base = Buffer.from(messageBase(names, values, o.signedParams ? o.signedParams(params) : params))
      const signature = o.sign ? o.sign(base) : ALGORITHMS[o.kind ?? 'ed25519'](base, who.key.pair.privateKey)
      const label = o.label ?? 'sig1'
      const type = method === 'POST' || names.includes('"content-type"')
      return {
        method,
        target,
        headers: [
          ...(type ? [['Content-Type', 'application/json']] : []), ...(content === undefined ? [] : [['Content-Digest', content]]),
          ['Signature-Input', o.input ? o.input(`${label}=${params}`) : `${label}=${params}`], ['Signature', o.value ? o.value(signature, label) : `${label}=:${signature.toString('base64')}:`], ...(o.headers ?? [])
        ],
        body
      }
    }
  }
  return kit
}

function * coverRows (kit) {
  const row = (name, names, want, more = {}) => ({ family: 'components', name, make: () => kit.make({ base: 'read', names: names.map((one) => one.startsWith('"') ? one : `"${one}"`), ...more }), want })
  yield row('@method and @target-uri', ['@method', '@target-uri'], 'ok')
  yield row('in another order', ['@target-uri', '@method'], 'ok')
  yield row('@authority, @path, @query', ['@method', '@authority', '@path', '@query'], 'ok')
  yield row('@authority, @request-target', ['@method', '@authority', '@request-target'], 'ok')
  yield row('all of them', ['@method', '@target-uri', '@authority', '@scheme', '@path', '@query', '@request-target', 'host'], 'ok')
  yield row('host', ['@method', '@target-uri', 'host'], 'ok')
  yield row('a field that is there', ['@method', '@target-uri', 'content-type'], 'ok')
  yield row('a @query-param', ['@method', '@target-uri', '"@query-param";name="page"'], 'ok', { values: { '"@query-param";name="page"': '1' } })
  yield row('no @method', ['@target-uri'], FORM)
  yield row('no target', ['@method'], FORM)
  yield row('no query', ['@method', '@authority', '@path'], FORM)
  yield row('no authority', ['@method', '@path', '@query'], FORM)
  yield row('@request-target alone', ['@method', '@request-target'], FORM)
  yield row('host for @authority', ['@method', 'host', '@path', '@query'], FORM)
  yield row('@query-params for @query', ['@method', '@authority', '@path', '"@query-param";name="page"', '"@query-param";name="limit"'], FORM, { values: { '"@query-param";name="page"': '1', '"@query-param";name="limit"': '5' } })
  yield row('nothing', [], FORM)
  yield row('a field that is not there', ['@method', '@target-uri', 'x-not-there'], FORM, { values: { '"x-not-there"': '' } })
  yield row('content-digest without one', ['@method', '@target-uri', 'content-digest'], FORM, { values: { '"content-digest"': '' } })
  yield row('a @query-param that is not there', ['@method', '@target-uri', '"@query-param";name="x"'], FORM, { values: { '"@query-param";name="x"': '' } })
  yield row('a @query-param without a name', ['@method', '@target-uri', '@query-param'], FORM)
  for (const name of ['@status', '@unknown', '@signature-params', '', '@', '@Method', 'Host', 'content type', 'ação', 'x:y', 'a'.repeat(64)]) yield row(`"${name.slice(0, 20)}"`, ['@method', '@target-uri', name], FORM)
  for (const parameter of ['req', 'sf', 'bs', 'tr', 'key="a"', 'x', 'req=?1', 'name="a"']) yield row(`"host";${parameter}`, ['@method', '@target-uri', `"host";${parameter}`], FORM)
  yield row('"@method";req', ['@method', '@target-uri', '"@method";req'], FORM)
  yield row('@method twice', ['@method', '@method', '@target-uri'], FORM)
  yield row('host twice', ['@method', '@target-uri', 'host', 'host'], FORM)
  const many = Array.from({ length: 30 }, (_, i) => `x-h${i}`)
  const headers = many.map((name) => [name, 'v'])
  const values = Object.fromEntries(many.map((name) => [`"${name}"`, 'v']))
  yield row('24 of them', ['@method', '@target-uri', ...many.slice(0, 22)], 'ok', { headers, values })
  yield row('25 of them', ['@method', '@target-uri', ...many.slice(0, 23)], FORM, { headers, values })
  const fields = (name, lines, covered, want) => row(`x-a: ${name}`, ['@method', '@target-uri', 'x-a'], want, { headers: lines.map((v) => ['X-A', v]), values: { '"x-a"': covered } })
  yield fields('one line', ['1'], '1', 'ok')
  yield fields('two lines', ['1', '2'], '1, 2', 'ok')
  yield fields('two lines, in another order', ['2', '1'], '1, 2', BAD)
  yield fields('two lines, one covered', ['1', '2'], '1', BAD)
  yield fields('two lines, joined without a space', ['1', '2'], '1,2', BAD)
  yield fields('trimmed', ['  1  '], '1', 'ok')
  yield fields('not trimmed', ['  1  '], '  1', BAD)
  yield fields('empty', [''], '', 'ok')
  for (const [name, names] of Object.entries({ 'content-digest left out': ['"@method"', '"@target-uri"'], 'the body covered by nothing but its type': ['"@method"', '"@target-uri"', '"content-type"'] })) yield { family: 'components', name, make: () => kit.make({ base: 'write', names }), want: FORM }
  const wrong = (name, values) => ({ family: 'components', name: `signed with ${name}`, make: () => kit.make({ base: 'read', values, names: ['"@method"', '"@target-uri"', '"@authority"', '"@scheme"', '"@path"', '"@query"', '"@request-target"'] }), want: BAD })
  const { host } = new URL(kit.url)
  yield wrong('another method', { '"@method"': 'POST' })
  yield wrong('the method in lower case', { '"@method"': 'get' })
  yield wrong('http', { '"@target-uri"': `http://${host}/sign/envelope?page=1&limit=5` })
  yield wrong('another host', { '"@target-uri"': 'https://evil.example/sign/envelope?page=1&limit=5' })
  yield wrong('another authority', { '"@authority"': 'evil.example' })
  yield wrong('an authority in upper case', { '"@authority"': host.replace(/^/, 'X') })
  yield wrong('@scheme http', { '"@scheme"': 'http' })
  yield wrong('another path', { '"@path"': '/sign/envelope/' })
  yield wrong('the query without ?', { '"@query"': 'page=1&limit=5' })
  yield wrong('an empty query', { '"@query"': '?' })
  yield wrong('another request target', { '"@request-target"': '/sign/envelope' })
}

function * parameterRows (kit) {
  const family = 'parameters'
  const row = (name, params, want, more = {}) => ({ family, name, make: () => kit.make({ base: 'read', params, ...more }), want })
  const list = (names) => `(${names.join(' ')})`
  yield row('in another order', (n, t, k) => `${list(n)};keyid="${k}";created=${t}`, 'ok')
  yield row('no keyid', (n, t) => `${list(n)};created=${t}`, FORM)
  yield row('an empty keyid', (n, t) => `${list(n)};created=${t};keyid=""`, FORM)
  for (const [name, id] of [['of nobody', 'AAAAAAAAAAAAAA'], ['too short', 'AAAA'], ['too long', 'AAAAAAAAAAAAAAAAAAAA'], ['no base64url', '!!!!!!!!!!!!!!'], ['a path', '../../etc/passwd'], ['SQL', "' OR 1=1 --"], ['1', '1']]) yield row(`keyid ${name}`, (n, t) => `${list(n)};created=${t};keyid="${id}"`, KEY)
  yield row('keyid padded', (n, t, k) => `${list(n)};created=${t};keyid="${k}=="`, KEY)
  yield row('keyid in upper case', (n, t, k) => `${list(n)};created=${t};keyid="${k.toUpperCase()}"`, KEY)
  yield row('keyid twice', (n, t, k) => `${list(n)};created=${t};keyid="${k}";keyid="${k}"`, FORM)
  yield row('keyid as a token', (n, t, k) => `${list(n)};created=${t};keyid=${k}`, FORM)
  yield row('keyid of a key of another scheme', (n, t) => `${list(n)};created=${t};keyid="${kit.bareId}"`, '401 SGN401003')
  yield row('keyid of another organisation', (n, t) => `${list(n)};created=${t};keyid="${kit.foreignId}"`, BAD)
  yield row('keyid of the other environment', (n, t) => `${list(n)};created=${t};keyid="${kit.productionId}"`, 'ok')
  yield row('keyid of a revoked key', (n, t) => `${list(n)};created=${t};keyid="${kit.revokedId}"`, KEY)
  yield row('no created', (n, t, k) => `${list(n)};keyid="${k}"`, FORM)
  for (const [name, v] of [['as text', (t) => `"${t}"`], ['with a fraction', (t) => `${t}.5`], ['with a plus', (t) => `+${t}`], ['with a zero in front', (t) => `0${t}`], ['below zero', (t) => `-${t}`], ['zero', () => '0'], ['empty', () => ''], ['with an exponent', () => '1e9'], ['of 16 digits', () => '1'.repeat(16)], ['a word', () => 'now'], ['a date', (t) => `@${t}`]]) yield row(`created ${name}`, (n, t, k) => `${list(n)};created=${v(t)};keyid="${k}"`, FORM)
  yield row('created twice', (n, t, k) => `${list(n)};created=${t};created=${t};keyid="${k}"`, FORM)
  yield row('created in ms', (n, t, k) => `${list(n)};created=${t * 1000};keyid="${k}"`, TIME)
  yield row('created 1', (n, t, k) => `${list(n)};created=1;keyid="${k}"`, TIME)
  yield row('expires ahead', (n, t, k) => `${list(n)};created=${t};expires=${t + 60};keyid="${k}"`, 'ok')
  yield row('expires far ahead does not lengthen the window', (n, t, k) => `${list(n)};created=${t - 3600};expires=${t + 3600};keyid="${k}"`, TIME)
  yield row('expires over', (n, t, k) => `${list(n)};created=${t};expires=${t - 5};keyid="${k}"`, TIME)
  yield row('expires twice', (n, t, k) => `${list(n)};created=${t};expires=${t + 60};expires=${t + 60};keyid="${k}"`, FORM)
  yield row('expires as text', (n, t, k) => `${list(n)};created=${t};expires="${t + 60}";keyid="${k}"`, FORM)
  yield row('a tag', (n, t, k) => `${list(n)};created=${t};keyid="${k}";tag="app"`, 'ok')
  yield row('an unknown one', (n, t, k) => `${list(n)};created=${t};keyid="${k}";x="y"`, 'ok')
  yield row('an unknown one without a value', (n, t, k) => `${list(n)};created=${t};keyid="${k}";x`, 'ok')
  yield row('a nonce twice', (n, t, k) => `${list(n)};created=${t};keyid="${k}";nonce="a";nonce="b"`, FORM)
  yield row('an empty nonce', (n, t, k) => `${list(n)};created=${t};keyid="${k}";nonce=""`, FORM)
  yield row('a nonce that is not ASCII', (n, t, k) => `${list(n)};created=${t};keyid="${k}";nonce="\xe9"`, FORM)
  for (const alg of ['rsa-pss-sha512', 'rsa-v1_5-sha256', 'ecdsa-p256-sha256', 'ecdsa-p384-sha384', 'hmac-sha256']) yield row(`alg ${alg} with an Ed25519 key`, (n, t, k) => `${list(n)};created=${t};keyid="${k}";alg="${alg}"`, BAD)
  for (const alg of ['none', 'ED25519', 'Ed25519', 'ed25519 ', 'EdDSA', 'ES512', 'ed448']) yield row(`alg ${alg}`, (n, t, k) => `${list(n)};created=${t};keyid="${k}";alg="${alg}"`, BAD)
  yield row('alg ed25519', (n, t, k) => `${list(n)};created=${t};keyid="${k}";alg="ed25519"`, 'ok')
  yield row('alg twice', (n, t, k) => `${list(n)};created=${t};keyid="${k}";alg="ed25519";alg="ed25519"`, FORM)
  yield row('an empty alg', (n, t, k) => `${list(n)};created=${t};keyid="${k}";alg=""`, FORM)
  yield row('alg as a token', (n, t, k) => `${list(n)};created=${t};keyid="${k}";alg=ed25519`, FORM)
  // ---- not the canonical spelling ----
  const spelled = (name, change) => ({ family: 'spelling', name, make: () => kit.make({ base: 'read', input: change }), want: FORM })
  yield spelled('two spaces between components', (t) => t.replace('" "', '"  "'))
  yield spelled('a tab between components', (t) => t.replace('" "', '"\t"'))
  yield spelled('a comma between components', (t) => t.replace('" "', '","'))
  yield spelled('a space after (', (t) => t.replace('(', '( '))
  yield spelled('a space before )', (t) => t.replace(')', ' )'))
  yield spelled('a space after ;', (t) => t.replace(';', '; '))
  yield spelled('a space before ;', (t) => t.replace(';', ' ;'))
  yield spelled('a space before =', (t) => t.replace('=(', ' =('))
  yield spelled('a space after =', (t) => t.replace('=(', '= ('))
  yield spelled('a comma behind', (t) => `${t},`)
  yield spelled('something behind', (t) => `${t} x`)
  yield spelled('a semicolon behind', (t) => `${t};`)
  yield spelled('no label', (t) => t.replace('sig1=', ''))
  yield spelled('a label in upper case', (t) => t.replace('sig1', 'SIG1'))
  yield spelled('a label that begins with a digit', (t) => t.replace('sig1', '1sig'))
  yield spelled('another label', (t) => t.replace('sig1', 'sig2'))
  yield spelled('no brackets', (t) => t.replace(/[()]/g, ''))
  yield spelled('square brackets', (t) => t.replace('(', '[').replace(')', ']'))
  yield spelled('components without quotes', (t) => t.replaceAll('"@method"', '@method'))
  yield spelled('components in single quotes', (t) => t.replaceAll('"@method"', "'@method'"))
  yield spelled('a quote that does not end', (t) => t.replace('"@method"', '"@method'))
  yield spelled('a bracket that does not end', (t) => t.replace(')', ''))
  yield spelled('parameters in upper case', (t) => t.replace('created', 'Created'))
  yield spelled('the list alone', (t) => t.slice(0, t.indexOf(')') + 1))
  yield spelled('two members', (t) => `${t}, ${t.replace('sig1', 'sig2')}`)
  yield spelled('two members of one label', (t) => `${t}, ${t}`)
  yield spelled('empty member first', (t) => `, ${t}`)
  yield spelled('as a number', () => 'sig1=5')
  yield spelled('as a string', () => 'sig1="x"')
  yield { family: 'spelling', name: 'an escape in a parameter', make: () => kit.make({ base: 'read', extra: ';tag="a\\"b"' }), want: 'ok' }
  yield { family: 'spelling', name: 'an escape that is none', make: () => kit.make({ base: 'read', extra: ';tag="a\\b"' }), want: FORM }
  for (const label of ['a', 'x-y_z.1', '*', 'sig1sig1sig1']) yield { family: 'spelling', name: `label ${label}`, make: () => kit.make({ base: 'read', label }), want: 'ok' }
  // What was not signed: the parameters as sent are another last line.
  const other = (name, change) => ({ family: 'parameters not as signed', name, make: () => kit.make({ base: 'read', signedParams: change }), want: BAD })
  yield other('created a second off', (p) => p.replace(/created=(\d+)/, (_, t) => `created=${Number(t) - 1}`))
  yield other('a nonce of another value', (p) => p.replace(/nonce="./, 'nonce="x'))
  yield other('no nonce', (p) => p.replace(/;nonce="[^"]*"/, ''))
  yield other('components in another order', (p) => p.replace('"@method" "@target-uri"', '"@target-uri" "@method"'))
  yield other('a component less', (p) => p.replace('"@method" ', ''))
  yield other('a space more', (p) => p.replace(';created', '; created'))
  yield other('the label in front', (p) => `sig1=${p}`)
  yield other('an alg', (p) => `${p};alg="ed25519"`)
}

function * valueRows (kit) {
  const b64 = (s) => s.toString('base64')
  const row = (name, value, want = FORM) => ({ family: 'Signature', name, make: () => kit.make({ base: 'read', value }), want })
  yield row('base64url', (s) => `sig1=:${Buffer.concat([s]).toString('base64url')}:`)
  yield row('no padding', (s) => `sig1=:${b64(s).replace(/=+$/, '')}:`)
  yield row('padding too much', (s) => `sig1=:${b64(s)}=:`)
  yield row('padding of four', (s) => `sig1=:${b64(s)}====:`)
  yield row('a space inside', (s) => `sig1=:${b64(s).slice(0, 8)} ${b64(s).slice(8)}:`)
  yield row('a tab inside', (s) => `sig1=:${b64(s).slice(0, 8)}\t${b64(s).slice(8)}:`)
  yield row('bits left over', (s) => `sig1=:${b64(s).replace(/.==$/, (c) => `${String.fromCharCode(c.charCodeAt(0) + 1)}==`)}:`)
  yield row('hex', (s) => `sig1=:${s.toString('hex')}:`, BAD)
  yield row('no colons', (s) => `sig1=${b64(s)}`)
  yield row('one colon', (s) => `sig1=:${b64(s)}`)
  yield row('as a string', (s) => `sig1="${b64(s)}"`)
  yield row('no label', (s) => `:${b64(s)}:`)
  yield row('another label', (s) => `sig2=:${b64(s)}:`)
  yield row('a label in upper case', (s) => `SIG1=:${b64(s)}:`)
  yield row('empty', () => 'sig1=::')
  yield row('a comma behind', (s) => `sig1=:${b64(s)}:,`)
  yield row('something behind', (s) => `sig1=:${b64(s)}:x`)
  yield row('a parameter', (s) => `sig1=:${b64(s)}:;a=1`)
  yield row('twice', (s) => `sig1=:${b64(s)}:, sig1=:${b64(s)}:`)
  yield row('twice, another one first', (s) => `sig1=:AAAA:, sig1=:${b64(s)}:`)
  yield row('another label beside it', (s) => `sig2=:AAAA:, sig1=:${b64(s)}:`, 'ok')
  yield row('1,500 bytes', () => `sig1=:${b64(Buffer.alloc(1500))}:`)
}

function * digestRows (kit) {
  const row = (name, contentDigest, want, base = 'echo') => ({ family: 'Content-Digest', name, make: () => kit.make({ base, contentDigest }), want })
  yield row('sha-256', (b) => field('sha-256', b), 'ok')
  yield row('sha-512', (b) => field('sha-512', b), 'ok')
  yield row('both', (b) => `${field('sha-256', b)}, ${field('sha-512', b)}`, 'ok')
  yield row('both, the second wrong', (b) => `${field('sha-256', b)}, ${field('sha-512', 'x')}`, DIGEST)
  yield row('both, the first wrong', (b) => `${field('sha-256', 'x')}, ${field('sha-512', b)}`, DIGEST)
  yield row('an unknown one beside it', (b) => `${field('md5', b)}, ${field('sha-256', b)}`, 'ok')
  yield row('md5 alone', (b) => field('md5', b), DIGEST)
  yield row('sha-1 alone', (b) => `sha=:${createHash('sha1').update(b).digest('base64')}:`, DIGEST)
  yield row('of another body', () => field('sha-256', 'x'), DIGEST)
  yield row('of nothing', () => field('sha-256', ''), DIGEST)
  yield row('sha-256 twice', (b) => `${field('sha-256', b)}, ${field('sha-256', b)}`, DIGEST)
  yield row('in upper case', (b) => field('sha-256', b).replace('sha', 'SHA'), DIGEST)
  yield row('in hex', (b) => `sha-256=:${digest('sha-256', b, 'hex')}:`, DIGEST)
  yield row('in base64url', (b) => `sha-256=:${Buffer.from(digest('sha-256', b), 'base64').toString('base64url')}:`, DIGEST)
  yield row('no padding', (b) => field('sha-256', b).replace('=:', '=:').replace(/=:$/, ':'), DIGEST)
  yield row('padding too much', (b) => field('sha-256', b).replace(/=:$/, '==:'), DIGEST)
  yield row('no colons', (b) => `sha-256=${digest('sha-256', b)}`, DIGEST)
  yield row('the form of RFC 3230', (b) => `SHA-256=${digest('sha-256', b)}`, DIGEST)
  yield row('cut to 31 bytes', (b) => `sha-256=:${Buffer.from(digest('sha-256', b), 'base64').subarray(0, 30).toString('base64')}:`, DIGEST)
  yield row('a sha-512 under the name of sha-256', (b) => `sha-256=:${digest('sha-512', b)}:`, DIGEST)
  yield row('a comma behind', (b) => `${field('sha-256', b)},`, DIGEST)
  yield row('empty value', () => 'sha-256=::', DIGEST)
  yield row('of no body, where there is none', () => field('sha-256', ''), 'ok', 'read')
  yield row('of a body, where there is none', () => field('sha-256', 'x'), DIGEST, 'read')
}

const FORMS = { ed25519: 64, p256: 32, p384: 48 }

function * signatureRows (kit) {
  const row = (family, name, signer, want, more) => ({ family, name, make: () => kit.make({ base: 'read', sign: signer, ...more }), want })
  const own = (input) => ALGORITHMS.ed25519(input, kit.partners.ed25519.key.pair.privateKey)
  for (let at = 0; at < 64; at++) yield row('Ed25519', `bit ${at % 8} of byte ${at}`, (input) => flipped(own(input), at, at % 8), BAD)
  for (let bit = 0; bit < 8; bit++) yield row('Ed25519', `bit ${bit} of the last byte`, (input) => flipped(own(input), 63, bit), BAD)
  const L = 0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3edn
  const little = (n) => Buffer.from(raw(n, 32)).reverse()
  const sOf = (s) => numberOf(Buffer.from(half(s, 1)).reverse())
  yield row('Ed25519', 's + L', (input) => { const s = own(input); return Buffer.concat([half(s, 0), little(sOf(s) + L)]) }, BAD)
  yield row('Ed25519', 'L - s', (input) => { const s = own(input); return Buffer.concat([half(s, 0), little(L - sOf(s))]) }, BAD)
  for (const [name, v] of [['zero', 0n], ['one', 1n], ['L', L], ['all bits', (1n << 256n) - 1n]]) {
    yield row('Ed25519', `s ${name}`, (input) => Buffer.concat([half(own(input), 0), little(v)]), BAD)
    yield row('Ed25519', `R ${name}`, (input) => Buffer.concat([little(v), half(own(input), 1)]), BAD)
  }
  yield row('Ed25519', 'the identity and zero', () => Buffer.concat([little(1n), little(0n)]), BAD)
  yield row('Ed25519', 'halves exchanged', (input) => { const s = own(input); return Buffer.concat([half(s, 1), half(s, 0)]) }, BAD)
  yield row('Ed25519', 'a byte more', (input) => Buffer.concat([own(input), Buffer.alloc(1)]), BAD)
  yield row('Ed25519', 'a byte less', (input) => own(input).subarray(0, 63), BAD)
  yield row('Ed25519', 'over the digest', (input) => own(createHash('sha512').update(input).digest()), BAD)
  yield row('Ed25519', 'over a line feed more', (input) => own(Buffer.concat([input, Buffer.from('\n')])), BAD)
  yield row('Ed25519', 'over CRLF', (input) => own(Buffer.from(input.toString().replaceAll('\n', '\r\n'))), BAD)
  yield row('Ed25519', 'by another key', (input) => sign(null, input, kit.ed25519.privateKey), BAD)
  yield row('Ed25519', 'HMAC with the public key', (input) => createHmac('sha512', kit.partners.ed25519.key.pair.publicKey.export({ type: 'spki', format: 'der' })).update(input).digest(), BAD)
  for (const [kind, md] of [['p256', 'sha256'], ['p384', 'sha384']]) {
    const key = kit.partners[kind].key.pair.privateKey
    const size = FORMS[kind]
    for (const [name, signer, isGood] of signatureGames(kit, size, kind, key, md)) {
      // A signature of no bytes is none at all.
      yield row(`ECDSA ${kind}`, name, signer, name === 'nothing' ? FORM : isGood ? 'ok' : BAD, { kind })
    }
    yield row(`ECDSA ${kind}`, 'over SHA-512', (input) => sign('sha512', input, { key, dsaEncoding: 'ieee-p1363' }), BAD, { kind })
    yield row(`ECDSA ${kind}`, 'by another key', (input) => sign(md, input, { key: kit[kind].privateKey, dsaEncoding: 'ieee-p1363' }), BAD, { kind })
    yield { family: `ECDSA ${kind}`, name: 'as it should be', make: () => kit.make({ base: 'write', kind }), want: 'ok' }
    const again = (name, change) => ({ family: 'again', name: `${kind}: ${name}`, first: () => kit.make({ base: 'echo', kind }), make: (_, first) => change(first), want: AGAIN })
    yield again('the same', (made) => made)
    yield again('with n - s', (made) => replaced(made, 'Signature', (v) => { const s = Buffer.from(v.slice(6, -1), 'base64'); return `sig1=:${Buffer.concat([half(s, 0), raw(ORDERS[kind] - numberOf(half(s, 1)), size)]).toString('base64')}:` }))
    yield { family: `ECDSA ${kind}`, name: 'DER under its name', make: () => kit.make({ base: 'read', kind, sign: (input) => DER(sign(md, input, { key, dsaEncoding: 'ieee-p1363' })) }), want: BAD }
  }
  const rsa = kit.partners.rsa.key.pair.privateKey
  const pss = (md, salt) => (input) => sign(md, input, { key: rsa, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: salt })
  const rsaRow = (name, signer, want, extra = '') => row('RSA', name, signer, want, { kind: 'rsa', extra })
  yield rsaRow('PSS with SHA-512, salt of 64, no alg', pss('sha512', 64), 'ok')
  yield rsaRow('PSS with SHA-512, salt of 64', pss('sha512', 64), 'ok', ';alg="rsa-pss-sha512"')
  for (const salt of [0, 20, 32, 63, 65, constants.RSA_PSS_SALTLEN_MAX_SIGN]) yield rsaRow(`PSS, salt ${salt}`, pss('sha512', salt), BAD)
  for (const md of ['sha256', 'sha384', 'sha1']) yield rsaRow(`PSS with ${md}`, pss(md, 32), BAD)
  yield rsaRow('v1_5', (input) => sign('sha256', input, rsa), 'ok', ';alg="rsa-v1_5-sha256"')
  yield rsaRow('v1_5 without its alg', (input) => sign('sha256', input, rsa), BAD)
  yield rsaRow('v1_5 under the name of PSS', (input) => sign('sha256', input, rsa), BAD, ';alg="rsa-pss-sha512"')
  yield rsaRow('PSS under the name of v1_5', pss('sha512', 64), BAD, ';alg="rsa-v1_5-sha256"')
  yield rsaRow('v1_5 with SHA-512', (input) => sign('sha512', input, rsa), BAD, ';alg="rsa-v1_5-sha256"')
  for (let at = 0; at < 256; at += 16) yield rsaRow(`bit ${at % 8} of byte ${at}`, (input) => flipped(pss('sha512', 64)(input), at, (at / 16) % 8), BAD)
  yield rsaRow('zeros', () => Buffer.alloc(256), BAD)
  yield rsaRow('a byte less', (input) => pss('sha512', 64)(input).subarray(1), BAD)
}

function * timeRows (kit) {
  for (const seconds of [-299, 299, -301, 301, -3600, 3600, 31536000]) yield { family: 'time', name: `${seconds} s`, window: seconds, make: (now) => kit.make({ base: 'write', now }), want: Math.abs(seconds) < 300 ? 'ok' : TIME }
}

function * againRows (kit) {
  const family = 'again'
  const row = (base, name, change, want = AGAIN, more = {}) => ({ family, name: `${base}: ${name}`, first: () => kit.make({ base, ...more }), make: (_, first) => change(first), want })
  for (const base of ['write', 'echo', 'read']) {
    yield row(base, 'the same', (made) => made)
    yield row(base, 'with a header more', (made) => withHeader(made, ['X-Other', '1']))
    yield row(base, 'under another label', (made) => replaced(replaced(made, 'Signature', (v) => v.replace('sig1', 'sig2')), 'Signature-Input', (v) => v.replace('sig1', 'sig2')))
    yield row(base, 'a signature beside it that nobody reads', (made) => replaced(made, 'Signature', (v) => `${v}, x=:AAAA:`))
    yield row(base, 'as a HEAD', (made) => ({ ...made, method: 'HEAD' }), base === 'read' ? '401' : '401')
  }
  const plain = (names, created, id) => `(${names.join(' ')});created=${created};keyid="${id}"`
  yield row('read', 'Ed25519 without a nonce', (made) => made, 'ok', { params: plain })
  yield row('echo', 'Ed25519 without a nonce', (made) => made, AGAIN, { params: plain })
  yield row('read', 'another body beside it', (made) => ({ ...made, body: Buffer.from('x') }), FORM)
  yield row('echo', 'the digest of another body', (made) => ({ ...replaced(made, 'Content-Digest', () => field('sha-256', '{"x":1}')), body: Buffer.from('{"x":1}') }), BAD)
  yield row('echo', 'its stored signature on another route', (made) => ({ ...made, target: '/sign/envelope' }), BAD)
}

export function * messageRows (kit) {
  yield * commonRows(kit)
  yield * coverRows(kit)
  yield * parameterRows(kit)
  yield * valueRows(kit)
  yield * digestRows(kit)
  yield * signatureRows(kit)
  yield * timeRows(kit)
  yield * againRows(kit)
}

