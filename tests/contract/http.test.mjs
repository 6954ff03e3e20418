// Does the API speak HTTP as the manual and RFC 9110 have it, is it closed and opened for maintenance, are keys revoked
// at once, and does a fault of ours leave a number, a log line and a mail, and nobody's data?
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { run } from '../lib/server.mjs'
import { startSmtp } from '../lib/smtp.mjs'
import { document, envelope, openWorld, photo, signer, until } from './world.mjs'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
let world
let smtp
let id

before(async () => {
  smtp = await startSmtp()
  world = await openWorld({
    settings: ['mail.host=localhost', `mail.port=${smtp.port}`, `mail.user=${smtp.user}`, `mail.ca_file=${smtp.ca.caFile}`, 'mail.from=server@example.com', 'support.email=ops@example.com'],
    setup: (root) => {
      const file = join(root, 'mail.password')
      writeFileSync(file, smtp.password, { mode: 0o600 })
      return [`mail.password_file=${file}`]
    }
  })
  id = await world.make()
})
after(async () => {
  await world.close()
  await smtp.stop()
})

const said = (answer) => `${answer.status} ${answer.body}`

test('every answer has the headers that protect it', async () => {
  for (const [method, path, options] of [['GET', `/sign/envelope/${id}`], ['GET', '/sign/envelope'], ['GET', '/nothing'], ['GET', '/sign/envelope', { key: null }], ['GET', '/health', { key: null }]]) {
    const { headers } = await world.call(method, path, options)
    assert.equal(headers['x-content-type-options'], 'nosniff', path)
    assert.match(headers['strict-transport-security'], /max-age=\d{7,}/)
    assert.equal(headers['referrer-policy'], 'no-referrer')
    assert.match(headers['content-security-policy'], /default-src 'none'/)
    assert.equal(headers['content-type'], 'application/json', 'no charset')
    assert.equal(headers['cache-control'], headers.etag ? 'private, no-cache' : 'no-store')
    assert.equal(headers.server, undefined)
  }
})

test('every answer has a number of its own, which the log has too', async () => {
  const answers = await Promise.all(['/sign/envelope', '/health', '/nothing', `/sign/envelope/${id}/report`].map((path) => world.call('GET', path)))
  const numbers = answers.map(({ headers }) => headers['x-request-id'])
  assert.equal(new Set(numbers).size, 4)
  for (const number of numbers) {
    assert.match(number, uuid)
    await until('its line', () => world.server.log().includes(number))
  }
  const line = world.server.log().split('\n').find((one) => one.includes(numbers[3]))
  assert.match(line, /method=GET route=getReports status=200 us=\d+ org=[0-9a-f-]{36}$/)
})

test('the log holds nothing of a person, no key and no link', async () => {
  const other = await world.make('submitted')
  const page = await world.page(other)
  await world.step(page, 'open')
  await world.call('GET', `${page}/state?x=Maria`)
  const { document_front_url: url } = await (async () => {
    await world.ok('POST', `/sign/envelope/${id}/signer/1/personal_document`, { json: photo() })
    return world.ok('GET', `/sign/envelope/${id}/signer/1/personal_document`)
  })()
  await world.server.request('GET', new URL(url).pathname)
  await until('the last line', () => /route=getFile status=200/.test(world.server.log()))
  const log = world.server.log()
  for (const secret of ['Maria', 'signer.1@', '529.982', '52998224725', '988878722', world.key, world.production, page.slice(3), new URL(url).pathname.slice(3, 40)]) assert.ok(!log.includes(secret), secret)
})

test('PATCH is JSON whatever its Content-Type says', async () => {
  for (const type of [undefined, 'text/plain', 'application/x-www-form-urlencoded', 'application/merge-patch+json', 'image/jpeg', '']) {
    const target = await world.make()
    const answer = await world.call('PATCH', `/sign/envelope/${target}`, { body: '{"status": "canceled"}', headers: type === undefined ? {} : { 'Content-Type': type } })
    assert.equal(answer.status, 200, `${type}: ${said(answer)}`)
  }
})

test('POST is JSON with any charset and type but a file\'s', async () => {
  for (const type of ['application/json; charset=utf-8', 'APPLICATION/JSON', 'text/json', 'application/x-www-form-urlencoded']) {
    const answer = await world.call('POST', '/sign/envelope', { body: JSON.stringify(envelope()), headers: { 'Content-Type': type } })
    assert.equal(answer.status, 201, `${type}: ${said(answer)}`)
  }
})

