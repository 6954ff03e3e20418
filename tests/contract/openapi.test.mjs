// Is api/openapi.yaml what the server does: valid, every route of the router and no other, every error
// code in its place, every example taken, every answer as its schema says and no member beside it?
import WebSocket from 'ws'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import Ajv2020 from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'
import { errors } from '../../tools/errors.mjs'
import { message } from '../lib/outbox.mjs'
import { addIntegration } from '../lib/partner.mjs'
import { run, startServer } from '../lib/server.mjs'

const doc = parse(readFileSync(new URL('../../api/openapi.yaml', import.meta.url), 'utf8'))
const operations = Object.entries(doc.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })))
const operation = (id) => operations.find((o) => o.operationId === id)
const codesOf = (response) => (response['x-codes'] ?? '').split(' ').filter(Boolean)
const resolve = (thing) => thing.$ref ? thing.$ref.split('/').slice(1).reduce((at, key) => at[key], doc) : thing

// Answers are held against a stricter document: a member that is not described is a fault.
function strict (schema) {
  if (Array.isArray(schema)) return schema.map(strict)
  if (schema === null || typeof schema !== 'object') return schema
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, strict(value)]))
  if (copy.type === 'object' && copy.properties) copy.additionalProperties = false
  return copy
}
const ajv = new Ajv2020({ strict: false, allErrors: true })
addFormats.default ? addFormats.default(ajv) : addFormats(ajv)
ajv.addSchema({ $id: 'api', components: { schemas: strict(doc.components.schemas) } })
ajv.addSchema({ $id: 'request', components: { schemas: doc.components.schemas } })
function fits (schema, value, what, base = 'api') {
  const own = JSON.parse(JSON.stringify(base === 'api' ? strict(schema) : schema).replaceAll('"#/', `"${base}#/`))
  const check = ajv.compile(own)
  assert.ok(check(value), `${what}: ${ajv.errorsText(check.errors)}\n${JSON.stringify(value)}`)
}

test('the document is valid OpenAPI 3.1', async () => {
  const result = await new Validator().validate(structuredClone(doc))
  assert.ok(result.valid, JSON.stringify(result.errors, null, 1))
})

test('the router and the document have the same routes', () => {
  const shape = (text) => text.replace(/\{[^}]+\}|:[a-z]+/g, '*')
  const routes = run(['routes']).out.trim().split('\n').map((line) => JSON.parse(line))
  const of = (list, name) => list.map((r) => `${r.method} ${shape(r.path)} ${r[name]}`).sort()
  assert.deepEqual(of(operations, 'operationId'), of(routes, 'operation'))
  for (const route of routes) assert.equal(operation(route.operation).security?.length !== 0, route.schemes !== 0, route.operation)
})

test('every code of api/errors.def is answered somewhere or said to be never answered', () => {
  const status = Object.fromEntries(errors.map((e) => [e.code, e.status]))
  const answered = new Set(codesOf(doc.components.responses.Layer))
  for (const o of operations) {
    for (const [key, response] of Object.entries(o.responses)) {
      for (const code of codesOf(response)) {
        assert.equal(String(status[code]), key, `${o.operationId} ${code}`)
        answered.add(code)
      }
    }
  }
  const never = new Set(Object.keys(doc['x-never-answered']))
  assert.deepEqual([...answered].filter((code) => never.has(code)), [])
  assert.deepEqual(errors.map((e) => e.code).filter((code) => !answered.has(code) && !never.has(code)), [])
  assert.deepEqual([...answered, ...never].filter((code) => !(code in status)), [])
})

test('docs/errors.md is that of api/errors.def', () => {
  const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
  for (const e of errors) assert.ok(page.includes(`| \`${e.code}\` | ${e.status} | ${e.english} | ${e.portuguese} |`), e.code)
})

// ---- against a server ----

let server
const used = new Set()
before(async () => { server = await startServer() })
after(async () => { await server.stop() })

function fill (path, values) {
  return path.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? doc.components.parameters[name].example)
}

