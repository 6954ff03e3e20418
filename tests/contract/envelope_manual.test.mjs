// Does every call of the envelope manual, made with curl as it stands there, give the documented answer? Only host, key,
// ids, dates and file bytes are ours; answers are compared member by member with the documented shape.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { run } from '../lib/server.mjs'
import { startReceiver } from '../lib/receiver.mjs'
import { b64, day, jpeg, openWorld, pdf, until } from './world.mjs'
import { writeFileSync } from 'node:fs'

const id = '814e7ed3-4080-4cae-a853-8e12812817ea'
const documentId = '3dfc5526-ee47-4b63-ad97-ddaf5b1c9110'
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
let world
let receiver

before(async () => {
  receiver = await startReceiver()
  world = await openWorld({ settings: ['webhook.allow=127.0.0.1', `webhook.ca_file=${receiver.ca.caFile}`] })
  const secret = join(world.root, 'webhook.key')
  writeFileSync(secret, 'signature_key of the test')
  const set = run(['organization', 'webhook', 'set', '--data', world.server.data, '--environment', 'sandbox', '--url', receiver.url, '--key-file', secret, '--allow', '127.0.0.1',
    '--organization', world.server.keys.organization_id])
  assert.equal(set.status, 0, set.err)
})
after(async () => {
  await world.close()
  await receiver.stop()
})

/** curl as the manual writes it: its method, its headers, its -d; the answer's status and JSON. */
async function curl (...args) {
  const given = args.map((arg) => arg.replace('https://HOST', world.server.url).replace('EXAMPLE_API_KEY', world.key))
  const { stdout } = await promisify(execFile)('curl', ['--silent', '--show-error', '--cacert', join(world.server.data, 'keys/tls.crt'), '--write-out', '\n%{http_code} %{content_type}', ...given],
    { maxBuffer: 1 << 26 })
  const cut = stdout.lastIndexOf('\n')
  const [status, type] = stdout.slice(cut + 1).split(' ')
  assert.equal(type, 'application/json')
  return { status: Number(status), json: JSON.parse(stdout.slice(0, cut)) }
}

const keyed = ['-H', 'Authorization: EXAMPLE_API_KEY']
const get = (path) => curl('-X', 'GET', `https://HOST/sign/envelope${path}`, ...keyed)

/** Every member of the shape is there; a pattern or a value says what stands in it. Members may be more. */
function matches (answer, shape, at = 'answer') {
  if (shape instanceof RegExp) return assert.match(String(answer), shape, at)
  if (typeof shape === 'function') return assert.ok(shape(answer), `${at}: ${JSON.stringify(answer)}`)
  if (Array.isArray(shape)) {
    assert.ok(Array.isArray(answer), at)
    assert.equal(answer.length, shape.length, at)
    return shape.forEach((one, i) => matches(answer[i], one, `${at}[${i}]`))
  }
  if (shape !== null && typeof shape === 'object') {
    assert.ok(answer !== null && typeof answer === 'object', at)
    return Object.entries(shape).forEach(([name, value]) => {
      assert.ok(name in answer, `${at}.${name} is missing`)
      matches(answer[name], value, `${at}.${name}`)
    })
  }
  assert.deepEqual(answer, shape, at)
}

const john = {
  id: '1',
  name: 'John Sample',
  email: 'johnsample@test.com',
  birthdate: '1992-09-15',
  document_number: '111.111.111-11',
  phone: { international_dial_code: '55', area_code: '11', number: '988878722' },
  document_submission_method: 'email',
  authentication_submission_method: 'sms'
}
const create = (more = {}) => curl('-X', 'POST', 'https://HOST/sign/envelope', '-H', 'Content-Type: application/json', ...keyed, '-d',
  JSON.stringify({ id, subject: 'CCB', expiration_date: day(30), signers: [john], ...more }, null, 2))

test('creating an envelope', async () => {
  const { status, json } = await create()
  assert.equal(status, 201)
  assert.deepEqual(json, { id, status: 'created' })
})

test('the id of the request corresponds to one already processed', async () => {
  const { status, json } = await create()
  assert.equal(status, 409)
  matches(json, { title: 'Conflict', description: /./, translation: /./, code: 'SGN409001' })
})

test('adding identification documents', async () => {
  for (const [template, more] of [['cnh_front', { file_type: 'jpeg' }], ['cnh_back', {}]]) {
    const { status, json } = await curl('-X', 'POST', `https://HOST/sign/envelope/${id}/signer/1/personal_document`, ...keyed, '-d',
      JSON.stringify({ document_b64: b64(jpeg(0, template.length)), template, ...more }))
    assert.equal(status, 201)
    assert.deepEqual(Object.keys(json), ['created_at'])
    matches(json, { created_at: time })
  }
})

test('adding documents', async () => {
  const { status, json } = await curl('-X', 'POST', `https://HOST/sign/envelope/${id}/document`, ...keyed, '-d',
    JSON.stringify({ id: documentId, document_b64: b64(pdf('Laudo')), name: 'Laudo de vistoria de entrada', document_type: 'pdf' }))
  assert.equal(status, 201)
  matches(json, { id: documentId, created_at: time })
})

test('sending the envelope: curl -d without a JSON content type', async () => {
  const { status, json } = await curl('-X', 'PATCH', `https://HOST/sign/envelope/${id}`, ...keyed, '-d', '{\n    "status": "submitted"\n}')
  assert.equal(status, 200)
  assert.deepEqual(json, { status: 'submitted' })
})

