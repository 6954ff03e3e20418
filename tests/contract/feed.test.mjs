// Does the feed tell a partner, in every scheme, what happened to its own envelopes: in order, until it is acknowledged,
// through kills and reconnects, and nobody else's? The listener is the ws package, and `chirograph listen`.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import WebSocket from 'ws'
import { openPartner, SCHEMES } from '../lib/partner.mjs'
import { environment, program, run } from '../lib/server.mjs'
import { openWorld, signer, until } from './world.mjs'

let world
let wss
const open = new Set()

before(async () => {
  world = await openWorld({ settings: ['server.feed_ping=1'] })
  wss = world.server.url.replace('https', 'wss')
})
after(async () => { await world.close() })

// A listener: what it heard as objects, `ended` with the code of the close. Or { status, json, headers } of a refusal.
function listen (headers, path = '/feed') {
  const ws = new WebSocket(wss + path, { ca: world.server.ca, headers: typeof headers === 'string' ? { Authorization: headers } : headers })
  const heard = []
  let pings = 0
  open.add(ws)
  ws.on('message', (data, isBinary) => { assert.equal(isBinary, false); heard.push(JSON.parse(data.toString())) })
  ws.on('ping', () => { pings++ })
  ws.on('error', () => {})
  const ended = new Promise((resolve) => ws.on('close', (code) => { open.delete(ws); resolve(code) }))
  const feed = {
    ws, heard, ended,
    pings: () => pings,
    has: (n) => until(`${n} items, not ${heard.length}`, () => heard.length >= n),
    ack: (ids) => ws.send(JSON.stringify({ ack: ids })),
    // The pong comes behind all that waited when the ping did: nothing is read before it is sent.
    settled: () => new Promise((resolve) => { ws.once('pong', resolve); ws.ping() }),
    close: async () => { ws.close(1000); assert.equal(await ended, 1000) }
  }
  return new Promise((resolve, reject) => {
    ws.on('open', () => resolve(feed))
    ws.on('unexpected-response', (req, res) => {
      let body = ''
      res.on('data', (piece) => { body += piece })
      res.on('end', () => { req.destroy(); resolve({ status: res.statusCode, headers: res.headers, json: JSON.parse(body) }) })
    })
    setTimeout(() => reject(new Error('no answer')), 20000).unref()
  })
}

const brief = (items) => items.map((i) => `${i.type} ${i.signerID ?? '-'} ${i.state} ${i.status}`)

// Forget what other tests left: acknowledge until nothing comes again.
async function drain (key) {
  for (;;) {
    const feed = await listen(key)
    await feed.settled()
    feed.ack(feed.heard.map((i) => i.id))
    await feed.close()
    if (feed.heard.length === 0) return
  }
}

test('an envelope\'s way, in order, each item as documented', async () => {
  await drain(world.key)
  const feed = await listen(world.key)
  const id = await world.make('completed', { json: { signers: [signer('1')] } })
  await feed.has(4)
  assert.deepEqual(brief(feed.heard), ['EnvelopeStatus - submitted pending', 'SignEnvelope 1 sent pending', 'SignerStatus 1 opened pending',
    'SignerStatus 1 signed approved', 'EnvelopeStatus - completed approved'].slice(0, feed.heard.length))
  await feed.has(5)
  const found = await world.ok('GET', `/sign/envelope/${id}`)
  for (const item of feed.heard) {
    assert.match(item.id, /^[0-9A-Za-z]{27}$/)
    assert.equal(item.envelopeID, id)
    assert.equal(item.coreClientID, '')
    assert.equal(item.sandbox, true)
    assert.ok(Number.isInteger(item.timestamp) && Math.abs(item.timestamp - Date.now() / 1000) < 120)
    assert.equal(item.expireTime, Date.parse(found.expiration_date) / 1000)
    assert.equal(item.clientID, feed.heard[0].clientID)
    assert.deepEqual(Object.keys(item), ['id', 'clientID', 'coreClientID', 'type', 'status', 'timestamp', 'expireTime', 'envelopeID', ...(item.signerID ? ['signerID'] : []), 'state', 'sandbox'])
  }
  assert.equal(new Set(feed.heard.map((i) => i.id)).size, 5)
  await feed.close()
})

