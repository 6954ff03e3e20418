// Is anything that was acknowledged lost, stuck or done twice when every process is killed again and again, and
// once all of them together?
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openCrowd, pause } from './crowd.mjs'
import { killer, resources, seed } from './killer.mjs'
import { allIsDone, assertDossiers, assertStore } from './verdict.mjs'

const roles = ['front', 'keyd', 'press', 'courier']
let crowd
let supervisor

before(async () => {
  crowd = await openCrowd({ isPatient: true })
  supervisor = resources(crowd.server.pid)
})
after(async () => { await crowd.close() })

// A run of the killer around some work, and at least so many deaths of each.
async function under (t, names, least, work) {
  const death = killer(crowd, names)
  await work()
  while (names.some((name) => death.deaths[name] < least && name !== 'press')) await pause(50)
  t.diagnostic(`seed ${seed}, killed ${JSON.stringify(await death.stop())}, calls tried again: ${crowd.lost}`)
}

test('envelopes are created and signers come as far as the last click while roles die', async (t) => {
  await under(t, roles, 3, () => crowd.prepare())
  assert.ok(crowd.lost > 0, 'the deaths were felt')
})

test('all click at once while roles die', async (t) => {
  await under(t, roles, 1, () => crowd.lastClicks())
})

test('the whole server dies while dossiers are made, and starts again on the same folder', async () => {
  const before = crowd.server
  before.signal('SIGKILL')
  await before.ended
  crowd.logs.push(before.log())
  await crowd.start()
  assert.equal(crowd.server.url, before.url)
  supervisor = resources(crowd.server.pid)
})

test('every envelope is completed while roles die', async (t) => {
  await under(t, roles, 3, () => crowd.completed())
  await allIsDone(crowd)
  for (const envelope of crowd.envelopes) {
    assert.deepEqual(envelope.view.signers.map((signer) => signer.status), ['signed', 'signed', 'signed'], envelope.id)
  }
})

test('one webhook each: a repeated one has the same id', () => {
  const ids = new Set()
  for (const [envelope, got] of crowd.webhooks()) {
    assert.equal(new Set(got).size, 1, `${envelope}: ${got}`)
    ids.add(got[0])
  }
  assert.equal(ids.size, crowd.envelopes.length)
})

test('every dossier begins with its original and is accepted by pdfsig', async () => {
  await assertDossiers(crowd)
})

test('every signer got one invitation, one code and one copy', () => {
  for (const signer of crowd.signers) {
    for (const purpose of ['invite', 'code', 'copy']) assert.equal(crowd.messages(purpose, signer).length, 1, `${purpose} ${signer.id}`)
  }
})

test('the supervisor holds no more descriptors than before', async () => {
  const now = resources(crowd.server.pid)
  assert.ok(now.descriptors <= supervisor.descriptors, `${supervisor.descriptors} before, ${now.descriptors} now`)
})

test('the store holds each event once, in unbroken chains, and nothing broke', async () => {
  assert.equal(await crowd.stop(), 0)
  assertStore(crowd)
  crowd.assertLogIsClean()
})
