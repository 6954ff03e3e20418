// Is the state table of docs/envelopes.md what the API does, cell by cell, and what a signer's link does beside it?
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { b64, day, document, openWorld, pdf, photo, signer } from './world.mjs'

const WEEK = 7 * 86400000
let world
let ids
let hasClock

before(async () => {
  world = await openWorld()
  const soon = { json: { expiration_date: day(2) } }
  ids = {
    created: await world.make(), submitted: await world.make('submitted'), completed: await world.make('completed'),
    canceled: await world.make('canceled'), late: await world.make('created', soon), expired: await world.make('submitted', soon)
  }
})
after(async () => { await world.close() })

const path = (state) => `/sign/envelope/${ids[state]}`
const status = async (state) => (await world.ok('GET', path(state))).status
const patch = (state, wanted) => world.call('PATCH', path(state), { json: { status: wanted } })
const said = (answer) => `${answer.status} ${answer.body}`

const additions = {
  signer: (state) => world.call('POST', `${path(state)}/signer`, { json: signer('2') }),
  document: (state) => world.call('POST', `${path(state)}/document`, { json: document({ id: 'd2', document_b64: b64(pdf('Dois')) }) }),
  photo: (state) => world.call('POST', `${path(state)}/signer/1/personal_document`, { json: photo() })
}

async function refusesAll (state) {
  for (const [what, add] of Object.entries(additions)) {
    const answer = await add(state)
    assert.equal(answer.status, 409, `${what}: ${said(answer)}`)
    assert.equal(answer.json.code, 'SGN409002')
  }
  const { signers, documents } = await world.ok('GET', path(state))
  assert.equal(signers.length, 1)
  assert.equal(documents.length, 1)
}

test('created: the signer acts: there is no link yet', async () => {
  const { status: state, signers } = await world.ok('GET', path('created'))
  assert.equal(state, 'created')
  assert.equal(signers[0].status, 'created')
  assert.equal(signers[0].signature_url, null)
  assert.equal(signers[0].signed_at, null)
})

test('created: adding a signer, a document, a photo', async () => {
  const added = await additions.signer('created')
  assert.equal(added.status, 201, said(added))
  assert.deepEqual({ ...added.json, created_at: typeof added.json.created_at }, { id: '2', status: 'created', created_at: 'string' })
  for (const what of ['document', 'photo']) {
    const answer = await additions[what]('created')
    assert.equal(answer.status, 201, said(answer))
  }
  const { signers, documents } = await world.ok('GET', path('created'))
  assert.deepEqual(signers.map(({ id, name, status: state }) => [id, name, state]), ['1', '2'].map((id) => [id, signer().name, 'created']))
  assert.deepEqual(documents.map(({ id }) => id), ['d1', 'd2'])
  assert.deepEqual(signers[1].documents.map(({ id }) => id), ['d1', 'd2'])
})

test('created: submitted needs a signer and a document', async () => {
  const { id } = await world.ok('POST', '/sign/envelope', { json: { subject: 'Vazio', expiration_date: day(3) } })
  ids.empty = id
  const answer = await patch('empty', 'submitted')
  assert.equal(answer.status, 400)
  assert.equal(answer.json.code, 'SGN400050')
  assert.equal((await additions.signer('empty')).status, 201)
  const again = await patch('empty', 'submitted')
  assert.equal(again.status, 400)
  assert.equal(again.json.code, 'SGN400051')
  assert.equal((await additions.document('empty')).status, 201)
  const third = await patch('empty', 'submitted')
  assert.equal(third.status, 200)
  assert.deepEqual(third.json, { status: 'submitted' })
})

test('created: canceled', async () => {
  ids.dropped = await world.make()
  const answer = await patch('dropped', 'canceled')
  assert.equal(answer.status, 200)
  assert.deepEqual(answer.json, { status: 'canceled' })
  assert.equal(await status('dropped'), 'canceled')
})

test('submitted: nothing can be added', () => refusesAll('submitted'))

test('submitted: submitted again gives the same answer and sends nothing', async () => {
  await world.message(/(\/s\/[\w-]+)/)
  const sent = world.outbox().length
  const events = world.holdings().rows
  const answer = await patch('submitted', 'submitted')
  assert.equal(answer.status, 200)
  assert.deepEqual(answer.json, { status: 'submitted' })
  assert.deepEqual(world.holdings().rows, events)
  assert.equal(world.outbox().length, sent)
})

