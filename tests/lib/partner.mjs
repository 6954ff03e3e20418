// A partner's own client for each signing scheme, from node:crypto alone: it shares no line with the server.
//
//   const partner = await openPartner(server, 'es512-wrapped', { environment: 'sandbox' })
//   const answer = await partner.call('POST', '/sign/envelope', { json: {…} })   -> { status, headers, json, raw }
//
// `call` verifies every answer with the platform's public keys, as a careful partner would, and throws when one
// is not signed as its scheme says. `request` makes the signed head and body and sends nothing; `send` sends what
// `request` made, so that a test can change it in between.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { constants, createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, randomUUID, sign, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const md5 = (bytes) => createHash('md5').update(bytes).digest('hex')
const b64url = (bytes) => Buffer.from(bytes).toString('base64url')
const hex = (bytes) => `X'${Buffer.from(bytes).toString('hex')}'`

export const SCHEMES = ['api-key', 'es512-wrapped', 'es512-plain', 'x-sign', 'http-signature']
const BITS = { 'api-key': 1, 'x-sign': 8, 'http-signature': 16 }
const KINDS = { p521: 1, rsa: 2, ed25519: 3, p256: 4, p384: 5 }

export const es512 = {
  sign: (claims, key, header = { alg: 'ES512', typ: 'JWT' }) => {
    const input = `${b64url(JSON.stringify(header))}.${b64url(typeof claims === 'string' ? claims : JSON.stringify(claims))}`
    return `${input}.${sign('sha512', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  },
  open: (token, key) => {
    const [header, payload, signature] = token.split('.')
    assert.equal(JSON.parse(Buffer.from(header, 'base64url')).alg, 'ES512')
    const good = verify('sha512', Buffer.from(`${header}.${payload}`), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))
    assert.ok(good, 'the token does not verify with the platform\'s public key')
    return JSON.parse(Buffer.from(payload, 'base64url'))
  }
}

export function keyPair (kind) {
  if (kind === 'rsa') return generateKeyPairSync('rsa', { modulusLength: 2048 })
  if (kind === 'ed25519') return generateKeyPairSync('ed25519')
  return generateKeyPairSync('ec', { namedCurve: { p521: 'P-521', p256: 'P-256', p384: 'P-384' }[kind] })
}

// ---- the store: what the command line would write ----

export function sql (data, text) {
  return execFileSync('sqlite3', ['-batch', '-cmd', '.timeout 10000', join(data, 'db/chirograph.db'), text], { encoding: 'utf8' }).trim()
}

const environments = { sandbox: 0, production: 1 }

function addPublicKey (data, owner, kind, key) {
  const spki = key.export({ type: 'spki', format: 'der' })
  const print = `SHA256:${createHash('sha256').update(spki).digest('base64').replace(/=+$/, '')}`
  sql(data, `INSERT INTO public_key (organisation, integration, user_account, kind, spki, fingerprint, created_at)
    VALUES (${owner.organisation}, ${owner.integration ?? 0}, 0, ${KINDS[kind]}, ${hex(spki)}, '${print}', ${Date.now()})`)
}

export function addIntegration (data, { organisation = 1, environment = 'sandbox', mode = 'strict', window = 300, routes = '', rate = 0, pair = keyPair('p521') } = {}) {
  const key = randomUUID()
  const row = Number(sql(data, `INSERT INTO integration (organisation, environment, client_key, label, mode, window_s, routes, rate, created_at)
    VALUES (${organisation}, ${environments[environment]}, '${key}', 'test', ${mode === 'compat' ? 1 : 0}, ${window}, '${routes}', ${rate}, ${Date.now()}) RETURNING id`))
  addPublicKey(data, { organisation, integration: row }, 'p521', pair.publicKey)
  return { key, row, pair }
}

export function addKey (data, scheme, { organisation = 1, environment = 'sandbox', kind, pair, routes = '', rate = 0 } = {}) {
  const id = randomBytes(10)
  const text = b64url(JSON.stringify({ key_id: b64url(id), key: b64url(randomBytes(32)), ...(environment === 'sandbox' ? { sandbox: true } : {}) }))
  const hash = createHash('sha256').update(text).digest()
  const row = Number(sql(data, `INSERT INTO api_key (organisation, environment, scheme, key_id, secret_hash, label, created_at, routes, rate)
    VALUES (${organisation}, ${environments[environment]}, ${BITS[scheme]}, ${hex(id)}, ${hex(hash)}, 'test', ${Date.now()}, '${routes}', ${rate}) RETURNING id`))
  if (pair) addPublicKey(data, { organisation }, kind, pair.publicKey)
  return { text, id: b64url(id), row, pair }
}

// One key pair of a kind for the whole organisation: no more than four are valid at a time.
const pairs = new Map()

function pairOf (data, kind) {
  const name = `${data} ${kind}`
  if (!pairs.has(name)) {
    pairs.set(name, keyPair(kind))
    addPublicKey(data, { organisation: 1 }, kind, pairs.get(name).publicKey)
  }
  return pairs.get(name)
}

// ---- signing ----

export const httpDate = (ms) => new Date(ms).toUTCString()
export const ALGORITHMS = {
  ed25519: (input, key) => sign(null, input, key),
  p256: (input, key) => sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' }),
  p384: (input, key) => sign('sha384', input, { key, dsaEncoding: 'ieee-p1363' }),
  rsa: (input, key) => sign('sha512', input, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 })
}

export function contentDigest (body) {
  return `sha-256=:${createHash('sha256').update(body).digest('base64')}:`
}

export function messageBase (components, values, params) {
  const lines = components.map((name) => `${name.startsWith('"') ? name : `"${name}"`}: ${values[name]}`)
  return [...lines, `"@signature-params": ${params}`].join('\n')
}

class Partner {
  constructor (server, scheme, more) {
    Object.assign(this, { server, scheme, base: more.base ?? server.url, clock: () => Date.now() }, more)
    this.platform = {
      es512: createPublicKey(createPrivateKey(readFileSync(join(server.data, 'keys/response-p521.key')))),
      ed25519: createPublicKey(createPrivateKey(readFileSync(join(server.data, 'keys/response-ed25519.key'))))
    }
  }

  // { method, path, headers, body }; options: json or body with type, now (ms), nonce, field
  request (method, path, options = {}) {
    const body = options.json !== undefined ? Buffer.from(JSON.stringify(options.json)) : Buffer.from(options.body ?? '')
    const type = options.type ?? (body.length > 0 ? 'application/json' : undefined)
    const now = options.now ?? this.clock()
    const made = this[{ 'api-key': 'apiKey', 'es512-wrapped': 'wrapped', 'es512-plain': 'plain', 'x-sign': 'xSign', 'http-signature': 'message' }[this.scheme]](method, path, body, { ...options, now, type })
    return { method, path, headers: { ...(type ? { 'Content-Type': type } : {}), ...made.headers, ...options.headers }, body: made.body ?? body }
  }

  apiKey () { return { headers: { Authorization: this.key.text } } }

  wrapped (method, path, body, { now, type = '', file }) {
    const { key, pair } = this.integration
    const isFile = file !== undefined
    const token = body.length === 0 || isFile ? '' : es512.sign(body.toString(), pair.privateKey)
    const hash = isFile ? md5(file) : token === '' ? '' : md5(token)
    const lines = [method, hash, type, httpDate(now), path].join('\n')
    const authorization = `QIT ${key}:${es512.sign({ sub: key, signature: lines }, pair.privateKey)}`
    return { headers: { Authorization: authorization, 'API-CLIENT-KEY': key }, body: isFile ? body : token === '' ? Buffer.alloc(0) : Buffer.from(JSON.stringify({ encoded_body: token })) }
  }

  plain (method, path, body, { now }) {
    const { key, pair } = this.integration
    const claims = { payload_md5: md5(body.length > 0 ? body : '{}'), timestamp: new Date(now).toISOString(), method, uri: path }
    return { headers: { Authorization: es512.sign(claims, pair.privateKey), 'API-CLIENT-KEY': key } }
  }

  xSign (method, path, body, { now, nonce, url = this.base + path }) {
    const prefix = nonce !== undefined ? String(nonce) : String(Math.floor(now / 1000))
    const signature = sign('sha256', Buffer.concat([Buffer.from(prefix + url), body]), this.key.pair.privateKey).toString('base64url')
    const field = nonce !== undefined ? { 'x-nonce': prefix } : { 'x-timestamp': prefix }
    return { headers: { 'x-api-key': this.key.text, 'x-sign': signature, ...field } }
  }

  message (method, path, body, { now, components, params = '', nonce }) {
    const digest = body.length > 0 ? contentDigest(body) : undefined
    const names = components ?? ['@method', '@target-uri', ...(digest ? ['content-digest'] : [])]
    const url = new URL(this.base + path)
    const values = { '@method': method, '@target-uri': this.base + path, '@authority': url.host, '@path': path.split('?')[0], '@query': `?${path.split('?')[1] ?? ''}`, '@request-target': path, 'content-digest': digest }
    const input = `(${names.map((name) => `"${name}"`).join(' ')});created=${Math.floor(now / 1000)};keyid="${this.key.id}"${nonce ? `;nonce="${nonce}"` : ''}${params}`
    const signature = ALGORITHMS[this.kind](Buffer.from(messageBase(names, values, input)), this.key.pair.privateKey)
    return { headers: { ...(digest ? { 'Content-Digest': digest } : {}), 'Signature-Input': `sig1=${input}`, Signature: `sig1=:${signature.toString('base64')}:` } }
  }

  async send (made) {
    const tls = made.headers.Host ? { checkServerIdentity: () => undefined } : {}
    return this.server.request(made.method, made.path, { headers: made.headers, body: made.body.length > 0 ? made.body : undefined, tls })
  }

  async call (method, path, options = {}) {
    const made = this.request(method, path, options)
    return this.check(made, await this.send(made))
  }

  // The answer with its JSON, once its signature has been found good.
  check (made, answer) {
    if (made.method === 'HEAD' || answer.status === 304) return answer
    const opened = { ...answer, raw: answer.body }
    if (this.scheme === 'es512-wrapped') opened.json = this.openWrapped(made, answer)
    if (this.scheme === 'es512-plain') this.checkPlain(made, answer)
    if (this.scheme === 'http-signature' || (BITS[this.scheme] && made.method !== 'GET')) this.checkMessage(made, answer)
    return opened
  }

  openWrapped (made, answer) {
    assert.equal(answer.headers['content-type'], 'application/json')
    assert.equal(answer.headers['api-client-key'], this.integration.key)
    const [, key, token] = /^QIT ([^:]+):(.*)$/.exec(answer.headers.authorization ?? '') ?? []
    assert.equal(key, this.integration.key, `no signature on ${answer.status} ${answer.body}`)
    const head = es512.open(token, this.platform.es512)
    assert.equal(head.sub, this.integration.key)
    const [method, hash, type, date, path] = head.signature.split('\n')
    assert.deepEqual([method, hash, type, path], [made.method, md5(answer.json.encoded_body), 'application/json', made.path])
    assert.ok(Math.abs(Date.parse(date) - this.clock()) < 60000, date)
    return es512.open(answer.json.encoded_body, this.platform.es512)
  }

  checkPlain (made, answer) {
    assert.equal(answer.headers['api-client-key'], this.integration.key, `no signature on ${answer.status} ${answer.body}`)
    const claims = es512.open(answer.headers.authorization, this.platform.es512)
    assert.deepEqual(Object.keys(claims).sort(), ['method', 'payload_md5', 'timestamp', 'uri'])
    assert.deepEqual([claims.method, claims.uri, claims.payload_md5], [made.method, made.path, md5(answer.body)])
    assert.ok(Math.abs(Date.parse(claims.timestamp) - this.clock()) < 60000)
  }

  checkMessage (made, answer) {
    assert.equal(answer.headers['content-digest'], contentDigest(answer.body), `no signature on ${answer.status} ${answer.body}`)
    const [, params] = /^sig1=(.*)$/.exec(answer.headers['signature-input'])
    const names = /^\(([^)]*)\)/.exec(params)[1].split(' ')
    const [path, query] = made.path.split('?')
    const values = { '"@status"': answer.status, '"content-digest"': answer.headers['content-digest'], '"@method";req': made.method, '"@target-uri";req': this.base + made.path, '"@path";req': path, '"@query";req': `?${query ?? ''}`, '"signature";req': made.headers.Signature }
    const wanted = ['"@status"', '"content-digest"', '"@method";req', names.includes('"@path";req') ? '"@path";req' : '"@target-uri";req']
    if (this.scheme === 'http-signature') wanted.push('"signature";req')
    for (const name of wanted) assert.ok(names.includes(name), `${name} is not covered: ${params}`)
    const signature = Buffer.from(/^sig1=:(.*):$/.exec(answer.headers.signature)[1], 'base64')
    assert.ok(verify(null, Buffer.from(messageBase(names, values, params)), this.platform.ed25519, signature), 'the answer\'s signature does not verify')
  }
}

export async function openPartner (server, scheme, options = {}) {
  if (scheme.startsWith('es512')) return new Partner(server, scheme, { ...options, integration: options.integration ?? addIntegration(server.data, options) })
  if (options.key) return new Partner(server, scheme, options)
  if (scheme === 'api-key') return new Partner(server, scheme, { ...options, key: addKey(server.data, scheme, options) })
  const kind = scheme === 'x-sign' ? 'rsa' : options.kind ?? 'ed25519'
  const pair = options.pair ?? pairOf(server.data, kind)
  return new Partner(server, scheme, { ...options, kind, key: { ...addKey(server.data, scheme, options), pair } })
}
