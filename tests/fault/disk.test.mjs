// Does a full disk cost clear answers and nothing else, and is a damaged file told from a good one?
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, openSync, closeSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { initData } from '../lib/server.mjs'
import { openCrowd, pause, until } from './crowd.mjs'
import { blobs, query } from './store.mjs'
import { allIsDone, assertDossiers, assertStore } from './verdict.mjs'

const parent = mkdtempSync(join(tmpdir(), 'chirograph-disk-'))
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m,mode=700', 'chirograph-test', parent]).status === 0
const skip = !mounted && 'a small file system of its own needs root'
const filler = join(parent, 'filler')
let crowd

// Leave nothing, in ever smaller pieces.
function fill () {
  const file = openSync(filler, 'a')
  for (let size = 1 << 20; size >= 1;) {
    try {
      const written = writeSync(file, Buffer.alloc(size))
      if (written < size) size = size >> 1
    } catch { size = size >> 1 }
  }
  closeSync(file)
}

const release = () => rmSync(filler, { force: true })

before(async () => {
  if (!skip) crowd = await openCrowd({ envelopes: 10, signers: 2, data: initData('Disco Cheio Ltda', [], parent) })
})
after(async () => {
  if (crowd) await crowd.close()
  if (mounted) spawnSync('umount', ['-l', parent])
  rmSync(parent, { recursive: true, force: true })
})

const creation = (envelope) => ['POST', '/sign/envelope', { key: crowd.key, json: crowd.creation(envelope), headers: { 'Idempotency-Key': `create-${envelope.id}` } }]

test('a full disk is answered 503, and nothing of the request is kept', { skip }, async () => {
  const [envelope] = crowd.envelopes
  fill()
  for (let i = 0; i < 5; i++) {
    const answer = await crowd.once(...creation(envelope))
    assert.equal(answer.status, 503, answer.body.toString())
    assert.equal(answer.json.code, 'SGN503008')
    assert.ok(Number(answer.headers['retry-after']) > 0)
  }
  assert.equal((await crowd.once('GET', '/health')).status, 200)
  assert.equal((await crowd.once('GET', `/sign/envelope/${envelope.id}`, { key: crowd.key })).status, 404)
  release()
  assert.equal(query(crowd.data, 'select count(*) as n from envelope')[0].n, 0)
  const { kept } = blobs(crowd.data)
  assert.deepEqual(kept, [], 'no blob stayed behind')
})

test('with space again the same request is taken', { skip }, async () => {
  const front = crowd.server.pids('front')
  for (const envelope of crowd.envelopes) await crowd.create(envelope)
  assert.deepEqual(crowd.server.pids('front'), front, 'no process died of it')
})

test('signatures and seals that meet a full disk are made later', { skip }, async () => {
  crowd.isPatient = true
  for (const signer of crowd.signers) {
    await crowd.invited(signer)
    await crowd.bringTo(signer, 'sign')
  }
  const clicks = crowd.lastClicks()
  for (let i = 0; i < 4; i++) {
    await pause(100)
    fill()
    await pause(400)
    release()
  }
  await clicks
  await allIsDone(crowd)
  await assertDossiers(crowd)
  for (const signer of crowd.signers) assert.ok(crowd.messages('copy', signer).length >= 1, signer.id)
})

function blobFile (id) {
  const folder = join(crowd.data, 'blobs')
  return readdirSync(folder).map((shard) => join(folder, shard, id)).find((path) => { try { return statSync(path).isFile() } catch { return false } })
}

const damages = {
  'a changed byte': (path) => { const bytes = readFileSync(path); bytes[bytes.length >> 1] ^= 1; writeFileSync(path, bytes) },
  'a missing end': (path) => truncateSync(path, statSync(path).size - 1),
  'a missing file': (path) => rmSync(path),
  'another file in its place': (path, other) => writeFileSync(path, readFileSync(other))
}

test('a damaged dossier is reported and never served', { skip }, async () => {
  crowd.isPatient = false
  for (const [i, [name, damage]] of Object.entries(damages).entries()) {
    const envelope = crowd.envelopes[i]
    const of = (one) => blobFile(query(crowd.data, `select d.dossier_blob as blob from document d join envelope e on e.id = d.envelope where e.external_id = '${one.id}'`)[0].blob)
    damage(of(envelope), of(crowd.envelopes[9]))
    const report = await crowd.call('GET', `/sign/envelope/${envelope.id}/report`, { key: crowd.key })
    const url = new URL(report.json.documents_reports[0].url).pathname
    const answer = await crowd.once('GET', url)
    assert.equal(answer.status, 500, `${name}: ${answer.status}`)
    const incident = /Incident ([\w-]+)/.exec(answer.json.description)
    assert.ok(incident, `${name}: ${answer.body}`)
    await until(`incident ${incident[1]} in the log`, () => crowd.server.log().includes(`incident=${incident[1]}`))
  }
  const intact = await crowd.dossier(crowd.envelopes[8])
  assert.ok(intact.subarray(0, crowd.envelopes[8].contract.length).equals(crowd.envelopes[8].contract))
})

test('the store holds each event once, in unbroken chains', { skip }, async () => {
  assert.equal(await crowd.stop(), 0)
  const lines = crowd.logs.join('').split('\n').filter((line) => /result=buried|killed by its sandbox|malformed frame|signal=/.test(line))
  assert.deepEqual(lines, [])
  assertStore(crowd, { missing: 1 })
})
