// When press dies, hangs or eats memory on a document, is the upload refused with a clear answer, is a seal made
// all the same, and is nothing stuck?
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { deflateRawSync, constants } from 'node:zlib'
import { openCrowd, pause, until } from '../fault/crowd.mjs'
import { allIsDone, assertDossiers, assertStore } from '../fault/verdict.mjs'
import { rolePids } from '../lib/server.mjs'

// Objects one after another and a classic table: a file that is correct and takes press a while.
function pdfOf (bodies) {
  const pieces = [Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1')]
  const offsets = []
  let at = pieces[0].length
  bodies.forEach((body, i) => {
    const piece = Buffer.concat([Buffer.from(`${i + 1} 0 obj\n`), Buffer.isBuffer(body) ? body : Buffer.from(body), Buffer.from('\nendobj\n')])
    offsets.push(at)
    pieces.push(piece)
    at += piece.length
  })
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  pieces.push(Buffer.from(`xref\n0 ${bodies.length + 1}\n0000000000 65535 f \n${rows}trailer\n<</Size ${bodies.length + 1}/Root 1 0 R>>\nstartxref\n${at}\n%%EOF\n`))
  return Buffer.concat(pieces)
}

function largePdf (pages) {
  const kids = Array.from({ length: pages }, (_, i) => `${i + 3} 0 R`)
  const filler = Array.from({ length: 60000 }, (_, i) => `<</A[${i} (word)]/B ${pages + 3 + (i * 7919) % 60000} 0 R>>`)
  return pdfOf(['<</Type/Catalog/Pages 2 0 R>>', `<</Type/Pages/Count ${pages}/Kids[${kids.join(' ')}]>>`,
    ...kids.map((_, i) => `<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>/X ${pages + 3 + i} 0 R>>`), ...filler])
}

// A stream of zeros, deflated: each block of 16 MB is the same bytes again.
function deflatedZeros (blocks) {
  const size = 16 * 1024 * 1024
  const block = deflateRawSync(Buffer.alloc(size), { finishFlush: constants.Z_FULL_FLUSH, level: 9 })
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE((((size % 65521) * blocks % 65521) * 65536 + 1) >>> 0)
  return Buffer.concat([Buffer.from([0x78, 0xda]), ...Array(blocks).fill(block), Buffer.from([3, 0]), sum])
}

// The table itself is a stream that unpacks to far more than press may hold.
function bombPdf () {
  const data = deflatedZeros(160)
  const head = '%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Count 0/Kids[]>>\nendobj\n'
  return Buffer.concat([Buffer.from(`${head}3 0 obj\n<</Type/XRef/Size 4/W[1 2 1]/Root 1 0 R/Filter/FlateDecode/Length ${data.length}>>\nstream\n`),
    data, Buffer.from(`\nendstream\nendobj\nstartxref\n${head.length}\n%%EOF\n`)])
}

// Does something to each press that appears, until it has done it often enough.
function hunt (supervisor, times, act) {
  const seen = new Set()
  let isOver = false
  const run = async () => {
    while (!isOver && seen.size < times) {
      for (const pid of rolePids(supervisor, 'press')) {
        if (seen.has(pid) || seen.size >= times) continue
        seen.add(pid)
        await act(pid, seen.size)
      }
      await pause(1)
    }
    return seen.size
  }
  const running = run()
  return { count: () => seen.size, stop: () => { isOver = true; return running } }
}

const signal = (name) => (pid) => { try { process.kill(pid, name) } catch { /* it ended by itself */ } }
const noPress = (server) => until('no press is left', () => rolePids(server.pid, 'press').length === 0)

let crowd, id
const large = largePdf(300)
before(async () => {
  crowd = await openCrowd({ envelopes: 5, signers: 1 })
  const created = await crowd.call('POST', '/sign/envelope', { key: crowd.key, json: { subject: 'x', expiration_date: `${new Date().getUTCFullYear() + 1}-12-31`,
    signers: [{ id: '1', name: 'Ana', email: 'ana@example.com', birthdate: '1990-01-31', document_number: '529.982.247-25', document_submission_method: 'email', authentication_submission_method: 'email' }] } })
  id = created.json.id
})
after(async () => { await crowd.close() })

const upload = (pdf) => crowd.server.request('POST', `/sign/envelope/${id}/document?name=x.pdf`, { key: crowd.key, body: pdf, headers: { 'Content-Type': 'application/pdf' } })
const documents = async () => (await crowd.call('GET', `/sign/envelope/${id}`, { key: crowd.key })).json.documents.length

function assertRefused (reply, reason) {
  assert.equal(reply.status, 400, reply.body.toString())
  assert.match(reply.json.description, reason)
}

test('a press killed once in the middle of an upload: nobody notices', async () => {
  const killer = hunt(crowd.server.pid, 1, signal('SIGKILL'))
  const reply = await upload(large)
  assert.equal(await killer.stop(), 1)
  assert.equal(reply.status, 201, reply.body.toString())
  assert.equal(await documents(), 1)
})

test('a press that dies of the file each time: refused, nothing kept', async () => {
  const killer = hunt(crowd.server.pid, 100, signal('SIGKILL'))
  assertRefused(await upload(large), /crashed/)
  assert.ok(await killer.stop() >= 2)
  assert.equal(await documents(), 1)
  assert.equal((await upload(large)).status, 201)
})

const hasNoLimit = process.env.CHIROGRAPH_SANITIZED && 'the memory of a press has no limit in sanitizer builds: their shadow is larger'
test('a press over its memory: refused, and the next document is taken', { skip: hasNoLimit }, async (t) => {
  const reply = await upload(bombPdf())
  t.diagnostic(reply.json?.description)
  assertRefused(reply, /too_complex|crashed|damaged|unreadable|trailer_lost/)
  await noPress(crowd.server)
  assert.equal((await upload(crowd.envelopes[0].contract)).status, 201)
})

test('a press that hangs: refused as too slow, and killed', async () => {
  const freezer = hunt(crowd.server.pid, 100, signal('SIGSTOP'))
  const reply = await upload(large)
  await freezer.stop()
  assertRefused(reply, /too_slow/)
  await noPress(crowd.server)
  assert.equal((await upload(crowd.envelopes[0].contract)).status, 201)
})

test('press killed at each moment of sealing: every dossier is made once', async () => {
  for (const envelope of crowd.envelopes) {
    envelope.contract = largePdf(10 + crowd.envelopes.indexOf(envelope))
    await crowd.create(envelope)
    await crowd.invited(envelope.signers[0])
    await crowd.bringTo(envelope.signers[0], 'sign')
  }
  // The first ones at once, each later one a little later in its life: while it reads, builds, waits for the
  // signature, writes; then the one that verifies.
  const killer = hunt(crowd.server.pid, 16, async (pid, n) => {
    await pause(n * 50 % 700)
    signal('SIGKILL')(pid)
  })
  await crowd.lastClicks()
  await until('sixteen presses are gone, or all is sealed', async () => {
    const views = await Promise.all(crowd.envelopes.map(({ id }) => crowd.call('GET', `/sign/envelope/${id}`, { key: crowd.key })))
    return killer.count() >= 16 || views.every(({ json }) => json.status === 'completed')
  })
  const killed = await killer.stop()
  await allIsDone(crowd)
  await assertDossiers(crowd)
  await noPress(crowd.server)
  const log = crowd.server.log()
  assert.ok(killed >= crowd.envelopes.length, `${killed}`)
  assert.match(log, /child=press signal=9/)
  assert.doesNotMatch(log, /incident=|result=buried/)
  assert.equal(await crowd.stop(), 0)
  assert.deepEqual(readdirSync(crowd.data + '/run').filter((name) => name.endsWith('.tmp')), [])
  assertStore({ ...crowd, envelopes: crowd.envelopes, signers: crowd.signers })
})
