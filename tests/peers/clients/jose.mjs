// A partner's client out of npm `jose`: the two ES512 schemes.
//
//   BASE=https://… CLIENT_KEY=<integration key> PRIVATE_KEY=key.pem DOCUMENT=file.pdf node jose.mjs es512-wrapped
import { createHash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { SignJWT, createRemoteJWKSet, importPKCS8, jwtVerify } from 'jose'

const { BASE, CLIENT_KEY, PRIVATE_KEY, DOCUMENT } = process.env
const key = await importPKCS8(readFileSync(PRIVATE_KEY, 'utf8'), 'ES512')
const platform = createRemoteJWKSet(new URL('/keys', BASE))

const md5 = (text) => createHash('md5').update(text).digest('hex')
const token = (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'ES512' }).sign(key)
const opened = async (jwt) => (await jwtVerify(jwt, platform, { algorithms: ['ES512'] })).payload
const must = (isTrue, what) => { if (!isTrue) throw new Error(`the answer is not to be trusted: ${what}`) }
const isNow = (time) => Math.abs(Date.parse(time) - Date.now()) < 300_000

async function wrapped (method, path, body) {
  const encoded = body && await token(body)
  const lines = [method, encoded ? md5(encoded) : '', 'application/json', new Date().toUTCString(), path]
  const response = await fetch(BASE + path, {
    method,
    headers: {
      Authorization: `QIT ${CLIENT_KEY}:${await token({ sub: CLIENT_KEY, signature: lines.join('\n') })}`,
      'API-CLIENT-KEY': CLIENT_KEY,
      'Content-Type': 'application/json'
    },
    body: encoded && JSON.stringify({ encoded_body: encoded })
  })
  const answer = (await response.json()).encoded_body
  const [word, jwt] = response.headers.get('authorization').split(':')
  const head = await opened(jwt)
  const [itsMethod, hash, type, date, itsPath] = head.signature.split('\n')
  must(word === `QIT ${CLIENT_KEY}` && head.sub === CLIENT_KEY, 'it is for another client')
  must(itsMethod === method && itsPath === path && type === 'application/json', 'it answers another request')
  must(hash === md5(answer) && isNow(date), 'its body or time is another')
  return { status: response.status, json: await opened(answer) }
}

async function plain (method, path, body) {
  const text = body && JSON.stringify(body)
  const claims = { payload_md5: md5(text ?? '{}'), timestamp: new Date().toISOString(), method, uri: path }
  const response = await fetch(BASE + path, {
    method,
    headers: { Authorization: await token(claims), 'API-CLIENT-KEY': CLIENT_KEY, 'Content-Type': 'application/json' },
    body: text
  })
  const answer = await response.text()
  const signed = await opened(response.headers.get('authorization'))
  must(signed.method === method && signed.uri === path, 'it answers another request')
  must(signed.payload_md5 === md5(answer) && isNow(signed.timestamp), 'its body or time is another')
  return { status: response.status, json: JSON.parse(answer) }
}

// ---- one envelope ----

const send = { 'es512-wrapped': wrapped, 'es512-plain': plain }[process.argv[2]]

async function call (method, path, body) {
  const { status, json } = await send(method, path, body)
  console.log(`${status} ${method} ${path} ${json.status ?? ''}`)
  if (status >= 300) throw new Error(JSON.stringify(json))
  return json
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
