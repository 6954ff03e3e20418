// A platform made of jose, node:crypto and ws: what our client and library talk to.
import { CompactSign, compactVerify, decodeProtectedHeader } from 'jose'
import { spawn, spawnSync } from 'node:child_process'
import crypto from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCa } from '../lib/ca.mjs'
import { built, root } from '../lib/build.mjs'
import { assertNoReport, environment } from '../lib/server.mjs'

export const programs = [built('chirograph'), built('chirograph-client')]
export const vectors = join(root, 'tests/vectors')
export const clientKey = '7c1d4b52-0f3e-4a86-9b0d-2f7d0b6a1e55'
export const md5 = (bytes) => crypto.createHash('md5').update(bytes).digest('hex')
export const sha256 = (bytes, form = 'hex') => crypto.createHash('sha256').update(bytes).digest(form)
const pem = (key) => key.export({ type: key.type === 'public' ? 'spki' : 'pkcs8', format: 'pem' })

export function pair (kind, options) {
  const made = crypto.generateKeyPairSync(kind, options)
  return { ...made, privatePem: pem(made.privateKey), publicPem: pem(made.publicKey) }
}

// A folder with a partner's and the platform's keys, removed with remove().
export function folder () {
  const dir = mkdtempSync(join(tmpdir(), 'chirograph-client-'))
  const at = (name) => join(dir, name)
  const keys = {
    partner: pair('ec', { namedCurve: 'P-521' }),
    platform: pair('ec', { namedCurve: 'P-521' }),
    rsa: pair('rsa', { modulusLength: 2048 }),
    ed25519: pair('ed25519'),
    platformEd25519: pair('ed25519'),
    p256: pair('ec', { namedCurve: 'P-256' }),
    p384: pair('ec', { namedCurve: 'P-384' })
  }
  for (const [name, key] of Object.entries(keys)) {
    writeFileSync(at(`${name}.pem`), key.privatePem, { mode: 0o600 })
    writeFileSync(at(`${name}.pub`), key.publicPem)
  }
  writeFileSync(at('apikey'), '\ufeffeyJrZXlfaWQiOiJhIn0\r\n')
  return {
    dir, at, keys,
    run: (program, args, { input = '', env = {}, cwd = dir } = {}) => {
      const r = spawnSync(program, args, { cwd, input, env: environment(env), encoding: 'utf8' })
      assertNoReport(r.stderr ?? '')
      return { status: r.status, out: r.stdout, err: r.stderr }
    },
    // Without blocking this process, in which the server of the test lives.
    runAsync: (program, args, { input = '', cwd = dir } = {}) => new Promise((resolve) => {
      const child = spawn(program, args, { cwd, env: environment() })
      const r = { out: '', err: '' }
      child.stdout.on('data', (piece) => { r.out += piece })
      child.stderr.on('data', (piece) => { r.err += piece })
      child.stdin.on('error', () => {}).end(input)
      child.on('close', (status) => { assertNoReport(r.err); resolve({ status, ...r }) })
    }),
    remove: () => rmSync(dir, { recursive: true, force: true })
  }
}

export const jws = (claims, key) => new CompactSign(Buffer.from(typeof claims === 'string' ? claims : JSON.stringify(claims)))
  .setProtectedHeader({ alg: 'ES512', typ: 'JWT' }).sign(key)
export async function opened (token, key) {
  const { payload } = await compactVerify(token, key, { algorithms: ['ES512'] })
  return Buffer.from(payload).toString()
}
export { decodeProtectedHeader }