test('a slash at the end, ids in percent form, a query nobody asked for', async () => {
  for (const path of [`/sign/envelope/${id}/`, `/sign/envelope/${id}?x=1`, `/sign/envelope/${id.replace('-', '%2D')}`, `/sign/envelope/${[...id].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('')}`]) {
    const answer = await world.call('GET', path)
    assert.equal(answer.status, 200, `${path}: ${said(answer)}`)
    assert.equal(answer.json.id, id)
  }
  assert.equal((await world.call('GET', '/sign/envelope/')).status, 200)
  assert.equal((await world.call('POST', '/sign/envelope/', { json: envelope() })).status, 201)
  assert.equal((await world.call('GET', `/sign/envelope/${id}//`)).status, 404)
})

test('HEAD is GET without the body', async () => {
  for (const path of ['/sign/envelope', `/sign/envelope/${id}`, `/sign/envelope/${id}/report`, '/health', '/nothing']) {
    const [get, head] = [await world.call('GET', path), await world.call('HEAD', path)]
    assert.equal(head.status, get.status)
    assert.equal(head.headers['content-length'], get.headers['content-length'])
    assert.equal(head.body.length, 0)
  }
})

test('405 tells what is allowed', async () => {
  for (const [method, path, allow] of [['DELETE', '/sign/envelope', 'GET, HEAD, POST'], ['POST', `/sign/envelope/${id}`, 'GET, HEAD, PATCH'], ['GET', `/sign/envelope/${id}/document`, 'POST'],
    ['PUT', `/sign/envelope/${id}/signer/1/personal_document`, 'GET, HEAD, POST'], ['POST', '/health', 'GET, HEAD']]) {
    const answer = await world.call(method, path)
    assert.equal(answer.status, 405, `${method} ${path}: ${said(answer)}`)
    assert.equal(answer.headers.allow, allow)
  }
})

test('a JSON body may be what JSON allows', async () => {
  const text = JSON.stringify(envelope({ subject: 'ESC' })).replace('"ESC"', '"\\u0041\\u00e3\\ud83d\\ude00\\/"')
  const answer = await world.call('POST', '/sign/envelope', { body: ` \r\n\t${text}\n ` })
  assert.equal(answer.status, 201, said(answer))
  assert.equal((await world.ok('GET', `/sign/envelope/${answer.json.id}`)).subject, 'Aã😀/')
})

test('a revoked key is refused within a second, the others stay', async () => {
  const data = ['--data', world.server.data, '--organization', world.other.id]
  const made = run(['organization', 'key', 'add', ...data, '--environment', 'sandbox'])
  assert.equal(made.status, 0, made.err)
  const key = made.out.trim().split('\n').at(-1)
  assert.equal((await world.call('GET', '/sign/envelope', { key })).status, 200)
  const hex = Buffer.from(JSON.parse(Buffer.from(key, 'base64url')).key_id, 'base64url').toString('hex')
  const revoked = run(['organization', 'key', 'revoke', ...data, '--key', hex])
  assert.equal(revoked.status, 0, revoked.err)
  const answer = await until('a refusal', async () => {
    const one = await world.call('GET', '/sign/envelope', { key })
    return one.status === 401 && one
  }, 1000)
  assert.equal(answer.json.code, 'SGN401002')
  assert.equal((await world.call('GET', '/sign/envelope', { key: world.other.sandbox_api_key })).status, 200)
})

test('a key of another scheme is 401, though its secret is right', async () => {
  const data = ['--data', world.server.data, '--organization', world.other.id]
  const made = run(['organization', 'key', 'add', ...data, '--environment', 'sandbox'])
  const key = made.out.trim().split('\n').at(-1)
  const hex = Buffer.from(JSON.parse(Buffer.from(key, 'base64url')).key_id, 'base64url').toString('hex')
  execFileSync('sqlite3', [join(world.server.data, 'db/chirograph.db'), `PRAGMA wal_autocheckpoint = 0; UPDATE api_key SET scheme = 8 WHERE hex(key_id) = upper('${hex}')`])
  const answer = await world.call('GET', '/sign/envelope', { key })
  assert.equal(answer.status, 401, said(answer))
  assert.equal(answer.json.code, 'SGN401003')
})

test('two Authorization lines are refused, even twice the same', async () => {
  const answer = await world.call('GET', '/sign/envelope', { key: null, headers: { Authorization: [world.key, world.key] } })
  assert.equal(answer.status, 400, said(answer))
  assert.equal(answer.json.code, 'SGN400003')
})

test('a base URL may be bound to one environment: the other\'s keys get 401 there', async (t) => {
  const bound = await openWorld({ settings: ['server.sandbox_url=https://sandbox.example.com', 'server.production_url=https://api.example.com:8443/'] })
  t.after(() => bound.close())
  const ask = async (host, key) => (await bound.call('GET', '/sign/envelope', { key, headers: host ? { Host: host } : {}, tls: { servername: 'localhost' } })).status
  for (const [host, sandbox, production] of [[undefined, 200, 200], ['sandbox.example.com', 200, 401], ['SANDBOX.example.com', 200, 401], ['api.example.com:8443', 401, 200], ['api.example.com', 200, 200]]) {
    assert.deepEqual([await ask(host, bound.key), await ask(host, bound.production)], [sandbox, production], host)
  }
})