test('the company of an envelope is named', async () => {
  await drain(world.key)
  const company = await world.ok('POST', '/company', { json: { name: 'Filial' } })
  const feed = await listen(world.key)
  const id = await world.make('submitted', { json: { company_id: company.company_id } })
  await feed.has(2)
  assert.deepEqual(feed.heard.map((i) => [i.envelopeID, i.coreClientID]), [[id, company.company_id], [id, company.company_id]])
  await feed.close()
})

test('declines, cancellations and the end of time', async () => {
  await drain(world.key)
  const feed = await listen(world.key)
  const id = await world.make('submitted', { json: { signers: [signer('1'), signer('2')] } })
  await world.step(await world.page(id, '2'), 'decline', { reason: 'não' })
  await world.ok('PATCH', `/sign/envelope/${id}`, { json: { status: 'canceled' } })
  await feed.has(5)
  assert.deepEqual(brief(feed.heard), ['EnvelopeStatus - submitted pending', 'SignEnvelope 1 sent pending', 'SignEnvelope 2 sent pending',
    'SignerStatus 2 refused rejected', 'EnvelopeStatus - canceled canceled'])
  await feed.close()
})

test('what was not acknowledged comes again, what nobody waits for does not', async () => {
  await drain(world.key)
  const first = await listen(world.key)
  await world.make('completed')
  await first.has(5)
  await first.close()
  const second = await listen(world.key)
  await second.has(4)
  assert.deepEqual(second.heard, first.heard.filter((i) => i.type !== 'SignEnvelope'))
  second.ack(second.heard[1].id)
  second.ws.send(JSON.stringify({ ack: [second.heard[3].id, 7, null, 'unknown', 'A'.repeat(27)], more: true }))
  second.ws.send('{"something":"else"}')
  await second.close()
  const third = await listen(world.key)
  await third.has(2)
  assert.deepEqual(third.heard, [second.heard[0], second.heard[2]])
  third.ack(third.heard.map((i) => i.id))
  await third.close()
  const fourth = await listen(world.key)
  const id = await world.make('submitted')
  await fourth.has(2)
  assert.deepEqual(fourth.heard.map((i) => i.envelopeID), [id, id])
  await fourth.close()
})

test('a front that is killed loses nothing', async () => {
  await drain(world.key)
  const feed = await listen(world.key)
  const ids = [await world.make('submitted'), await world.make('submitted')]
  await feed.has(4)
  feed.ack(feed.heard[0].id)
  await until('the acknowledgement', () => !world.holdings().rows.feed_item || world.holdings().rows.feed_item === 3)
  await world.server.kill('front')
  assert.equal(await feed.ended, 1006)
  const again = await listen(world.key)
  await again.has(3)
  assert.deepEqual(again.heard, feed.heard.slice(1))
  ids.push(await world.make('submitted'))
  await again.has(5)
  assert.equal(again.heard[4].envelopeID, ids[2])
  await again.close()
})

test('more than one turn can send comes whole and in order', async () => {
  await drain(world.key)
  const signers = Array.from({ length: 100 }, (_, i) => signer(String(i)))
  const id = await world.make('submitted', { json: { signers } })
  await world.make('submitted', { json: { signers } })
  const feed = await listen(world.key)
  await feed.has(202)
  assert.deepEqual(feed.heard.slice(1, 101).map((i) => [i.envelopeID, i.signerID]), signers.map((s) => [id, s.id]))
  assert.equal(new Set(feed.heard.map((i) => i.id)).size, 202)
  feed.ack(feed.heard.map((i) => i.id).slice(0, 202))
  await feed.close()
  await drain(world.key)
})

test('each organisation and environment has its own', async () => {
  for (const key of [world.key, world.production, world.other.sandbox_api_key, world.other.api_key]) await drain(key)
  const own = await listen(world.key)
  const strangers = [await listen(world.production), await listen(world.other.sandbox_api_key), await listen(world.other.api_key)]
  await world.make('submitted')
  const id = await world.make('submitted', { key: world.other.sandbox_api_key })
  await own.has(2)
  await strangers[1].has(2)
  assert.deepEqual(strangers[1].heard.map((i) => i.envelopeID), [id, id])
  for (const stranger of strangers) stranger.ack(own.heard.map((i) => i.id))
  for (const feed of [own, ...strangers]) await feed.close()
  assert.deepEqual(strangers.map((feed) => feed.heard.length), [0, 2, 0])
  const again = await listen(world.key)
  await again.has(2)
  assert.deepEqual(again.heard, own.heard)
  await again.close()
})

