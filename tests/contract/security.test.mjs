// Can anybody read, change, learn or stop what is not theirs? Each test is an attack that must fail.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import tls from 'node:tls'
import { startReceiver } from '../lib/receiver.mjs'
import { program, run } from '../lib/server.mjs'
import { b64, document, envelope, openWorld, pdf, photo, signer, until } from './world.mjs'

let world
before(async () => { world = await openWorld({ settings: ['server.workers=4'] }) })
after(async () => { await world.close() })

const routes = () => execFileSync(program, ['routes'], { encoding: 'utf8' }).trim().split('\n').map((line) => JSON.parse(line)).map(({ method, path }) => [method, path])
const rss = (role) => world.server.pids(role).reduce((all, pid) =>
  all + Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]), 0)
const files = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
  .map((one) => join(one.parentPath ?? one.path, one.name))

test('no key reaches rows of another organisation or environment', async () => {
  const id = await world.make('completed')
  const report = await world.ok('GET', `/sign/envelope/${id}/report`)
  assert.equal(report.documents_reports.length, 1)
  const paths = [
    ['GET', `/sign/envelope/${id}`], ['GET', `/sign/envelope/${id}/report`], ['GET', `/sign/envelope/${id}/document/d1/report`],
    ['GET', `/sign/envelope/${id}/signer/1`], ['GET', `/sign/envelope/${id}/signer/1/face`],
    ['GET', `/sign/envelope/${id}/signer/1/personal_document`],
    ['PATCH', `/sign/envelope/${id}`, { status: 'canceled' }], ['POST', `/sign/envelope/${id}/document`, document({ id: 'd2' })],
    ['POST', `/sign/envelope/${id}/signer/1/personal_document`, photo()]
  ]
  for (const key of [world.production, world.other.api_key, world.other.sandbox_api_key]) {
    for (const [method, path, json] of paths) {
      const answer = await world.call(method, path, { key, json })
      assert.equal(answer.status, 404, `${method} ${path}: ${answer.body}`)
    }
    const list = await world.ok('GET', '/sign/envelope', { key })
    assert.deepEqual(list.envelopes.filter((one) => one.id === id), [])
    // A cursor is only an id: another tenant's tells nothing.
    const cursor = await world.call('GET', `/sign/envelope?cursor=${Buffer.from(id).toString('base64url')}`, { key })
    assert.equal(cursor.status, 400, cursor.body)
  }
})

test('an Idempotency-Key answers only the key, route, query and body that it was used with', async () => {
  const headers = { 'Idempotency-Key': 'shared-key' }
  const json = envelope({ id: 'idempotent' })
  assert.equal((await world.call('POST', '/sign/envelope', { headers, json })).status, 201)
  for (const key of [world.production, world.other.api_key, world.other.sandbox_api_key]) {
    const answer = await world.call('POST', '/sign/envelope', { key, headers, json: { ...json, signers: [signer('1', { document_number: '52998224725' })] } })
    assert.equal(answer.status, 201, answer.body)
    assert.equal(answer.headers['idempotent-replayed'], undefined)
  }
  const raw = (id) => world.call('POST', `/sign/envelope/idempotent/document?id=${id}&name=${id}`,
    { headers: { 'Idempotency-Key': 'raw', 'Content-Type': 'application/pdf' }, body: pdf() })
  assert.equal((await raw('a')).json.id, 'a')
  assert.equal((await raw('a')).headers['idempotent-replayed'], 'true')
  assert.equal((await raw('b')).status, 409)
})

test('a link to a photo shows the same photo after another one was replaced', async () => {
  const id = await world.make('created', { json: { signers: [signer('1'), signer('2')] } })
  const add = (who, json) => world.ok('POST', `/sign/envelope/${id}/signer/${who}/personal_document`, { json })
  await add('1', photo())
  await add('2', photo())
  const { document_front_url: url } = await world.ok('GET', `/sign/envelope/${id}/signer/2/personal_document`)
  const path = new URL(url).pathname
  const first = (await world.call('GET', path, { key: null })).body
  const other = Buffer.concat([first.subarray(0, 2), Buffer.from([0xff, 0xfe, 0, 3, 0x41]), first.subarray(2)])
  await add('1', photo('cnh_front', { document_b64: b64(other) }))
  assert.deepEqual((await world.call('GET', path, { key: null })).body, first)
})