test('maintenance: API and pages answer 503 with Retry-After, /health answers, and a restart does not end it', async () => {
  const target = await world.make('submitted')
  const page = await world.page(target)
  const set = (state) => {
    const done = run(['maintenance', state, '--data', world.server.data])
    assert.equal(done.status, 0, done.err)
  }
  const health = async () => (await world.server.request('GET', '/health')).json.status
  const closed = async () => {
    for (const [method, path, options] of [['GET', '/sign/envelope'], ['POST', '/sign/envelope', { json: envelope() }], ['GET', `/sign/envelope/${target}`, { key: null }],
      ['GET', `${page}/state`, { key: null }], ['POST', `${page}/open`, { key: null, json: {} }]]) {
      const answer = await world.call(method, path, options)
      assert.equal(answer.status, 503, `${method} ${path}: ${said(answer)}`)
      assert.ok(Number(answer.headers['retry-after']) > 0)
      assert.equal(answer.json.code, 'SGN503006')
    }
    const html = await world.call('GET', page, { key: null, headers: { Accept: 'text/html' } })
    assert.equal(html.status, 503)
    assert.match(html.headers['content-type'], /^text\/html/)
    assert.ok(Number(html.headers['retry-after']) > 0)
  }
  set('on')
  set('on')
  await until('closed', async () => await health() === 'maintenance', 5000)
  const was = world.holdings()
  await closed()
  await world.server.kill('front')
  await until('front again', async () => { try { return await health() === 'maintenance' } catch { return false } })
  await closed()
  assert.deepEqual(world.holdings(), was)
  set('off')
  set('off')
  await until('open', async () => await health() === 'ok', 5000)
  assert.equal((await world.call('GET', '/sign/envelope')).status, 200)
  assert.equal((await world.server.request('POST', `${page}/open`, { json: {} })).status, 200)
  for (const args of [['maintenance'], ['maintenance', 'maybe']]) assert.equal(run([...args, '--data', world.server.data]).status, 2)
})

test('a fault of ours: 500 with a number that log, store and operator know, once an hour by mail', async () => {
  const broken = await world.make('created', { json: { signers: [signer('1', { personal_documents: [photo()] })], documents: [document()] } })
  const blobs = join(world.server.data, 'blobs')
  for (const entry of readdirSync(blobs, { recursive: true, withFileTypes: true })) if (entry.isFile()) rmSync(join(entry.path, entry.name))
  const ask = () => world.call('GET', `/sign/envelope/${broken}/signer/1/personal_document`)
  const answers = [await ask(), await ask(), await ask()]
  const numbers = answers.map((answer) => {
    assert.equal(answer.status, 500, said(answer))
    assert.equal(answer.json.code, 'SGN500001')
    assert.match(answer.json.description, /ops@example\.com/)
    return /Incident ([0-9a-f-]{36})/.exec(answer.json.description)[1]
  })
  assert.equal(new Set(numbers).size, 3)
  for (const number of numbers) await until('its line', () => new RegExp(`incident=${number} route=getPersonalDocument error=\\w+`).test(world.server.log()))
  assert.equal(world.holdings().rows.incident, 3)
  const examined = run(['doctor', '--data', world.server.data])
  for (const number of numbers) assert.match(examined.out, new RegExp(`incidents .*${number} in getPersonalDocument`))
  const mail = await smtp.waitFor((one) => one.to.includes('ops@example.com'))
  assert.ok(mail.subject.includes(numbers[0]), mail.subject)
  assert.match(mail.text, /getPersonalDocument/)
  assert.doesNotMatch(mail.text + mail.html, new RegExp(`${broken}|Maria|signer`))
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.equal(smtp.mails.filter((one) => one.to.includes('ops@example.com')).length, 1)
})

test('a fault of ours on a page has its number too', async () => {
  const target = await world.make('submitted')
  const page = await world.page(target)
  await world.step(page, 'open')
  await world.step(page, 'cpf', { cpf: '529.982.247-25' })
  const blobs = join(world.server.data, 'blobs')
  for (const entry of readdirSync(blobs, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.path, entry.name)
    const bytes = readFileSync(file)
    bytes[bytes.length - 1] ^= 1
    writeFileSync(file, bytes)
  }
  const answer = await world.server.request('GET', `${page}/document/0`, { headers: { accept: 'text/html' } })
  assert.equal(answer.status, 500)
  assert.match(answer.headers['content-type'], /^text\/html/)
  const number = /<code>([^<]*)<\/code>/.exec(answer.body.toString())[1]
  assert.match(number, uuid)
  assert.match(run(['incidents', '--data', world.server.data, '--id', number]).out, /signerDocument/)
})
