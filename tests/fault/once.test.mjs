// Does a signed write happen once, whatever comes a thousand times at once or dies in between? Partners of every
// scheme that signs send copies of one request, byte for byte, without any key that would let the server know
// better; the whole server is killed at any moment. What the store holds decides.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { openPartner, sql } from '../lib/partner.mjs'
import { initData, startServer } from '../lib/server.mjs'
import { inParallel, pause } from './crowd.mjs'
import { random } from './killer.mjs'

const SIGNED = ['es512-wrapped', 'es512-plain', 'x-sign', 'http-signature']
const COPIES = 1000
const CONNECTIONS = 250
const next = random(Number(process.env.CHIROGRAPH_SEED ?? 1))
let data, server
const partners = {}

async function start (listen) {
  server = await startServer({ data, listen })
  server.agent.maxSockets = CONNECTIONS
  for (const partner of Object.values(partners)) partner.server = server
}

// Of the whole server: nobody has a moment to write anything down.
async function crash () {
  const listen = new URL(server.url).host
  server.signal('SIGKILL')
  await server.ended
  server.agent.destroy()
  await start(listen)
}

before(async () => {
  data = initData('Uma Vez Ltda')
  await start()
  for (const scheme of SIGNED) partners[scheme] = await openPartner(server, scheme)
})
after(async () => { await server.stop(); rmSync(data, { recursive: true }) })

const rows = () => Number(sql(data, 'SELECT count(*) FROM envelope'))
const creation = () => ({
  subject: `Contrato ${randomUUID()}`, expiration_date: `${new Date().getUTCFullYear() + 1}-12-31`,
  signers: [{ id: '1', name: 'Maria José', email: 'maria@example.com', birthdate: '1992-09-15', document_number: '529.982.247-25', document_submission_method: 'email', authentication_submission_method: 'email' }]
})
const copies = (p, made) => Promise.all(Array.from({ length: COPIES }, () => p.send(made)))
const tally = (answers) => answers.reduce((sum, answer) => ({ ...sum, [answer.status]: (sum[answer.status] ?? 0) + 1 }), {})

for (const scheme of SIGNED) {
  test(`${scheme}: of ${COPIES} copies of one write at once exactly one has an effect`, async () => {
    const p = partners[scheme]
    const before = rows()
    const made = p.request('POST', '/sign/envelope', { json: creation() })
    const answers = await copies(p, made)
    assert.deepEqual(tally(answers), { 201: 1, 401: COPIES - 1 })
    assert.equal(rows(), before + 1)
    for (const answer of answers.slice(0, 20)) p.check(made, answer)
  })

  test(`${scheme}: of ${COPIES} copies with one Idempotency-Key one has an effect, and all get its answer`, async () => {
    const p = partners[scheme]
    const before = rows()
    const made = p.request('POST', '/sign/envelope', { json: creation(), headers: { 'Idempotency-Key': randomUUID() } })
    const answers = (await copies(p, made)).map((answer) => p.check(made, answer))
    assert.deepEqual(tally(answers), { 201: COPIES })
    assert.equal(new Set(answers.map((answer) => answer.json.id)).size, 1)
    assert.equal(rows(), before + 1)
  })

  test(`${scheme}: copies that meet a crash have one effect at most, and none after an answer`, async () => {
    const p = partners[scheme]
    for (let round = 0; round < 4; round++) {
      const before = rows()
      const made = p.request('POST', '/sign/envelope', { json: creation() })
      const first = Promise.all(Array.from({ length: 60 }, () => p.send(made).catch(() => ({ status: 'lost' }))))
      await pause(next() * 250)
      await crash()
      const answers = [...await first, ...await inParallel(20, Array.from({ length: 60 }), () => p.send(made))]
      const made201 = answers.filter((answer) => answer.status === 201).length
      assert.ok(made201 <= 1, JSON.stringify(tally(answers)))
      assert.equal(rows(), before + 1, JSON.stringify(tally(answers)))
      assert.equal((await p.send(made)).status, 401)
    }
  })
}

test('x-sign: a nonce that was accepted is refused after a crash, and so is each below it', async () => {
  const p = await openPartner(server, 'x-sign')
  for (let round = 0, nonce = 100; round < 5; round++, nonce += 1000) {
    let accepted = nonce
    let isOver = false
    const client = (async () => {
      for (let n = nonce + 1; !isOver; n++) {
        const answer = await p.call(n % 3 ? 'GET' : 'POST', '/test', { nonce: n }).catch(() => undefined)
        if (answer === undefined || isOver) return // sent again after the crash, perhaps
        assert.ok(answer.status < 300, `${n}: ${answer.status}`)
        accepted = n
      }
    })()
    await pause(100 + next() * 200)
    isOver = true
    await crash()
    await client
    assert.ok(accepted > nonce, 'some were accepted')
    for (const method of ['GET', 'POST']) {
      for (const n of [accepted, accepted - 1, 1]) assert.equal((await p.call(method, '/test', { nonce: n })).status, 401, `${n} after ${accepted}`)
    }
    assert.equal((await p.call('GET', '/test', { nonce: accepted + 2 })).status, 200)
  }
})