test('a link that was changed in one bit opens nothing', async () => {
  const id = await world.make('completed')
  const { documents_reports: [{ url }] } = await world.ok('GET', `/sign/envelope/${id}/report`)
  const path = new URL(url).pathname
  assert.equal((await world.call('GET', path, { key: null })).status, 200)
  const bytes = Buffer.from(path.slice(3).replace('.pdf', ''), 'base64url')
  for (let i = 0; i < bytes.length; i++) {
    const changed = Buffer.from(bytes)
    changed[i] ^= 1
    const answer = await world.call('GET', `/f/${changed.toString('base64url')}.pdf`, { key: null })
    assert.equal(answer.status, 404, `byte ${i}`)
  }
})

test('a key is dead within a second of being revoked', async () => {
  const command = (...args) => run(['organization', 'key', ...args, '--data', world.server.data, '--organization', world.other.id])
  const made = command('add')
  assert.equal(made.status, 0, made.err)
  const key = /(eyJ[\w-]+)/.exec(made.out)[1]
  assert.equal((await world.call('GET', '/sign/envelope', { key })).status, 200)
  const gone = command('revoke', '--key', Buffer.from(JSON.parse(Buffer.from(key, 'base64url')).key_id, 'base64url').toString('hex'))
  assert.equal(gone.status, 0, gone.err)
  await until('a refusal', async () => (await world.call('GET', '/sign/envelope', { key })).status === 401, 1000)
})

test('a key whose environment was rewritten is no key', async () => {
  const text = JSON.parse(Buffer.from(world.key, 'base64url'))
  assert.equal(text.sandbox, true)
  for (const change of [{ sandbox: undefined }, { sandbox: false }, { sandbox: 1 }, { key: (text.key[0] === 'A' ? 'B' : 'A') + text.key.slice(1) }]) {
    const key = Buffer.from(JSON.stringify({ ...text, ...change })).toString('base64url')
    assert.equal((await world.call('GET', '/sign/envelope', { key })).status, 401, JSON.stringify(change))
  }
})

// ---- the signer's link ----

const opened = async (more) => {
  const id = await world.make('submitted', more)
  const page = await world.page(id)
  await world.step(page, 'open')
  return { id, page }
}
const post = (page, name, json = {}) => world.call('POST', `${page}/${name}`, { key: null, json })
// A CPF with right check digits that is nobody's here.
const wrong = '111.444.777-35'

test('a hundred CPFs tried at once are ten tries', async () => {
  const { page } = await opened()
  const answers = await Promise.all(Array.from({ length: 100 }, () => post(page, 'cpf', { cpf: wrong })))
  const count = (status) => answers.filter((one) => one.status === status).length
  assert.deepEqual([count(400), count(429)], [10, 90])
  assert.equal((await post(page, 'cpf', { cpf: '529.982.247-25' })).status, 429, 'the right one does not help any more')
})

test('before the CPF the link shows no contact, no file and no step', async () => {
  const { page } = await opened()
  const state = await world.call('GET', `${page}/state`, { key: null })
  assert.equal(state.json.code.target, null)
  for (const secret of ['example.com', '988878722', '8722', '52998224725', '982.247', '1992']) {
    assert.ok(!state.body.includes(secret), secret)
  }
  assert.equal((await world.call('GET', `${page}/document/0`, { key: null })).status, 409)
  for (const [name, json] of [['read', { document: 0, pages: 1, duration_ms: 1 }], ['code', {}], ['code/check', { code: '123456' }],
    ['sign', { consent_sha256: state.json.consent.sha256, kind: 'typed', text: 'Ana' }]]) {
    assert.equal((await post(page, name, json)).status, 409, name)
  }
})

test('a hundred codes tried at once are five tries, and the right one is dead after them', async () => {
  const { page } = await opened()
  await world.step(page, 'cpf', { cpf: '529.982.247-25' })
  await world.step(page, 'read', { document: 0, pages: 1, duration_ms: 1 })
  const before = new Set(world.outbox())
  await world.step(page, 'code')
  const code = await world.message(/\b(\d{6})\b/, before)
  const other = String((Number(code) + 1) % 1000000).padStart(6, '0')
  const answers = await Promise.all(Array.from({ length: 100 }, () => post(page, 'code/check', { code: other })))
  assert.ok(answers.every((one) => one.status === 400))
  assert.equal(answers.filter((one) => one.json.code === 'SGN400061').length, 4, 'four wrong, and the fifth says that it was the last')
  assert.equal((await post(page, 'code/check', { code })).status, 400)
  const again = await Promise.all(Array.from({ length: 50 }, () => post(page, 'code')))
  assert.ok(again.every((one) => one.status === 429), 'no new code within a minute')
})

