// Is a request ever lost when the server is told to stop while it is busy?
// Partners create envelopes over kept-alive connections, one after the other, without a pause; SIGTERM
// comes in the middle. Whatever was sent over a connection that stood must be answered, what was
// acknowledged must be in the store, and the store must hold nothing else.
import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import https from 'node:https'
import { join } from 'node:path'
import test from 'node:test'
import { initData, startServer } from '../lib/server.mjs'

const CLIENTS = 24
const BEFORE = 200 // acknowledged before the signal
const envelope = JSON.stringify({
  subject: 'Drained', expiration_date: `${new Date().getUTCFullYear() + 1}-12-31`,
  signers: [{
    id: '1', name: 'Maria José', email: 'maria@example.com', birthdate: '1992-09-15', document_number: '529.982.247-25',
    phone: { international_dial_code: '55', area_code: '19', number: '988878722' },
    document_submission_method: 'email', authentication_submission_method: 'email'
  }]
})

// One request; `refused` when there was no connection to send it over.
function create (server, agent) {
  return new Promise((resolve) => {
    let stood = false
    const headers = { Authorization: server.keys.sandbox_api_key, 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(envelope) }
    const req = https.request(`${server.url}/sign/envelope`, { method: 'POST', headers, agent }, (res) => {
      const parts = []
      res.on('data', (part) => parts.push(part))
      res.on('error', (error) => resolve({ lost: error.message }))
      res.on('end', () => {
        if (!res.complete) resolve({ lost: 'half an answer' })
        else resolve({ status: res.statusCode, body: JSON.parse(Buffer.concat(parts)) })
      })
    })
    req.on('socket', (socket) => {
      stood = req.reusedSocket
      socket.once('secureConnect', () => { stood = true })
    })
    req.on('error', (error) => resolve(stood ? { lost: error.message } : { refused: true }))
    req.end(envelope)
  })
}

async function client (server, ca, seen, enough) {
  const agent = new https.Agent({ ca, keepAlive: true, maxSockets: 1 })
  for (;;) {
    const answer = await create(server, agent)
    if (answer.refused) break
    if (answer.lost) seen.lost.push(answer.lost)
    else if (answer.status === 201) seen.ids.push(answer.body.id)
    else seen.other.push(answer)
    if (seen.ids.length >= BEFORE) enough()
    if (answer.lost) break
  }
  agent.destroy()
}

async function listed (server) {
  const ids = []
  for (let path = '/sign/envelope'; path;) {
    const page = await server.request('GET', path, { key: server.keys.sandbox_api_key })
    assert.equal(page.status, 200)
    ids.push(...page.json.envelopes.map((e) => e.id))
    path = page.json.next_cursor && `/sign/envelope?cursor=${encodeURIComponent(page.json.next_cursor)}`
  }
  return ids
}

test('a server told to stop under load loses no request', async () => {
  const data = initData()
  try {
    const ca = readFileSync(join(data, 'keys/tls.crt'))
    const server = await startServer({ data })
    const seen = { ids: [], lost: [], other: [] }
    let told = false
    const enough = () => { if (!told) server.signal('SIGTERM'); told = true }
    await Promise.all(Array.from({ length: CLIENTS }, () => client(server, ca, seen, enough)))
    const end = await server.ended
    assert.deepEqual(end, { status: 0, signal: null }, server.log())
    assert.deepEqual(seen.lost, [])
    assert.deepEqual(seen.other, [])
    const again = await startServer({ data })
    assert.deepEqual((await listed(again)).sort(), seen.ids.sort())
    await again.stop()
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
})