export const httpDate = (date = new Date()) => date.toUTCString()
const digestOf = (body) => `sha-256=:${sha256(body, 'base64')}:`
const algorithms = {
  ed25519: (base, key) => crypto.sign(null, base, key),
  'ecdsa-p256-sha256': (base, key) => crypto.sign('sha256', base, { key, dsaEncoding: 'ieee-p1363' }),
  'ecdsa-p384-sha384': (base, key) => crypto.sign('sha384', base, { key, dsaEncoding: 'ieee-p1363' }),
  'rsa-pss-sha512': (base, key) => crypto.sign('sha512', base, { key, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 })
}
const checks = {
  ed25519: (base, key, mark) => crypto.verify(null, base, key, mark),
  'ecdsa-p256-sha256': (base, key, mark) => crypto.verify('sha256', base, { key, dsaEncoding: 'ieee-p1363' }, mark),
  'ecdsa-p384-sha384': (base, key, mark) => crypto.verify('sha384', base, { key, dsaEncoding: 'ieee-p1363' }, mark),
  'rsa-pss-sha512': (base, key, mark) => crypto.verify('sha512', base, { key, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 }, mark)
}

// RFC 9421 §2.5, written from the RFC.
function signatureBase (components, params, { request, status, headers }) {
  const value = (c) => {
    const source = c.req ? request.headers : headers
    switch (c.name) {
      case '@method': return request.method
      case '@target-uri': return request.target
      case '@status': return String(status)
      default: return source[c.name].trim()
    }
  }
  const lines = components.map((c) => `"${c.name}"${c.req ? ';req' : ''}: ${value(c)}`)
  return Buffer.from([...lines, `"@signature-params": ${params}`].join('\n'))
}

export function verifyMessage (request, key) {
  const [, label, params] = /^([a-z0-9]+)=(.*)$/.exec(request.headers['signature-input'])
  const components = [...params.slice(0, params.indexOf(')')).matchAll(/"([^"]+)"(;req)?/g)].map((m) => ({ name: m[1], req: !!m[2] }))
  const mark = Buffer.from(new RegExp(`${label}=:([^:]+):`).exec(request.headers.signature)[1], 'base64')
  const alg = /;alg="([^"]+)"/.exec(params)[1]
  const isSigned = checks[alg](signatureBase(components, params, { request, headers: request.headers }), key, mark)
  return { isSigned, components: components.map((c) => c.name), alg, keyid: /;keyid="([^"]+)"/.exec(params)[1] }
}

// The headers of a signed answer, as each scheme wants them; twist changes what is signed.
export async function answerOf (scheme, request, status, body, keys, twist = {}) {
  const signed = { status, body, method: request.method, path: request.path, at: Date.now(), headers: request.headers, target: request.target, ...twist }
  const own = { 'api-client-key': request.headers['api-client-key'] ?? clientKey }
  if (scheme === 'es512-wrapped') {
    const token = await jws(signed.body, keys.platform.privateKey)
    const lines = [signed.method, md5(token), 'application/json', httpDate(new Date(signed.at)), signed.path].join('\n')
    const auth = await jws({ sub: own['api-client-key'], signature: lines }, keys.platform.privateKey)
    return { headers: { ...own, authorization: `QIT ${own['api-client-key']}:${auth}`, 'content-type': 'application/json' }, body: JSON.stringify({ encoded_body: token }) }
  }
  if (scheme === 'es512-plain') {
    const claims = { payload_md5: md5(signed.body), timestamp: new Date(signed.at).toISOString(), method: signed.method, uri: signed.path }
    return { headers: { ...own, authorization: await jws(claims, keys.platform.privateKey), 'content-type': 'application/json' }, body }
  }
  const headers = { 'content-digest': digestOf(signed.body), 'content-type': 'application/json' }
  const components = twist.components ?? ['"@status"', '"content-digest"', '"@method";req', '"@target-uri";req',
    ...(request.headers.signature ? ['"signature";req'] : [])]
  const params = `(${components.join(' ')});created=${Math.floor(signed.at / 1000)};alg="ed25519";keyid="platform"`
  const parsed = components.map((c) => ({ name: c.split('"')[1], req: c.endsWith(';req') }))
  const base = signatureBase(parsed, params, { request: { ...request, method: signed.method, target: signed.target, headers: signed.headers }, status: signed.status, headers })
  headers['signature-input'] = `sig=${params}`
  headers.signature = `sig=:${algorithms.ed25519(base, keys.platformEd25519.privateKey).toString('base64')}:`
  return { headers, body }
}