test('a hundred signatures at once are one, and a decline cannot undo it', async () => {
  const { id, page } = await opened()
  await world.step(page, 'cpf', { cpf: '529.982.247-25' })
  await world.step(page, 'read', { document: 0, pages: 1, duration_ms: 1 })
  const before = new Set(world.outbox())
  await world.step(page, 'code')
  const code = await world.message(/\b(\d{6})\b/, before)
  const checks = await Promise.all(Array.from({ length: 20 }, () => post(page, 'code/check', { code })))
  assert.equal(checks.filter((one) => one.status === 200).length, 1, 'a code counts once')
  const { consent } = (await world.call('GET', `${page}/state`, { key: null })).json
  const json = { consent_sha256: consent.sha256, kind: 'typed', text: 'Ana' }
  const all = await Promise.all([...Array.from({ length: 50 }, () => post(page, 'sign', json)),
    ...Array.from({ length: 50 }, () => post(page, 'decline', { reason: 'não' }))])
  assert.equal(all.filter((one) => one.status === 200).length, 1)
  assert.equal(all.filter((one) => one.status === 409).length, 99)
  const { signers: [one] } = await world.ok('GET', `/sign/envelope/${id}`)
  assert.ok(['signed', 'refused'].includes(one.status))
})

test('a canceled envelope shows no document, takes no step and gives no copy', async () => {
  const { id, page } = await opened()
  await world.step(page, 'cpf', { cpf: '529.982.247-25' })
  assert.equal((await world.call('GET', `${page}/document/0`, { key: null })).status, 200)
  await world.ok('PATCH', `/sign/envelope/${id}`, { json: { status: 'canceled' } })
  for (const path of ['document/0', 'dossier/0']) assert.equal((await world.call('GET', `${page}/${path}`, { key: null })).status, 404, path)
  for (const name of ['open', 'cpf', 'read', 'code', 'code/check', 'sign', 'decline']) {
    const json = { cpf: wrong, document: 0, pages: 1, duration_ms: 1, code: '123456', consent_sha256: '0'.repeat(64), kind: 'typed', text: 'Ana' }
    assert.ok([400, 409].includes((await post(page, name, json)).status), name)
  }
  const { json: state } = await world.call('GET', `${page}/state`, { key: null })
  assert.equal(state.code.target, null, 'nobody needs the masked contact any more')
})

test("one signer's link does nothing for another signer", async () => {
  const id = await world.make('submitted', { json: { signers: [signer('1'), signer('2', { document_number: wrong })] } })
  const [first, second] = [await world.page(id, '1'), await world.page(id, '2')]
  await world.step(first, 'open')
  assert.equal((await post(first, 'cpf', { cpf: wrong })).status, 400, "the other's CPF")
  await world.step(first, 'cpf', { cpf: '529.982.247-25' })
  assert.equal((await world.call('GET', `${second}/document/0`, { key: null })).status, 409)
  assert.equal((await world.call('GET', `${second}/state`, { key: null })).json.step, 'open')
})

// ---- what leaves the server ----

test('every route answers with the headers that keep its bytes where they belong', async () => {
  for (const [method, pattern] of routes()) {
    const path = pattern.replace('/?', '').replace(/:\w+/g, 'x')
    for (const key of [world.key, null]) {
      const { headers, status } = await world.call(method, path, { key, ...(method === 'GET' ? {} : { json: {} }) })
      const what = `${method} ${path} ${status}`
      assert.equal(headers['x-content-type-options'], 'nosniff', what)
      assert.equal(headers['referrer-policy'], 'no-referrer', what)
      assert.match(headers['strict-transport-security'], /max-age=\d{7}/, what)
      assert.match(headers['content-security-policy'], /default-src 'none'/, what)
      // The platform's public keys are for everybody, and fetched often; nothing else is kept on the way.
      assert.match(headers['cache-control'], path === '/keys' ? /^public, max-age=\d+$/ : /no-store|no-cache/, what)
      assert.equal(headers['access-control-allow-origin'], undefined, what)
      assert.equal(headers.server, undefined, what)
      assert.equal(headers['set-cookie'], undefined, what)
    }
  }
})