function judge (o, answer, wanted) {
  const what = `${o.operationId} ${answer.status}`
  assert.equal(answer.status, wanted, `${what}: ${answer.body}`)
  const key = String(answer.status)
  const response = resolve(o.responses[key] ?? o.responses.default)
  const type = (answer.headers['content-type'] ?? '').split(';')[0]
  if (answer.status >= 400) {
    const { code = answer.json.code, reason } = answer.json.detail ?? {}
    if (reason !== 'empty token') assert.ok(codesOf(response).includes(code), `${what}: ${code} is not in x-codes`)
  }
  if (!response.content || Object.keys(response.content).length === 0) return answer
  assert.ok(type in response.content, `${what}: ${type}`)
  if (response.content[type].schema && answer.json) fits(response.content[type].schema, answer.json, what)
  used.add(o.operationId)
  return answer
}

async function call (id, { wanted = 200, values = {}, query = '', example, change = {}, headers = {}, key, body, type } = {}) {
  const o = operation(id)
  const media = o.requestBody?.content['application/json']
  let json
  if (media && body === undefined) {
    json = structuredClone(example ? media.examples[example].value : media.example)
    Object.assign(json, change)
    if (json.expiration_date) json.expiration_date = `${new Date().getUTCFullYear() + 1}-12-31`
    if (wanted < 400) fits(media.schema, json, `${id} request`, 'request')
  }
  const isOpen = o.security?.length === 0
  return judge(o, await server.request(o.method, fill(o.path, values) + query, {
    key: isOpen ? undefined : key ?? server.keys.sandbox_api_key, json, body, headers: { ...(type && { 'Content-Type': type }), ...headers }
  }), wanted)
}

// Asks until nothing has changed between two requests: the delivery of a message counts as a change.
async function unchanged (id) {
  for (let tries = 0; tries < 50; tries++) {
    const got = await call(id)
    const again = await server.request('GET', fill(operation(id).path, {}), { key: server.keys.sandbox_api_key, headers: { 'If-None-Match': got.headers.etag } })
    if (again.status === 304) return got
  }
  throw new Error(`${id} never answers 304`)
}

const bytes = (id) => Buffer.from(operation(id).requestBody.content['application/json'].example.document_b64, 'base64')

test('the envelope API answers every example as described', async () => {
  const created = await call('createEnvelope', { wanted: 201, example: 'alone', headers: { 'Idempotency-Key': 'a' } })
  const again = await call('createEnvelope', { wanted: 201, example: 'alone', headers: { 'Idempotency-Key': 'a' } })
  assert.deepEqual(again.body, created.body)
  assert.equal(again.headers['idempotent-replayed'], 'true')
  await call('createEnvelope', { wanted: 409, example: 'alone' })
  await call('addDocument', { wanted: 201 })
  await call('addSigner', { wanted: 201 })
  await call('addDocument', { wanted: 201, query: '?id=raw&name=Raw', body: bytes('addDocument'), type: 'application/pdf' })
  const form = new FormData()
  form.append('name', 'Form')
  form.append('file', new Blob([bytes('addDocument')], { type: 'application/pdf' }), 'form.pdf')
  const encoded = new Response(form)
  await call('addDocument', { wanted: 201, body: Buffer.from(await encoded.arrayBuffer()), type: encoded.headers.get('content-type') })
  await call('addPersonalDocument', { wanted: 201 })
  await call('addPersonalDocument', { wanted: 201, query: '?template=cnh_back', body: bytes('addPersonalDocument'), type: 'image/jpeg' })
  await call('getPersonalDocument')
  await call('getFace', { wanted: 404 })
  await call('changeEnvelope', { example: 'submit' })
  await message(server.data, /-invite-/, /(https:)/)
  const got = await unchanged('getEnvelope')
  await unchanged('getSigner')
  await call('getReports')
  await call('getProof')
  await call('getDocumentReport')
  await call('listEnvelopes', { query: '?status=submitted&limit=10&created_after=2026-01-31' })
  await call('changeEnvelope', { example: 'cancel' })
  await call('addDocument', { wanted: 409 })
  assert.equal(got.json.status, 'submitted')
})

