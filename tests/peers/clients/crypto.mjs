// A partner's client out of `node:crypto` alone: every scheme that signs.
//
//   BASE=https://… PRIVATE_KEY=key.pem DOCUMENT=file.pdf, and CLIENT_KEY (ES512), API_KEY (x-sign) or KEY_ID (http-signature)
//   node crypto.mjs es512-wrapped | es512-plain | x-sign [nonce] | http-signature [alg]
import { constants, createHash, createPrivateKey, createPublicKey, randomUUID, sign, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'

const { BASE, CLIENT_KEY, API_KEY, KEY_ID, PRIVATE_KEY, DOCUMENT } = process.env
const [scheme, option] = process.argv.slice(2)
const key = createPrivateKey(readFileSync(PRIVATE_KEY))
const published = (await (await fetch(`${BASE}/keys`)).json()).keys.filter((one) => one.purpose === 'response')
const platform = (alg, kid) => createPublicKey({ key: published.find((one) => one.alg === alg && (kid ?? one.kid) === one.kid), format: 'jwk' })

const hash = (name, bytes, form) => createHash(name).update(bytes).digest(form)
const seconds = () => Math.floor(Date.now() / 1000)
const must = (isTrue, what) => { if (!isTrue) throw new Error(`the answer is not to be trusted: ${what}`) }

// ---- ES512: tokens ----

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

function token (claims) {
  const input = `${base64url({ alg: 'ES512' })}.${base64url(claims)}`
  return `${input}.${sign('sha512', input, { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

function opened (jwt) {
  const [header, payload, signature] = jwt.split('.')
  const how = { key: platform('ES512'), dsaEncoding: 'ieee-p1363' }
  must(JSON.parse(Buffer.from(header, 'base64url')).alg === 'ES512', 'another algorithm')
  must(verify('sha512', `${header}.${payload}`, how, Buffer.from(signature, 'base64url')), 'its signature')
  return JSON.parse(Buffer.from(payload, 'base64url'))
}

const wrapped = {
  request (method, path, body) {
    const encoded = body && token(JSON.parse(body))
    const lines = [method, encoded ? hash('md5', encoded, 'hex') : '', '', new Date().toUTCString(), path]
    const authorization = `QIT ${CLIENT_KEY}:${token({ sub: CLIENT_KEY, signature: lines.join('\n') })}`
    return [{ Authorization: authorization, 'API-CLIENT-KEY': CLIENT_KEY }, encoded && JSON.stringify({ encoded_body: encoded })]
  },
  answer (method, path, headers, body) {
    const encoded = JSON.parse(body).encoded_body
    const { sub, signature } = opened(headers.get('authorization').split(':')[1])
    const [itsMethod, md5, , , itsPath] = signature.split('\n')
    must(sub === CLIENT_KEY && itsMethod === method && itsPath === path && md5 === hash('md5', encoded, 'hex'), 'another answer')
    return opened(encoded)
  }
}

const plain = {
  request (method, path, body) {
    const claims = { payload_md5: hash('md5', body ?? '{}', 'hex'), timestamp: new Date().toISOString(), method, uri: path }
    return [{ Authorization: token(claims), 'API-CLIENT-KEY': CLIENT_KEY }, body]
  },
  answer (method, path, headers, body) {
    const signed = opened(headers.get('authorization'))
    must(signed.method === method && signed.uri === path && signed.payload_md5 === hash('md5', body, 'hex'), 'another answer')
    return JSON.parse(body)
  }
}

// ---- RFC 9421: what http-signature signs, and what answers carry under it and x-sign ----

const ALGORITHMS = {
  ed25519: (base) => sign(null, base, key),
  'ecdsa-p256-sha256': (base) => sign('sha256', base, { key, dsaEncoding: 'ieee-p1363' }),
  'ecdsa-p384-sha384': (base) => sign('sha384', base, { key, dsaEncoding: 'ieee-p1363' }),
  'rsa-pss-sha512': (base) => sign('sha512', base, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 }),
  'rsa-v1_5-sha256': (base) => sign('sha256', base, key)
}
const digestOf = (body) => `sha-256=:${hash('sha256', body, 'base64')}:`
const baseOf = (names, values, params) => [...names.map((name) => `${name}: ${values[name]}`), `"@signature-params": ${params}`].join('\n')

function checkMessage (method, path, headers, body, status, request) {
  const values = {
    '"@status"': status, '"content-digest"': digestOf(body), '"@method";req': method, '"@target-uri";req': BASE + path, '"signature";req': request.Signature
  }
  const [, params, list, kid] = /^sig1=(\(([^)]*)\).*;keyid="([^"]+)".*)$/.exec(headers.get('signature-input'))
  const names = list.split(' ')
  for (const name of Object.keys(values).filter((one) => values[one])) must(names.includes(name), `${name} is not signed`)
  const signature = Buffer.from(/^sig1=:(.*):$/.exec(headers.get('signature'))[1], 'base64')
  must(verify(null, Buffer.from(baseOf(names, values, params)), platform('EdDSA', kid), signature), 'its signature')
  return JSON.parse(body)
}

const message = {
  request (method, path, body) {
    const digest = body && digestOf(body)
    const values = { '"@method"': method, '"@target-uri"': BASE + path, '"content-digest"': digest }
    const names = Object.keys(values).filter((one) => values[one])
    const params = `(${names.join(' ')});created=${seconds()};nonce="${randomUUID()}";alg="${option}";keyid="${KEY_ID}"`
    const signature = ALGORITHMS[option](Buffer.from(baseOf(names, values, params))).toString('base64')
    return [{ ...(digest && { 'Content-Digest': digest }), 'Signature-Input': `sig1=${params}`, Signature: `sig1=:${signature}:` }, body]
  },
  answer: checkMessage
}

// ---- x-sign ----

let nonce = 0

const xSign = {
  request (method, path, body) {
    const prefix = option === 'nonce' ? ++nonce : seconds()
    const signature = sign('sha256', `${prefix}${BASE}${path}${body ?? ''}`, key).toString('base64url')
    const field = option === 'nonce' ? 'x-nonce' : 'x-timestamp'
    return [{ 'x-api-key': API_KEY, 'x-sign': signature, [field]: prefix, 'Accept-Signature': 'sig1=()' }, body]
  },
  answer: checkMessage
}

// ---- one envelope ----

const { request, answer } = { 'es512-wrapped': wrapped, 'es512-plain': plain, 'x-sign': xSign, 'http-signature': message }[scheme]

async function call (method, path, json) {
  const [headers, body] = request(method, path, json && JSON.stringify(json))
  const response = await fetch(BASE + path, { method, headers, body })
  const its = answer(method, path, response.headers, Buffer.from(await response.arrayBuffer()), response.status, headers)
  console.log(`${response.status} ${method} ${path} ${its.status ?? ''}`)
  if (!response.ok) throw new Error(JSON.stringify(its))
  return its
}

const signer = {
  name: 'Maria da Conceição', email: 'maria@example.com', document_number: '529.982.247-25', birthdate: '1992-09-15',
  document_submission_method: 'email', authentication_submission_method: 'email'
}
const expiry = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10)
const document = { name: 'Contrato', document_type: 'pdf', document_b64: readFileSync(DOCUMENT).toString('base64') }

const { id } = await call('POST', '/sign/envelope', { id: randomUUID(), subject: 'Locação', expiration_date: expiry, signers: [signer] })
await call('POST', `/sign/envelope/${id}/document`, document)
await call('PATCH', `/sign/envelope/${id}`, { status: 'submitted' })
await call('GET', `/sign/envelope/${id}`)
await call('GET', '/sign/envelope?page=1&limit=5')
await call('PATCH', `/sign/envelope/${id}`, { status: 'canceled' })