for (const scheme of SCHEMES) {
  test(`${scheme}: opens the feed, also below the alias, and is refused in its own form`, async () => {
    await drain(world.key)
    const partner = await openPartner(world.server, scheme)
    await world.make('submitted')
    for (const path of ['/feed', '/api/v1/p/feed', '/feed/']) {
      const made = partner.request('GET', path, scheme === 'x-sign' ? { url: wss + path } : {})
      const feed = await listen(made.headers, path)
      assert.equal(feed.status, undefined, JSON.stringify(feed.json))
      await feed.has(2)
      await feed.close()
    }
    if (scheme === 'api-key') return
    const wrong = partner.request('GET', '/feed?a=1', scheme === 'x-sign' ? { url: `${wss}/feed?b=1` } : {})
    const refused = await listen(wrong.headers, '/feed?c=1')
    assert.equal(refused.status, 401)
    const text = JSON.stringify(refused.json)
    if (scheme === 'x-sign') assert.deepEqual(refused.json, { code: 1020, msg: 'errPartnerAuth', detail: { reason: 'signature' } })
    else if (scheme === 'http-signature') assert.match(text, /SGN401011/)
    else assert.match(text, /GDF000014|encoded_body/)
  })
}

test('x-sign over the https:// form of the feed is not the feed\'s signature', async () => {
  const partner = await openPartner(world.server, 'x-sign')
  const made = partner.request('GET', '/feed')
  assert.equal((await listen(made.headers)).status, 401)
})

test('handshakes that are none', async () => {
  const upgrade = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' }
  const ask = (headers, options = {}) => world.call('GET', '/feed', { headers, tls: { servername: 'localhost' }, ...options })
  const none = await ask(upgrade, { key: null })
  assert.deepEqual([none.status, none.json], [401, { code: 401, msg: 'Unauthorized', detail: { reason: 'empty token' } }])
  const unknown = await ask(upgrade, { key: 'eyJrZXlfaWQiOiJhIn0' })
  assert.equal(unknown.status, 401)
  for (const [status, code, headers] of [
    [426, 'SGN426001', {}],
    [426, 'SGN426001', { ...upgrade, Upgrade: 'h2c' }],
    [426, 'SGN426001', { ...upgrade, 'Sec-WebSocket-Version': '12' }],
    [400, 'SGN400001', { ...upgrade, 'Sec-WebSocket-Key': 'short' }]
  ]) {
    const answer = await ask(headers)
    assert.equal(answer.status, status, `${answer.body}`)
    assert.equal(answer.json.detail.code, code)
    assert.equal(answer.json.code, status)
    if (status === 426) assert.deepEqual([answer.headers.upgrade, answer.headers['sec-websocket-version']], ['websocket', '13'])
  }
  const post = await world.call('POST', '/feed', { json: {} })
  assert.deepEqual([post.status, post.headers.allow], [405, 'GET, HEAD'])
  assert.equal((await world.call('HEAD', '/feed')).status, 426)
})

test('what a hostile listener sends ends its own connection only', async () => {
  await drain(world.key)
  const good = await listen(world.key)
  for (const [code, send] of [
    [1008, (ws) => ws.send('not JSON')],
    [1008, (ws) => ws.send('["ack"]')],
    [1008, (ws) => ws.send(`{"ack":${'['.repeat(100)}${']'.repeat(100)}}`)],
    [1009, (ws) => ws.send('x'.repeat(20000))],
    [1003, (ws) => ws.send(Buffer.from('{"ack":"x"}'))],
    [1007, (ws) => ws.send(Buffer.from([0xc3, 0x28]), { binary: false })],
    [1002, (ws) => ws._socket.write('GET / HTTP/1.1\r\n\r\n')]
  ]) {
    const feed = await listen(world.key)
    send(feed.ws)
    assert.equal(await feed.ended, code)
  }
  await world.make('submitted')
  await good.has(2)
  await good.close()
})