test('the handshake answers as described', async () => {
  const { key } = addIntegration(server.data)
  for (const id of ['test', 'testKey']) {
    await call(id, { values: { integration: key } })
    await call(`${id}Echo`, { wanted: 201, example: 'any', values: { integration: key } })
    await call(id, { wanted: 401, values: { integration: key }, key: 'x' })
  }
})

test('the signer\'s way and the dossier answer every example as described', async () => {
  await call('createEnvelope', { wanted: 201, example: 'whole' })
  const envelope = { envelope: 'lease-43' }
  const { json } = await call('getEnvelope', { values: envelope })
  const values = { token: new URL(json.signers[0].signature_url).pathname.split('/').at(-1), index: 0, ...envelope }
  await call('signerPage', { values, headers: { Accept: 'text/html' } })
  await call('signerState', { values })
  await call('signerQr', { values })
  await call('signerDocument', { values, wanted: 409 })
  await call('signerOpen', { values })
  await call('signerCpf', { values, wanted: 400, change: { cpf: '111.444.777-35' } })
  await call('signerCpf', { values })
  assert.deepEqual((await call('signerDocument', { values })).body, bytes('addDocument'))
  await call('signerDocument', { values, wanted: 206, headers: { Range: 'bytes=0-9' } })
  await call('signerDocument', { values, wanted: 416, headers: { Range: 'bytes=9999999-' } })
  await call('signerRead', { values })
  await call('signerCode', { values })
  await call('signerCode', { values, wanted: 429 })
  await call('signerCodeCheck', { values, change: { code: await message(server.data, /-code-/, /\b(\d{6})\b/) } })
  const state = await call('signerState', { values })
  await call('signerSign', { values, wanted: 400, change: { consent_sha256: '00' } })
  await call('signerSign', { values, change: { consent_sha256: state.json.consent.sha256 } })
  await call('signerDecline', { values, wanted: 409 })
  await dossier(values)
})

function evidence (pdf) {
  const file = join(server.data, 'dossier.pdf')
  writeFileSync(file, pdf)
  execFileSync('pdfdetach', ['-save', '1', '-o', `${file}.json`, file])
  return JSON.parse(readFileSync(`${file}.json`))
}

async function dossier (values) {
  let reports
  do { reports = await call('getReports', { values }) } while (reports.json.status !== 'available')
  await call('getDocumentReport', { values })
  await call('signerDossier', { values })
  const file = new URL(reports.json.documents_reports[0].url).pathname.split('/').at(-1)
  const sealed = await call('getFile', { values: { file } })
  await call('getFile', { values: { file }, wanted: 206, headers: { Range: 'bytes=0-9' } })
  await call('getFile', { values: { file: `A${file}` }, wanted: 404 })
  const code = evidence(sealed.body).verification.code
  await call('verifyPage', { values: { code }, headers: { Accept: 'text/html' } })
  await call('verifyData', { values: { code } })
  const check = await call('verifyFile', { values: { code }, body: sealed.body, type: 'application/pdf' })
  assert.equal(check.json.result, 'dossier')
  await call('verifyData', { values: { code: 'AAAA' }, wanted: 404 })
}

test('a signer who declines answers as described', async () => {
  await call('createEnvelope', { wanted: 201, example: 'whole', change: { id: 'declined' } })
  const { json } = await call('getEnvelope', { values: { envelope: 'declined' } })
  const values = { token: new URL(json.signers[0].signature_url).pathname.split('/').at(-1) }
  await call('signerDecline', { values })
  await call('signerSign', { values, wanted: 409 })
})