export function schemeOf (headers) {
  if ((headers.authorization ?? '').startsWith('QIT ')) return 'es512-wrapped'
  if (headers['api-client-key']) return 'es512-plain'
  if (headers['x-sign']) return 'x-sign'
  return headers['signature-input'] ? 'http-signature' : 'api-key'
}

// What the request said, after every signature in it was checked; throws otherwise.
export async function checkRequest (request, keys) {
  const { headers, body } = request
  const scheme = schemeOf(headers)
  const is = (fine, what) => { if (!fine) throw new Error(`${scheme}: ${what}`) }
  if (scheme === 'es512-wrapped') {
    const [, key, token] = /^QIT ([^:]+):(.+)$/.exec(headers.authorization)
    const claims = JSON.parse(await opened(token, keys.partner.publicKey))
    const [method, hash, type, date, url] = claims.signature.split('\n')
    const isUpload = headers['content-type']?.startsWith('multipart/')
    const encoded = body.length && !isUpload ? JSON.parse(body).encoded_body : undefined
    is(claims.sub === key && key === headers['api-client-key'], 'sub')
    is(method === request.method && url === request.path, 'method and url')
    is(Math.abs(Date.parse(date) - Date.now()) < 5000, 'date')
    is(type === (headers['content-type'] ?? ''), 'type')
    if (isUpload) return { scheme, hash, text: body.toString() }
    is(hash === (encoded ? md5(encoded) : ''), 'md5')
    return { scheme, text: encoded ? await opened(encoded, keys.partner.publicKey) : '' }
  }
  if (scheme === 'es512-plain') {
    const claims = JSON.parse(await opened(headers.authorization, keys.partner.publicKey))
    is(claims.payload_md5 === md5(body.length ? body : '{}'), 'md5')
    is(claims.method === request.method && claims.uri === request.path, 'method and uri')
    is(Math.abs(Date.parse(claims.timestamp) - Date.now()) < 5000 && Object.keys(claims).length === 4, 'claims')
  } else if (scheme === 'x-sign') {
    const prefix = headers['x-timestamp'] ?? headers['x-nonce']
    is(crypto.verify('sha256', Buffer.concat([Buffer.from(prefix + request.target), body]), keys.rsa.publicKey, Buffer.from(headers['x-sign'], 'base64url')), 'signature')
    is(headers['x-api-key'] === 'eyJrZXlfaWQiOiJhIn0', 'api key')
  } else if (scheme === 'http-signature') {
    const key = keys[headers['x-test-key'] ?? 'ed25519']
    const found = verifyMessage(request, key.publicKey)
    is(found.isSigned && found.components.includes('@method') && found.components.includes('@target-uri'), 'signature')
    is(!body.length || (found.components.includes('content-digest') && headers['content-digest'] === digestOf(body)), 'digest')
  } else is(headers.authorization === 'eyJrZXlfaWQiOiJhIn0', 'api key')
  return { scheme, text: body.toString() }
}

// answer: async (request, checked) -> { status, body, twist, bare }
export async function startPlatform (keys, answer) {
  const ca = makeCa()
  const seen = []
  const server = https.createServer({ cert: ca.cert, key: ca.key }, async (req, res) => {
    const pieces = []
    for await (const piece of req) pieces.push(piece)
    const request = { method: req.method, path: req.url, target: url + req.url, headers: req.headers, body: Buffer.concat(pieces) }
    try {
      const checked = await checkRequest(request, keys)
      seen.push({ ...request, ...checked })
      const wanted = await answer(request, checked)
      const status = wanted.status ?? 200
      const signed = wanted.bare ? { headers: wanted.headers ?? {}, body: wanted.body } : await answerOf(checked.scheme, request, status, wanted.body, keys, wanted.twist)
      res.writeHead(status, signed.headers).end(wanted.send ?? signed.body)
    } catch (error) {
      seen.push({ ...request, error })
      res.writeHead(401).end(error.message)
    }
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `https://localhost:${server.address().port}`
  return {
    url, ca, seen, server,
    stop: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve) }).then(() => rmSync(ca.dir, { recursive: true }))
  }
}
