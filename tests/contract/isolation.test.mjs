// Read from the route table, so that no endpoint can be forgotten: does another organisation's key ever see anything,
// does every endpoint ask for credentials in its family's words, and is every body limit kept?
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { run } from '../lib/server.mjs'
import { b64, document, envelope, jpeg, multipart, openWorld, pdf, photo, signer } from './world.mjs'

const routes = run(['routes']).out.trim().split('\n').map((line) => JSON.parse(line))
const bodies = {
  createEnvelope: () => envelope({ documents: [document()] }), changeEnvelope: () => ({ status: 'canceled' }),
  addDocument: () => document({ id: 'd2', document_b64: b64(pdf('x')) }), addSigner: () => signer('2'), addPersonalDocument: () => photo(),
  createCompany: () => ({ name: 'Sua' }), changeCompany: () => ({ name: 'Sua' }), addTrustedParty: () => ({ address: 'x@example.com' }), removeTrustedParty: () => undefined, uploadDocument: () => undefined,
  testEcho: () => ({ a: 1 }), testKeyEcho: () => ({ a: 1 })
}
let world
let ids
let company
let party
let upload

before(async () => {
  world = await openWorld()
  company = await world.ok('POST', '/company', { json: { name: 'Própria' } })
  party = await world.ok('POST', `/company/${company.company_id}/trustedparty`, { json: { address: 'a@example.com' } })
  upload = await world.ok('POST', '/upload', multipart({ file: pdf() }))
  ids = { completed: await world.make('completed'), created: await world.make() }
  await world.ok('POST', `/sign/envelope/${ids.created}/signer/1/personal_document`, { json: photo() })
})
after(async () => { await world.close() })

const tenants = routes.filter((route) => route.tenant === 'organisation')
const fill = (route, id) => route.path.replace(':envelope', id).replace(':document', 'd1').replace(':signer', '1')
  .replace(':company', company.company_id).replace(':party', party.trusted_entity_id).replace(':key', upload.document_key)
  .replace(':token', 'A'.repeat(22)).replace(':code', 'A'.repeat(20)).replace(':file', `${'A'.repeat(60)}.pdf`).replace(':version', 'x').replace(':folder', 'x').replace(/\/\?$/, '')
const ask = (route, id, options = {}) => world.call(route.method, fill(route, id), { json: bodies[route.operation]?.(), ...options })

test('the table has every endpoint of the manual', () => {
  assert.ok(tenants.length >= 12)
  for (const route of tenants) assert.ok(route.schemes !== 0, route.operation)
  for (const route of routes.filter((one) => one.method !== 'GET' && one.tenant === 'organisation')) assert.ok(route.operation in bodies, `${route.operation} needs a body here`)
})

for (const route of tenants.filter((one) => one.path.includes(':envelope'))) {
  test(`${route.operation}: keys of others see nothing`, async () => {
    for (const id of Object.values(ids)) {
      for (const key of [world.other.sandbox_api_key, world.other.api_key, world.production]) {
        const was = world.holdings()
        const answer = await ask(route, id, { key })
        assert.equal(answer.status, 404, `${answer.status} ${answer.body}`)
        assert.equal(answer.json.code, 'SGN404001')
        assert.deepEqual(Object.keys(answer.json).sort(), ['code', 'description', 'title', 'translation'])
        assert.deepEqual(world.holdings(), was)
      }
    }
  })
}

for (const route of tenants.filter((one) => /:company|:key/.test(one.path))) {
  test(`${route.operation}: keys of others see nothing`, async () => {
    for (const key of [world.other.sandbox_api_key, world.other.api_key, world.production]) {
      const was = world.holdings()
      const answer = await ask(route, 'x', { key })
      assert.equal(answer.status, 404, `${answer.status} ${answer.body}`)
      assert.equal(answer.json.detail?.code ?? answer.json.code, 'SGN404001')
      assert.deepEqual(world.holdings(), was)
    }
  })
}

