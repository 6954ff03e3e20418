// What must be true at the end of every run, whatever happened in between.
import assert from 'node:assert/strict'
import { assertSealed, inParallel, until } from './crowd.mjs'
import { assertChains, blobs, events, openJobs } from './store.mjs'

export async function allIsDone (crowd) {
  await crowd.completed()
  await until('every job has ended', () => {
    const open = openJobs(crowd.data)
    const dead = open.filter((job) => job.dead_at > 0)
    assert.deepEqual(dead, [], 'no job was given up')
    return open.length === 0
  })
}

export async function assertDossiers (crowd) {
  await inParallel(4, crowd.envelopes, async (envelope) => {
    assertSealed(await crowd.dossier(envelope), envelope.contract, envelope.id)
  })
}

const once = ['signer_link_opened', 'signer_cpf_passed', 'signer_document_read', 'signer_code_sent', 'signer_code_passed', 'signer_consented', 'signer_signed']
const onceAnEnvelope = ['envelope_created', 'document_added', 'envelope_submitted', 'envelope_signed', 'dossier_sealed', 'envelope_completed']

// Read after the server ended: nothing acknowledged is missing, nothing happened twice.
export function assertStore (crowd, { missing = 0 } = {}) {
  const all = events(crowd.data)
  assertChains(all)
  const counts = new Map()
  for (const { envelope, said } of all) {
    for (const name of [`${envelope} ${said.kind} ${said.signer ?? ''}`, said.kind])
      counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  for (const envelope of crowd.envelopes) {
    for (const kind of onceAnEnvelope) assert.equal(counts.get(`${envelope.id} ${kind} `), 1, `${envelope.id} ${kind}`)
    for (const signer of envelope.signers) {
      for (const kind of once) assert.equal(counts.get(`${envelope.id} ${kind} ${signer.id}`), 1, `${signer.id} ${kind}`)
    }
  }
  assert.equal(counts.get('signer_signed'), crowd.signers.length)
  const { named, kept } = blobs(crowd.data)
  assert.equal(named.filter((blob) => !kept.includes(blob)).length, missing, 'every blob that is named is there')
  return { all, orphans: kept.filter((blob) => !named.includes(blob)) }
}