test('submitted: a signer goes from sent to opened to signed, another from sent to refused', async () => {
  const id = await world.make('submitted', { json: { signers: [signer('1'), signer('2'), signer('3')] } })
  const states = async () => (await world.ok('GET', `/sign/envelope/${id}`)).signers.map((one) => one.status)
  assert.deepEqual(await states(), ['sent', 'sent', 'sent'])
  await world.step(await world.page(id, '1'), 'open')
  assert.deepEqual(await states(), ['opened', 'sent', 'sent'])
  await world.sign(id, '1')
  const one = await world.ok('GET', `/sign/envelope/${id}/signer/1`)
  assert.deepEqual({ ...one, signed_at: '' }, { name: signer().name, email: 'signer.1@example.com', status: 'signed', signed_at: '' })
  assert.match(one.signed_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  await world.step(await world.page(id, '2'), 'decline', { reason: 'Não concordo' })
  assert.deepEqual(await states(), ['signed', 'refused', 'sent'])
  await world.sign(id, '3')
  assert.deepEqual(await states(), ['signed', 'refused', 'signed'])
  assert.equal((await world.ok('GET', `/sign/envelope/${id}`)).status, 'submitted', 'a decline is not the end: the partner cancels')
  assert.equal((await world.call('PATCH', `/sign/envelope/${id}`, { json: { status: 'canceled' } })).status, 200)
})

test('submitted: canceled; then the signer\'s page says so', async () => {
  ids.withdrawn = await world.make('submitted')
  const page = await world.page(ids.withdrawn)
  assert.equal((await patch('withdrawn', 'canceled')).status, 200)
  const state = await world.server.request('GET', `${page}/state`)
  assert.equal(state.status, 200)
  assert.equal(state.json.step, 'canceled')
  const act = await world.server.request('POST', `${page}/open`, { json: {} })
  assert.equal(act.status, 409, said(act))
  assert.equal(act.json.code, 'SGN409004')
})

test('completed: nothing can be added, submitted or canceled', async () => {
  await refusesAll('completed')
  for (const wanted of ['submitted', 'canceled']) {
    const answer = await patch('completed', wanted)
    assert.equal(answer.status, 409, wanted)
    assert.equal(answer.json.code, 'SGN409003')
  }
  assert.equal(await status('completed'), 'completed')
})

test('completed: the signer\'s page says done', async () => {
  const page = await world.page(ids.completed)
  const state = await world.server.request('GET', `${page}/state`)
  assert.equal(state.json.step, 'done')
  const act = await world.server.request('POST', `${page}/decline`, { json: { reason: 'x' } })
  assert.equal(act.status, 409, said(act))
})

test('canceled: nothing can be added or submitted; canceled again gives the same answer', async () => {
  await refusesAll('canceled')
  const submit = await patch('canceled', 'submitted')
  assert.equal(submit.status, 409)
  assert.equal(submit.json.code, 'SGN409004')
  const cancel = await patch('canceled', 'canceled')
  assert.equal(cancel.status, 200)
  assert.deepEqual(cancel.json, { status: 'canceled' })
})

test('time runs out', async (t) => {
  hasClock = await world.later(WEEK)
  if (!hasClock) return t.skip('needs -Dtest_seams=true')
  for (const state of ['late', 'expired']) {
    assert.equal(await status(state), 'expired', state)
    await refusesAll(state)
    for (const wanted of ['submitted', 'canceled']) {
      const answer = await patch(state, wanted)
      assert.equal(answer.status, 409, `${state} ${wanted}: ${said(answer)}`)
      assert.equal(answer.json.code, 'SGN409005')
    }
  }
  assert.equal((await world.ok('GET', path('expired'))).signers[0].status, 'expired')
  const page = await world.page(ids.expired)
  assert.equal((await world.server.request('GET', `${page}/state`)).json.step, 'expired')
  const act = await world.server.request('POST', `${page}/open`, { json: {} })
  assert.equal(act.status, 409, said(act))
  assert.equal(act.json.code, 'SGN409005')
  for (const state of ['completed', 'canceled']) assert.equal(await status(state), state, 'what is over stays as it is')
})