test('reports before anybody signed', async () => {
  assert.deepEqual((await get(`/${id}/report`)).json, { id, status: 'unavailable', documents_reports: [] })
  assert.deepEqual((await get(`/${id}/document/${documentId}/report`)).json, { id: documentId, status: 'unavailable', document_report_url: null, document_report: null })
})

test('querying the envelope when it is completed', async () => {
  await world.sign(id, '1', { cpf: '111.111.111-11' })
  await world.completed(id)
  const { status, json } = await get(`/${id}`)
  assert.equal(status, 200)
  matches(json, {
    id,
    subject: 'CCB',
    expiration_date: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
    status: 'completed',
    signers: [{ ...john, status: 'signed', signed_at: time, signature_url: /^https:\/\/[^/]+\/s\/[A-Za-z0-9_-]{22,}$/,
      documents: [{ id: documentId, name: 'Laudo de vistoria de entrada', document_type: 'pdf' }] }],
    documents: [{ id: documentId, name: 'Laudo de vistoria de entrada', document_type: 'pdf' }]
  })
})

test('the webhook', async () => {
  const { body, headers } = await receiver.waitFor((one) => JSON.parse(one.body).id === id)
  matches(JSON.parse(body), { id, status: 'completed', webhook_type: 'envelope_completed', signers: [{ id: '1' }] })
  assert.match(headers.signature, /^[0-9a-f]{40}$/)
  const { createHmac } = await import('node:crypto')
  assert.equal(headers.signature, createHmac('sha1', 'signature_key of the test').update(receiver.url).update('POST').update(body).digest('hex'))
})

test('a webhook that was taken is sent again on the operator\'s word, under its old id', async () => {
  const id = await world.make('submitted')
  await world.sign(id)
  await world.completed(id)
  const all = () => receiver.requests.filter((one) => JSON.parse(one.body).id === id)
  await until('the webhook', () => all().length === 1)
  const resend = (envelope) => run(['organization', 'webhook', 'resend', '--data', world.server.data, '--environment', 'sandbox', '--organization', world.server.keys.organization_id, '--envelope', envelope])
  const count = () => {
    const said = resend(id)
    assert.equal(said.status, 0, said.err)
    world.server.signal('SIGHUP')
    return all().length
  }
  // The first one's job may end a moment after its answer; until then it is not doubled.
  await until('it again', () => count() > 1)
  const [first, ...others] = all()
  for (const one of others) {
    assert.equal(one.headers['webhook-id'], first.headers['webhook-id'])
    assert.deepEqual(one.body, first.body)
  }
  assert.match(resend('none').err, /none with this name/)
})

test('downloading the dossiers', async () => {
  const { status, json } = await get(`/${id}/report`)
  assert.equal(status, 200)
  matches(json, { id, status: 'available', documents_reports: [{ id: documentId, url: /^https:\/\/.*\.pdf$/ }] })
  const file = await world.server.request('GET', new URL(json.documents_reports[0].url).pathname)
  assert.equal(file.headers['content-type'], 'application/pdf')
  assert.ok(file.body.subarray(0, pdf('Laudo').length).equals(pdf('Laudo')))
})

test('downloading the dossier of one document', async () => {
  const { status, json } = await get(`/${id}/document/${documentId}/report`)
  assert.equal(status, 200)
  matches(json, { id: documentId, status: 'available', document_report_url: /^https:\/\/.*\.pdf$/, document_report: (text) => Buffer.from(text, 'base64').subarray(0, 5).toString() === '%PDF-' })
  const file = await world.server.request('GET', new URL(json.document_report_url).pathname)
  assert.equal(b64(file.body), json.document_report)
})

test('downloading the face photo: none was taken, so there is none', async () => {
  const { status, json } = await get(`/${id}/signer/1/face`)
  assert.equal(status, 404)
  matches(json, { title: 'Not Found', code: 'SGN404001' })
})

test('downloading the document photos', async () => {
  const { status, json } = await get(`/${id}/signer/1/personal_document`)
  assert.equal(status, 200)
  matches(json, { document_front_url: /^https:\/\/.*\.jpeg$/, document_back_url: /^https:\/\/.*\.jpeg$/ })
  for (const [side, template] of [['front', 'cnh_front'], ['back', 'cnh_back']]) {
    const file = await world.server.request('GET', new URL(json[`document_${side}_url`]).pathname)
    assert.equal(file.headers['content-type'], 'image/jpeg')
    assert.ok(file.body.equals(jpeg(0, template.length)))
    assert.equal(json[`document_${side}`], b64(file.body))
  }
})

test('checking a signer\'s status', async () => {
  const { status, json } = await get(`/${id}/signer/1`)
  assert.equal(status, 200)
  assert.deepEqual(Object.keys(json), ['name', 'email', 'status', 'signed_at'])
  matches(json, { name: 'John Sample', email: 'johnsample@test.com', status: 'signed', signed_at: time })
})

test('canceling an envelope', async () => {
  const made = await create({ id: undefined })
  assert.equal(made.status, 201)
  matches(made.json, { id: uuid, status: 'created' })
  const { status, json } = await curl('-X', 'PATCH', `https://HOST/sign/envelope/${made.json.id}`, ...keyed, '-d', '{\n    "status": "canceled"\n}')
  assert.equal(status, 200)
  assert.deepEqual(json, { status: 'canceled' })
  await until('canceled', async () => (await get(`/${made.json.id}`)).json.status === 'canceled')
})

test('a key that is not one, as the manual prints it', async () => {
  const { status, json } = await curl(`https://HOST/sign/envelope/${id}`, '-H', 'Authorization: EXAMPLE-API-KEY')
  assert.equal(status, 401)
  matches(json, { title: 'Unauthorized', description: /./, translation: /./, code: 'SGN401002' })
})