test('listEnvelopes: each key sees its own', async () => {
  const own = await world.ok('GET', '/sign/envelope')
  assert.deepEqual(own.envelopes.map(({ id }) => id).sort(), Object.values(ids).sort())
  for (const key of [world.other.sandbox_api_key, world.other.api_key, world.production]) {
    assert.deepEqual((await world.ok('GET', '/sign/envelope', { key })).envelopes, [])
  }
})

test('the same id in another organisation, and in the other environment, is no conflict', async () => {
  for (const key of [world.other.sandbox_api_key, world.other.api_key, world.production]) {
    const answer = await world.call('POST', '/sign/envelope', { key, json: envelope({ id: ids.created, subject: 'Deles' }) })
    assert.equal(answer.status, 201, `${answer.body}`)
    assert.equal((await world.ok('GET', `/sign/envelope/${ids.created}`, { key })).subject, 'Deles')
  }
  assert.equal((await world.ok('GET', `/sign/envelope/${ids.created}`)).subject, 'Contrato de teste')
  const own = await world.call('POST', '/sign/envelope', { json: envelope({ id: ids.created }) })
  assert.equal(own.status, 409)
})

for (const route of tenants) {
  test(`${route.operation}: without credentials its family's refusal, with an unknown key 401`, async () => {
    const [status, code] = { envelope: [401, 'SGN401001'], integration: [400, 'GDF000003'], partner: [401, 401] }[route.form]
    const answer = await ask(route, ids.created, { key: null })
    assert.equal(answer.status, status, `${answer.body}`)
    assert.equal(answer.json.code, code)
    if (route.form === 'partner') assert.deepEqual(answer.json, { code: 401, msg: 'Unauthorized', detail: { reason: 'empty token' } })
    const unknown = await ask(route, ids.created, { key: 'EXAMPLE_API_KEY' })
    assert.equal(unknown.status, 401)
    assert.ok(['SGN401002', ...(route.form === 'partner' ? [401] : [])].includes(unknown.json.code))
  })
}

for (const route of routes) {
  test(`${route.operation}: ${route.body_limit} bytes of body and no more`, async () => {
    // An API key signs no body, so that a read takes none.
    const limit = ['GET', 'DELETE'].includes(route.method) && route.schemes !== 0 ? 0 : route.body_limit
    for (const size of limit === 0 ? [1, route.body_limit + 1] : [limit + 1, Math.min(limit, 100000)]) {
      const answer = await world.call(route.method, fill(route, 'nowhere'), { body: Buffer.alloc(size, 0x20), headers: { 'Content-Type': 'application/json' } })
      const isTooLarge = (answer.json?.detail?.code ?? answer.json?.code) === 'SGN400002'
      assert.equal(isTooLarge, size > limit, `${size}: ${answer.status} ${answer.body}`)
      if (isTooLarge) assert.equal(answer.status, 400)
      assert.ok(answer.status < 500, `${answer.status}`)
    }
  })
}

test('signers\' links tell nobody else\'s data', async () => {
  for (const route of routes.filter((one) => one.tenant === 'link' && one.operation !== 'signerPage' && one.operation !== 'verifyPage')) {
    const answer = await world.call(route.method, fill(route, 'x'), { key: null, json: route.method === 'POST' && route.path.startsWith('/s') ? {} : undefined })
    assert.ok([400, 404].includes(answer.status), `${route.operation}: ${answer.status} ${answer.body}`)
    assert.doesNotMatch(`${answer.body}`, /Maria|example\.com/)
  }
})

test('a photo or dossier is reached by its own link only, whose every bit counts', async () => {
  const { document_front_url: url } = await world.ok('GET', `/sign/envelope/${ids.created}/signer/1/personal_document`)
  const path = new URL(url).pathname
  assert.deepEqual((await world.server.request('GET', path)).body, jpeg())
  const token = path.slice(3, path.indexOf('.'))
  assert.ok(token.length >= 22, '128 bits at least')
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  for (let at = 0; at < token.length; at++) {
    const changed = token.slice(0, at) + alphabet[(alphabet.indexOf(token[at]) + 1) % 64] + token.slice(at + 1)
    const answer = await world.server.request('GET', `/f/${changed}.jpeg`)
    assert.equal(answer.status, 404, `letter ${at}`)
  }
})