test('a pair of keys may listen sixteen times, and no more until one ends', async () => {
  const feeds = []
  for (let i = 0; i < 16; i++) feeds.push(await listen(world.production))
  const refused = await listen(world.production)
  assert.equal(refused.status, 429)
  assert.equal(refused.headers['retry-after'], '5')
  assert.equal(refused.json.detail.code, 'SGN429005')
  await (await listen(world.key)).close()
  await feeds[0].close()
  feeds[0] = await until('a free place', async () => { const feed = await listen(world.production); return feed.status ? undefined : feed })
  for (const feed of feeds) await feed.close()
})

test('pings come by the setting, and an idle listener stays', async () => {
  const feed = await listen(world.key)
  await until('three pings', () => feed.pings() >= 3)
  await feed.close()
})

test('a key that is revoked hears nothing more', async () => {
  await drain(world.key)
  const partner = await openPartner(world.server, 'es512-plain')
  const feed = await listen(partner.request('GET', '/feed').headers)
  const other = await listen(world.key)
  const r = run(['organization', 'integration', 'revoke', '--data', world.server.data, '--organization', world.server.keys.organization_id, partner.integration.key])
  assert.equal(r.status, 0, r.err + r.out)
  const start = Date.now()
  assert.equal(await feed.ended, 1008)
  assert.ok(Date.now() - start < 5000)
  await world.make('submitted')
  await other.has(2)
  assert.equal(feed.heard.length, 0)
  await other.close()
})

test('a key that may not use the route is refused', async () => {
  const narrow = await openPartner(world.server, 'api-key', { routes: 'GET /sign/envelope' })
  const refused = await listen(narrow.request('GET', '/feed').headers)
  assert.deepEqual([refused.status, refused.json.detail?.code ?? refused.json.code], [403, 'SGN403001'])
  const wide = await openPartner(world.server, 'api-key', { routes: 'GET /feed' })
  await (await listen(wide.request('GET', '/feed').headers)).close()
})

for (const scheme of SCHEMES) {
  test(`chirograph listen --ack, ${scheme}: prints each item once, and acknowledges it`, async () => {
    await drain(world.key)
    const partner = await openPartner(world.server, scheme)
    const id = await world.make('submitted')
    const dir = world.root
    const pair = partner.integration?.pair ?? partner.key.pair
    const flags = []
    if (pair) {
      writeFileSync(join(dir, 'private.pem'), pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
      flags.push('--key', 'private.pem')
    }
    if (partner.key?.text) writeFileSync(join(dir, 'apikey'), partner.key.text)
    if (partner.integration) flags.push('--client-key', partner.integration.key)
    if (scheme === 'http-signature') flags.push('--key-id', partner.key.id)
    const args = ['listen', `${wss}/feed`, '--scheme', scheme, '--cacert', join(world.server.data, 'keys/tls.crt'), '--ack', '--count', '2', ...flags]
    const child = spawn(program, args, { cwd: dir, env: environment() })
    let out = ''
    let err = ''
    child.stdout.on('data', (piece) => { out += piece })
    child.stderr.on('data', (piece) => { err += piece })
    const status = await new Promise((resolve) => child.on('close', resolve))
    assert.equal(status, 0, err)
    assert.deepEqual(out.trim().split('\n').map((line) => JSON.parse(line).envelopeID), [id, id], err)
    await until('both acknowledged', async () => {
      const feed = await listen(world.key)
      await feed.settled()
      await feed.close()
      return feed.heard.length === 0
    })
  })
}

test('maintenance ends listeners with 1013, and a drain with 1001', async () => {
  const feed = await listen(world.key)
  assert.equal(run(['maintenance', 'on', '--data', world.server.data]).status, 0)
  assert.equal(await feed.ended, 1013)
  assert.equal((await listen(world.key)).status, 503)
  assert.equal(run(['maintenance', 'off', '--data', world.server.data]).status, 0)
  const last = await until('the feed again', async () => { const f = await listen(world.key); return f.status ? undefined : f })
  const stopped = world.server.stop()
  assert.equal(await last.ended, 1001)
  assert.equal(await stopped, 0)
  world.server.stop = async () => 0
})
