// What signing brings along: webhooks that carry the partner's own form, answers too large for a frame, what is
// remembered across a crash, whose URL a feed is, and when a key was last used.
import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { addIntegration, es512, openPartner, sql } from '../lib/partner.mjs'
import { startReceiver } from '../lib/receiver.mjs'
import { run } from '../lib/server.mjs'
import { envelope, jpeg, openWorld, photo, signer, until } from './world.mjs'

let world, server, receiver
before(async () => {
  receiver = await startReceiver({ path: '/hook/a%20b?x=1&y=%2F' })
  world = await openWorld({ setup: (root) => { writeFileSync(join(root, 'ca.pem'), receiver.ca.ca); return [`webhook.ca_file=${join(root, 'ca.pem')}`] } })
  server = world.server
})
after(async () => { await world.close(); await receiver.stop() })

async function crash () {
  await server.kill('front')
  await until('an answer', () => server.request('GET', '/health', { tls: { maxVersion: 'TLSv1.3' } }).then((answer) => answer.status === 200, () => false))
}

// ---- webhooks ----

const canceled = (id) => receiver.waitFor((request) => JSON.parse(request.body).id === id)

async function cancelOne () {
  const id = await world.make('submitted')
  await world.ok('PATCH', `/sign/envelope/${id}`, { json: { status: 'canceled' } })
  return canceled(id)
}

test('webhooks carry the headers of es512-plain once there is an integration, of its environment and newest first', async () => {
  const set = run(['organization', 'webhook', 'set', '--data', server.data, '--organization', server.keys.organization_id, '--environment', 'sandbox', '--url', receiver.url, '--type', 'envelope_canceled', '--allow', '127.0.0.1'])
  assert.equal(set.status, 0, set.err)
  addIntegration(server.data, { environment: 'production' })
  const none = await cancelOne()
  assert.equal(none.headers.authorization, undefined)
  assert.equal(none.headers['api-client-key'], undefined)
  assert.ok(none.headers.signature && none.headers['webhook-signature'])

  addIntegration(server.data)
  const p = await openPartner(server, 'es512-plain')
  const some = await cancelOne()
  assert.equal(some.headers['api-client-key'], p.integration.key)
  const claims = es512.open(some.headers.authorization, p.platform.es512)
  assert.deepEqual(Object.keys(claims).sort(), ['method', 'payload_md5', 'timestamp', 'uri'])
  assert.deepEqual([claims.method, claims.uri], ['POST', '/hook/a%20b?x=1&y=%2F'])
  assert.equal(claims.payload_md5, createHash('md5').update(some.body).digest('hex'))
  assert.ok(Math.abs(Date.parse(claims.timestamp) - Date.now()) < 60000)
  assert.ok(some.headers.signature && some.headers['webhook-signature'].includes('v1a,'))

  sql(server.data, `UPDATE integration SET revoked_at = ${Date.now()} WHERE environment = 0`)
  assert.equal((await cancelOne()).headers.authorization, undefined)
})

// ---- large answers ----

test('es512-wrapped: answers that do not fit a frame of the key holder are signed like the others', async () => {
  const p = await openPartner(server, 'es512-wrapped')
  for (const size of [1000, 60000, 90000, 119000, 121000, 125000, 200000, 5000000]) {
    const id = randomUUID()
    const made = await p.call('POST', '/sign/envelope', { json: envelope({ id, signers: [signer('1', { personal_documents: [photo('cnh_front', { document_b64: jpeg(size).toString('base64') })] })] }) })
    assert.equal(made.status, 201, JSON.stringify(made.json))
    const answer = await p.call('GET', `/sign/envelope/${id}/signer/1/personal_document`)
    assert.equal(answer.status, 200)
    assert.equal(Buffer.from(answer.json.document_front, 'base64').length, size)
  }
})

// ---- across a crash ----

test('x-sign: what memory forgot in a crash the store still knows', async () => {
  const p = await openPartner(server, 'x-sign')
  const write = p.request('POST', '/test')
  assert.equal((await p.send(write)).status, 201)
  const nonce = Math.floor(Date.now() / 1000) + 250
  const counted = p.request('GET', '/test/', { nonce })
  assert.equal((await p.send(counted)).status, 200)
  const read = p.request('GET', '/sign/envelope')
  assert.equal((await p.send(read)).status, 200)
  await crash()
  const asRead = await p.send({ ...write, method: 'GET' })
  assert.deepEqual([asRead.status, asRead.json.detail?.reason], [401, 'replay'])
  const { 'x-nonce': digits, ...rest } = counted.headers
  assert.equal((await p.send({ ...counted, headers: { ...rest, 'x-timestamp': digits } })).status, 401)
  assert.equal((await p.send(read)).status, 200) // a read may come again
  assert.equal((await p.call('GET', '/sign/envelope?page=1')).status, 200)
})

// ---- the feed's URL ----

test('x-sign: wss:// is signed by those who ask for a WebSocket, https:// by all others', async () => {
  const p = await openPartner(server, 'x-sign')
  const wss = server.url.replace('https:', 'wss:') + '/test'
  const status = async (url, upgrade, method = 'GET') => (await p.send(p.request(method, '/test', { url, headers: upgrade ? { Upgrade: upgrade } : {} }))).status
  assert.equal(await status(undefined), 200)
  assert.equal(await status(wss), 401)
  assert.equal(await status(undefined, 'h2c'), 200)
  assert.equal(await status(wss, 'h2c'), 401)
  for (const word of ['websocket', 'WebSocket', 'h2c, websocket']) {
    assert.equal(await status(wss, word), 200, word)
    assert.equal(await status(undefined, word), 401, word)
  }
  assert.equal(await status(wss, 'websocket', 'POST'), 401)
})

// ---- last use ----

test('the last use of a key is noted, to the minute, and its public key\'s last verified request', async () => {
  const of = (table, where) => Number(sql(server.data, `SELECT ${table === 'api_key' ? 'last_used_at' : 'last_verified_at'} FROM ${table} WHERE ${where}`))
  for (const scheme of ['api-key', 'x-sign', 'http-signature', 'es512-plain', 'es512-wrapped']) {
    const p = await openPartner(server, scheme)
    const row = p.integration?.row ?? p.key.row
    const read = () => of(p.integration ? 'integration' : 'api_key', `id = ${row}`)
    assert.equal(read(), 0)
    const stranger = p.request('GET', '/test')
    for (const name of ['Authorization', 'x-sign', 'Signature']) if (stranger.headers[name]) stranger.headers[name] = stranger.headers[name].slice(0, -8) + 'AAAAAAAA'
    assert.equal((await p.send(stranger)).status, 401)
    assert.equal(read(), 0, `${scheme}: a refused request is no use`)
    const start = Date.now()
    assert.equal((await p.call('GET', '/test')).status, 200)
    const first = read()
    assert.ok(first >= start - 1000 && first <= Date.now(), `${scheme}: ${first}`)
    if (p.integration) assert.ok(of('public_key', `integration = ${row}`) >= start - 1000)
    assert.equal((await p.call('POST', '/test', { json: { a: 1 } })).status, 201)
    assert.equal(read(), first)
  }
  assert.ok(of('public_key', 'integration = 0 AND kind = 2') > 0)
  assert.ok(of('public_key', 'integration = 0 AND kind = 3') > 0)
})
