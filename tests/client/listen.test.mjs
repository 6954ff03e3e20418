// Does the feed's client speak RFC 6455 with the ws package, sign every connection, and come back?
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import crypto from 'node:crypto'
import https from 'node:https'
import { basename } from 'node:path'
import { after, before, test } from 'node:test'
import { WebSocketServer } from 'ws'
import { makeCa } from '../lib/ca.mjs'
import { environment } from '../lib/server.mjs'
import { folder, programs } from './platform.mjs'

const world = folder()
const ca = makeCa()
let server, sockets, url, onSocket, refuse
const heads = []

before(async () => {
  server = https.createServer({ cert: ca.cert, key: ca.key })
  sockets = new WebSocketServer({ noServer: true, perMessageDeflate: true })
  server.on('upgrade', (req, socket, head) => {
    heads.push(req)
    if (refuse) return socket.end(`HTTP/1.1 ${refuse} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
    sockets.handleUpgrade(req, socket, head, (ws) => onSocket(ws, req))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `wss://localhost:${server.address().port}/feed?since=1`
})
after(() => {
  for (const ws of sockets.clients) ws.terminate()
  server.closeAllConnections()
  server.close()
  world.remove()
})

function listen (program, args = []) {
  const child = spawn(program, ['listen', url, '--key', 'rsa.pem', '--cacert', ca.caFile, ...args], { cwd: world.dir, env: environment() })
  const r = { out: '', err: '' }
  child.stdout.on('data', (piece) => { r.out += piece })
  child.stderr.on('data', (piece) => { r.err += piece })
  return { child, r, ended: new Promise((resolve) => child.on('close', (status) => resolve({ status, ...r }))) }
}

for (const program of programs) {
  const name = basename(program)

  test(`${name}: objects of every size, in pieces, between pings, one line each`, async () => {
    const pongs = []
    const objects = [{ id: 1 }, { text: 'ção \n"x"' }, { long: 'x'.repeat(70000) }, { middle: 'y'.repeat(300) }, { last: true }]
    onSocket = (ws) => {
      ws.on('pong', (data) => pongs.push(data.toString()))
      ws.ping('are you there')
      ws.send(JSON.stringify(objects[0], null, 2))
      const text = JSON.stringify(objects[1])
      ws.send(text.slice(0, 3), { fin: false })
      ws.ping('in between')
      ws.send(text.slice(3, 9), { fin: false })
      ws.send(text.slice(9), { fin: true })
      for (const o of objects.slice(2)) ws.send(JSON.stringify(o))
    }
    const end = await listen(program, ['--count', '5']).ended
    assert.equal(end.status, 0, end.err)
    assert.deepEqual(end.out.trim().split('\n').map((line) => JSON.parse(line)), objects)
    assert.deepEqual(pongs, ['are you there', 'in between'])
  })

  test(`${name}: the wss:// URL is signed, afresh for each connection, without Origin, subprotocol or extension`, async () => {
    heads.length = 0
    let count = 0
    onSocket = (ws) => { ws.send(`{"n":${++count}}`); if (count === 1) ws.close(1001) }
    const end = await listen(program, ['--count', '2']).ended
    assert.equal(end.status, 0, end.err)
    assert.equal(end.out, '{"n":1}\n{"n":2}\n')
    assert.match(end.err, /disconnected; again in 1 s/)
    assert.equal(heads.length, 2)
    for (const { headers } of heads) {
      assert.equal(headers['x-api-key'], 'eyJrZXlfaWQiOiJhIn0')
      assert.ok(crypto.verify('sha256', Buffer.from(headers['x-timestamp'] + url), world.keys.rsa.publicKey, Buffer.from(headers['x-sign'], 'base64url')))
      for (const absent of ['origin', 'sec-websocket-protocol', 'sec-websocket-extensions']) assert.equal(headers[absent], undefined)
    }
    assert.notEqual(heads[0].headers['sec-websocket-key'], heads[1].headers['sec-websocket-key'])
    assert.notEqual(heads[0].headers['x-timestamp'], heads[1].headers['x-timestamp'])
  })

  test(`${name}: SIGTERM closes with 1000 and ends well`, async () => {
    let closed
    const code = new Promise((resolve) => { closed = resolve })
    onSocket = (ws) => { ws.on('close', closed) }
    const { child, ended } = listen(program)
    // The server has a socket before the client has read its answer: it is the client that must have one.
    await new Promise((resolve) => { let said = ''; child.stderr.on('data', (text) => { if ((said += text).includes('connected')) resolve() }) })
    child.kill('SIGTERM')
    assert.equal(await code, 1000)
    assert.equal((await ended).status, 0)
  })

  test(`${name}: a refused key is not tried again; a busy server is`, async () => {
    heads.length = 0
    refuse = 401
    const refused = await listen(program).ended
    assert.equal(refused.status, 4)
    assert.match(refused.err, /HTTP 401/)
    assert.equal(heads.length, 1)
    refuse = 503
    onSocket = (ws) => ws.send('{}')
    const { ended } = listen(program, ['--count', '1'])
    while (heads.length < 2) await new Promise((resolve) => setTimeout(resolve, 20))
    refuse = undefined
    const end = await ended
    assert.equal(end.status, 0)
    assert.equal(end.out, '{}\n')
  })

  test(`${name}: a peer that breaks the rules is left with 1002, not believed`, async () => {
    for (const frame of [
      Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x7b, 0x7d]), // masked
      Buffer.from([0xc1, 0x02, 0x7b, 0x7d]), // a reserved bit
      Buffer.from([0x80, 0x02, 0x7b, 0x7d]), // continues nothing
      Buffer.from([0x82, 0x02, 0x7b, 0x7d]), // binary
      Buffer.from([0x83, 0x00]), // an unknown kind
      Buffer.from([0x09, 0x00]), // a ping in pieces
      Buffer.from([0x81, 0x7f, 0, 0, 1, 0, 0, 0, 0, 0]) // a terabyte
    ]) {
      let count = 0
      let code
      onSocket = (ws) => {
        if (count++ > 0) return ws.send('{"good":1}')
        ws.on('close', (c) => { code = c })
        ws.on('error', () => {})
        ws._socket.write(frame)
      }
      const end = await listen(program, ['--count', '1']).ended
      assert.equal(end.status, 0)
      assert.equal(end.out, '{"good":1}\n', frame.toString('hex'))
      assert.equal(code, 1002, frame.toString('hex'))
    }
  })
}

test('a URL that is no feed, and a server that is no WebSocket', async () => {
  const wrong = await world.runAsync(programs[0], ['listen', 'https://localhost/feed', '--key', 'rsa.pem'])
  assert.equal(wrong.status, 2)
  const foreign = spawn(programs[0], ['listen', url, '--key', 'rsa.pem'], { cwd: world.dir, env: environment() })
  let err = ''
  await new Promise((resolve) => foreign.stderr.on('data', (piece) => { err += piece; if (err.includes('again')) resolve() }))
  assert.match(err, /certificate/i)
  foreign.kill('SIGTERM')
  assert.equal(await new Promise((resolve) => foreign.on('close', resolve)), 0)
})