test('no route but its own takes a body, and none takes a larger one than it says', async () => {
  const { hostname, port } = new URL(world.server.url)
  const ask = (text) => new Promise((resolve, reject) => {
    const socket = tls.connect({ host: hostname, port, ca: world.server.ca }, () => socket.write(text))
    let all = ''
    socket.on('data', (piece) => { all += piece })
    socket.on('error', reject).on('close', () => resolve(all))
  })
  for (const [method, pattern] of routes()) {
    const path = pattern.replace('/?', '').replace(/:\w+/g, 'x')
    const text = await ask(`${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 999999999\r\n\r\n`)
    assert.match(text, /^HTTP\/1.1 4\d\d /, `${method} ${path}`)
  }
})

test('a large body is read for nobody who has no key', async () => {
  const { hostname, port } = new URL(world.server.url)
  const size = 60 * 1024 * 1024
  for (const [path, extra] of [['/sign/envelope', ''], ['/sign/envelope', 'Authorization: eyJhIjoxfQ\r\n'], ['/sign/envelope/x/document', ''], ['/v/AAAAAAAAAAAAAAAAAAAA/check', '']]) {
    const answer = await new Promise((resolve, reject) => {
      const length = path.startsWith('/v/') || path.endsWith('document') ? 19 * 1024 * 1024 : size
      const socket = tls.connect({ host: hostname, port, ca: world.server.ca }, () => {
        socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\n${extra}Content-Length: ${length}\r\n\r\n`)
      })
      let all = ''
      socket.setTimeout(5000, () => { socket.destroy(); resolve(`no answer to ${path}`) })
      socket.on('data', (piece) => { all += piece; if (all.includes('\r\n\r\n')) socket.destroy() })
      socket.on('error', reject).on('close', () => resolve(all))
    })
    assert.match(answer, /^HTTP\/1.1 40[14] /)
  }
})

test('nothing personal or secret stands in the log, the database or the blobs', async () => {
  const secrets = { name: 'Quitéria Zwölfboxkämpfer', email: 'quiteria.secreta@example.org', cpf: '39053344705', subject: 'Assunto reservado 4711', document: 'Nome do laudo 0815', reason: 'Motivo de teste 9999' }
  const people = [signer('1', { name: secrets.name, email: secrets.email, document_number: '390.533.447-05', phone: { international_dial_code: '55', area_code: '21', number: '976543210' } })]
  const id = await world.make('submitted', { json: { subject: secrets.subject, signers: people, documents: [document({ name: secrets.document, document_b64: b64(pdf('Texto do contrato secreto')) })] } })
  const page = await world.page(id)
  await world.sign(id, '1', { cpf: '390.533.447-05' })
  await world.completed(id)
  await world.call('POST', '/sign/envelope', { json: { ...envelope(), signers: [{ ...people[0], email: 'quiteria.secreta@' }] } })
  const texts = [...Object.values(secrets), '390.533.447-05', '976543210', page.slice(3), world.key, JSON.parse(Buffer.from(world.key, 'base64url')).key, 'Texto do contrato secreto', 'BEGIN PRIVATE']
  const places = [['log', Buffer.from(world.server.log())],
    ...files(join(world.server.data, 'db')).map((name) => [name, readFileSync(name)]),
    ...files(join(world.server.data, 'blobs')).map((name) => [name, readFileSync(name)])]
  for (const [place, bytes] of places) {
    for (const text of texts) assert.ok(!bytes.includes(text), `${text} in ${place}`)
  }
  for (const name of files(world.server.data)) assert.equal(statSync(name).mode & 0o077, name.endsWith('tls.crt') ? statSync(name).mode & 0o077 : 0, name)
})

test('no role can be dumped, shows a secret in its arguments or environment, or holds privileges', async () => {
  const id = await world.make('created')
  assert.ok(id)
  for (const role of ['front', 'keyd', 'courier']) {
    for (const pid of world.server.pids(role)) {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8')
      assert.match(status, /NoNewPrivs:\s+1/, role)
      if (!process.env.CHIROGRAPH_SANITIZED) assert.match(status, /Seccomp:\s+2/, role)
      assert.match(readFileSync(`/proc/${pid}/limits`, 'utf8'), /Max core file size\s+0\s+0/, role)
      const own = readFileSync(`/proc/${pid}/cmdline`, 'utf8') + readFileSync(`/proc/${pid}/environ`, 'utf8')
      assert.doesNotMatch(own, /eyJ|BEGIN|password/i, role)
    }
  }
})

// ---- what must not stop the server ----

test('twenty megabytes of brackets, numbers or members are an error, not memory', async () => {
  const size = 19 * 1024 * 1024
  const id = await world.make()
  const before = rss('front')
  for (const [what, body] of Object.entries({
    brackets: Buffer.alloc(size, '['), objects: Buffer.from('{"a":'.repeat(size / 5)), numbers: Buffer.from('{"a":[' + '0,'.repeat(size / 2 - 10) + '0]}'),
    empty: Buffer.from('{"a":[' + '{},'.repeat(size / 3 - 10) + '0]}'), quotes: Buffer.from('"\\'.repeat(size / 2))
  })) {
    const answer = await world.call('POST', `/sign/envelope/${id}/document`, { body, headers: { 'Content-Type': 'application/json' } })
    assert.ok([400, 406].includes(answer.status), `${what}: ${answer.status}`)
  }
  if (process.env.CHIROGRAPH_SANITIZED) return // what was freed stays for a while, to find who still uses it
  const grown = rss('front') - before
  assert.ok(grown < 160 * 1024, `front grew by ${grown} kB`)
})

test('a multipart body of nothing but boundaries costs no time', async () => {
  const id = await world.make()
  const boundary = 'a'.repeat(199)
  const start = Date.now()
  const answer = await world.call('POST', `/sign/envelope/${id}/document`, { body: Buffer.alloc(19 * 1024 * 1024, 'a'), headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` } })
  assert.equal(answer.status, 400)
  assert.ok(Date.now() - start < 3000, `${Date.now() - start} ms`)
})

test('uploads that wait for press leave room for everybody else', async () => {
  const id = await world.make()
  const page = await world.page(await world.make('submitted'))
  const name = (i) => ({ json: document({ id: `slow${i}`, document_b64: b64(pdf(`x${i}`, 5 * 1024 * 1024)) }) })
  let ended = 0
  const uploads = Array.from({ length: 24 }, (_, i) => world.call('POST', `/sign/envelope/${id}/document`, name(i)).finally(() => { ended++ }))
  const overtaken = [] // by how many uploads, while it waited
  while (ended < uploads.length) {
    const before = ended
    assert.equal((await world.call('GET', `${page}/state`, { key: null })).status, 200)
    overtaken.push(ended - before)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const all = await Promise.all(uploads)
  assert.ok(all.every((one) => [201, 503].includes(one.status)), all.map((one) => one.status).join())
  assert.ok(Math.max(...overtaken) < 12, `uploads that ended while a page waited for its state: ${overtaken.join()}`)
})

test("a receiver that never answers does not hold up anybody's messages", async (t) => {
  const waiting = []
  const receiver = await startReceiver({ isTls: false, answer: () => new Promise((resolve) => waiting.push(resolve)) })
  t.after(() => { for (const answer of waiting) answer({ status: 200 }); return receiver.stop() })
  const set = run(['organization', 'webhook', 'set', '--data', world.server.data, '--organization', world.other.id, '--environment', 'sandbox',
    '--url', receiver.url, '--allow', '127.0.0.1', '--type', 'envelope_submitted'])
  assert.equal(set.status, 0, set.err)
  for (let i = 0; i < 24; i++) await world.make('submitted', { key: world.other.sandbox_api_key })
  await until('the receiver holds requests', () => waiting.length >= 4)
  const before = new Set(world.outbox())
  await world.make('submitted')
  await world.message(/(\/s\/[\w-]+)/, before)
  assert.ok(waiting.length < 24, `the invitation came after ${waiting.length} of the other's requests`)
  run(['organization', 'webhook', 'remove', '--data', world.server.data, '--organization', world.other.id, '--environment', 'sandbox'])
})

test('after all that the same processes run and nothing failed inside', async () => {
  const log = world.server.log()
  assert.doesNotMatch(log, /incident=|killed by its sandbox|msg="ended" child=(front|keyd|courier)/)
  await until('health', async () => (await world.call('GET', '/health', { key: null })).status === 200)
})
