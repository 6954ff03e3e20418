// Do the last clicks of a hundred envelopes of three signers, arriving at the same moment, all count, and each once?
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openCrowd } from './crowd.mjs'
import { allIsDone, assertDossiers, assertStore } from './verdict.mjs'

let crowd
before(async () => { crowd = await openCrowd() })
after(async () => { await crowd.close() })

test('three hundred people arrive at the last click', async () => {
  await crowd.prepare()
  for (const signer of crowd.signers) assert.equal(signer.state.step, 'sign')
})

test('all click at once, and every click counts', async () => {
  await crowd.lastClicks()
  for (const signer of crowd.signers) assert.deepEqual(signer.acknowledged, ['open', 'cpf', 'read', 'code', 'code/check', 'sign'])
})

test('every envelope is completed, one webhook each', async () => {
  await allIsDone(crowd)
  for (const envelope of crowd.envelopes) {
    assert.deepEqual(envelope.view.signers.map((signer) => signer.status), ['signed', 'signed', 'signed'], envelope.id)
  }
  assert.equal(crowd.receiver.requests.length, crowd.envelopes.length)
  const ids = new Set()
  for (const [envelope, got] of crowd.webhooks()) {
    assert.equal(got.length, 1, envelope)
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

test('the store holds each event once, in unbroken chains, and no blob that nobody names', async () => {
  assert.equal(await crowd.stop(), 0)
  const { orphans } = assertStore(crowd)
  assert.deepEqual(orphans, [])
  crowd.assertLogIsClean()
})
