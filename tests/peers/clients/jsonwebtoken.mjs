// A partner's client out of npm `jsonwebtoken`: the two ES512 schemes. It adds `iat` to every token, as that
// package does when nobody says otherwise.
//
//   BASE=https://… CLIENT_KEY=<integration key> PRIVATE_KEY=key.pem DOCUMENT=file.pdf node jsonwebtoken.mjs es512-plain
import { createHash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import jwt from 'jsonwebtoken'

const { BASE, CLIENT_KEY, PRIVATE_KEY, DOCUMENT } = process.env
const key = readFileSync(PRIVATE_KEY)
const { keys } = await (await fetch(`${BASE}/keys`)).json()
const platform = keys.find((one) => one.alg === 'ES512' && one.purpose === 'response').pem

const md5 = (text) => createHash('md5').update(text).digest('hex')
const token = (claims) => jwt.sign(claims, key, { algorithm: 'ES512' })
const opened = (text) => jwt.verify(text, platform, { algorithms: ['ES512'] })
const must = (isTrue, what) => { if (!isTrue) throw new Error(`the answer is not to be trusted: ${what}`) }

async function exchange (method, path, authorization, body) {
  const headers = { Authorization: authorization, 'API-CLIENT-KEY': CLIENT_KEY, 'Content-Type': 'application/json' }
  const response = await fetch(BASE + path, { method, headers, body })
  return { status: response.status, authorization: response.headers.get('authorization'), text: await response.text() }
}

async function wrapped (method, path, body) {
  const encoded = body && token(body)
  const stringToSign = `${method}\n${encoded ? md5(encoded) : ''}\napplication/json\n${new Date().toUTCString()}\n${path}`
  const authorization = `QIT ${CLIENT_KEY}:${token({ sub: CLIENT_KEY, signature: stringToSign })}`
  const answer = await exchange(method, path, authorization, encoded && JSON.stringify({ encoded_body: encoded }))
  const encodedAnswer = JSON.parse(answer.text).encoded_body
  const { sub, signature } = opened(answer.authorization.replace(`QIT ${CLIENT_KEY}:`, ''))
  const [itsMethod, hash, , , itsPath] = signature.split('\n')
  must(sub === CLIENT_KEY && itsMethod === method && itsPath === path, 'it answers another request')
  must(hash === md5(encodedAnswer), 'its body is another')
  return { status: answer.status, json: opened(encodedAnswer) }
}

async function plain (method, path, body) {
  const text = body && JSON.stringify(body, null, '\t') // signed as it is sent, spaces and all
  const claims = { payload_md5: md5(text ?? '{}'), timestamp: new Date().toISOString().slice(0, 19), method, uri: path }
  const answer = await exchange(method, path, token(claims), text)
  const signed = opened(answer.authorization)
  must(signed.method === method && signed.uri === path, 'it answers another request')
  must(signed.payload_md5 === md5(answer.text), 'its body is another')
  return { status: answer.status, json: JSON.parse(answer.text) }
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