test('companies and uploaded documents answer every example as described', async () => {
  const { json: { company_id: company } } = await call('createCompany', { wanted: 201 })
  const values = { company }
  await call('createCompany', { wanted: 400, change: { name: '' } })
  await call('changeCompany', { values })
  await call('getCompany', { values })
  await call('getCompany', { wanted: 404 })
  await call('createCompany', { wanted: 201 })
  assert.equal((await call('searchCompanies', { query: '?query=acme&limit=1' })).json.total_count, 2)
  await call('searchCompanies', { query: '?limit=0', wanted: 400 })
  const { json: { trusted_entity_id: party } } = await call('addTrustedParty', { values, wanted: 201 })
  await call('addTrustedParty', { values, wanted: 409 })
  await call('listTrustedParties', { values })
  await call('removeTrustedParty', { values: { ...values, party } })
  await call('createEnvelope', { wanted: 201, example: 'alone', change: { id: 'of-a-company', company_id: company } })
  await call('getEnvelope', { values: { envelope: 'of-a-company' } })
  await call('listEnvelopes', { query: `?company_id=${company}` })
  const { json: { document_key: key } } = await call('uploadDocument', { wanted: 201, body: bytes('addDocument'), type: 'application/pdf' })
  await call('getDocumentUrl', { values: { key } })
  const { document_b64: left, ...rest } = operation('addDocument').requestBody.content['application/json'].example
  await call('addDocument', { wanted: 201, values: { envelope: 'of-a-company' }, body: JSON.stringify({ ...rest, document_key: key }) })
  await call('addDocument', { wanted: 400, values: { envelope: 'of-a-company' }, body: JSON.stringify({ ...rest, id: 'x', document_key: 'x' }) })
})

test('the feed tells what the tests above did, as described', async () => {
  await call('feed', { wanted: 426 })
  const socket = new WebSocket(`${server.url.replace('https', 'wss')}/feed`, { ca: server.ca, headers: { Authorization: server.keys.sandbox_api_key } })
  const heard = []
  socket.on('message', (data) => heard.push(JSON.parse(data)))
  await new Promise((resolve, reject) => { socket.on('open', () => socket.ping()).on('pong', resolve).on('error', reject) })
  assert.ok(heard.some((item) => item.state === 'refused') && heard.some((item) => item.state === 'completed'))
  for (const item of heard) fits({ $ref: '#/components/schemas/FeedItem' }, item, 'FeedItem')
  const ended = new Promise((resolve) => socket.on('close', resolve))
  const acknowledgement = { ack: heard.map((item) => item.id) }
  fits({ $ref: '#/components/schemas/FeedAcknowledgement' }, acknowledgement, 'FeedAcknowledgement', 'request')
  socket.send(JSON.stringify(acknowledgement))
  socket.close(1000)
  assert.equal(await ended, 1000)
})

test('pages and health', async () => {
  await call('rootPage', { headers: { Accept: 'text/html' } })
  await call('verifyForm', { headers: { Accept: 'text/html' } })
  await call('health')
  await call('platformKeys')
  const page = (await server.request('GET', '/')).body.toString()
  const [, version, folder, file] = /\/assets\/([^/]+)\/([^/]+)\/([^"]+)/.exec(page)
  await call('asset', { values: { version, folder, file } })
  used.add('asset')
})

test('no operation was left out', () => {
  const silent = operations.map((o) => o.operationId).filter((id) => !used.has(id))
  assert.deepEqual(silent, [])
})

test('without a key, with a wrong one and in words that are not JSON the answers are as described', async () => {
  const { json: { company_id: company } } = await call('createCompany', { wanted: 201 })
  for (const o of operations.filter((o) => o.security?.length !== 0)) {
    const path = fill(o.path, { company })
    judge(o, await server.request(o.method, path), ['document', 'handshake'].includes(o.tags[0]) ? 400 : 401)
    judge(o, await server.request(o.method, path, { key: 'x' }), 401)
    if (o.requestBody) judge(o, await server.request(o.method, path, { key: server.keys.sandbox_api_key, body: '{' }), 406)
  }
  const layer = await server.request('DELETE', '/sign/envelope', { key: server.keys.sandbox_api_key })
  assert.equal(layer.status, 405)
  assert.ok(codesOf(doc.components.responses.Layer).includes(layer.json.code))
})
