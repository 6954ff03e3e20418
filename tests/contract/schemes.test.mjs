// Does a partner of every scheme get a whole envelope through, every answer signed and found good by a client that
// shares nothing with the server, and is each wrong request refused with the scheme's own words?
import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { addKey, es512, httpDate, keyPair, openPartner, sql } from '../lib/partner.mjs'
import { document, envelope, multipart, openWorld, pdf } from './world.mjs'

const SIGNED = ['es512-wrapped', 'es512-plain', 'x-sign', 'http-signature']
const ALL = ['api-key', ...SIGNED]
let world, server
const partners = {}

before(async () => {
  world = await openWorld()
  server = world.server
  for (const scheme of ALL) partners[scheme] = await openPartner(server, scheme)
})
after(async () => { await world.close() })

const details = (answer) => answer.json.description
const rows = (table) => Number(sql(server.data, `SELECT count(*) FROM ${table}`))

// ---- a whole envelope ----

async function wholeEnvelope (p) {
  const id = randomUUID()
  const { documents, ...alone } = envelope({ id })
  const steps = [
    ['POST', '/sign/envelope', { json: alone }, 201],
    ['POST', `/sign/envelope/${id}/document`, { json: document({ id: 'd1' }) }, 201],
    ['PATCH', `/sign/envelope/${id}`, { json: { status: 'submitted' } }, 200],
    ['GET', `/sign/envelope/${id}`, {}, 200],
    ['GET', '/sign/envelope?page=1&limit=5', {}, 200],
    ['GET', `/sign/envelope/${id}/signer/1`, {}, 200]
  ]
  for (const [method, path, options, status] of steps) {
    const answer = await p.call(method, path, options)
    assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.json)}`)
    if (path === `/sign/envelope/${id}`) assert.equal(answer.json.status, 'submitted')
  }
}

for (const scheme of ALL) {
  test(`${scheme}: create, document, submit, get; every answer verifies`, async () => wholeEnvelope(partners[scheme]))
  test(`${scheme}: errors of the handlers are signed like answers`, async () => {
    const missing = await partners[scheme].call('GET', `/sign/envelope/${randomUUID()}`)
    assert.equal(missing.status, 404)
    assert.equal(missing.json.code, 'SGN404001')
    const wrong = await partners[scheme].call('POST', '/sign/envelope', { json: { subject: 'x' } })
    assert.equal(wrong.status, 400)
    assert.equal(wrong.json.code, 'SGN400012')
  })
}

for (const kind of ['ed25519', 'p256', 'p384', 'rsa']) {
  test(`http-signature with ${kind}: a whole envelope`, async () => {
    const other = await openPartner(server, 'http-signature', { kind })
    await wholeEnvelope(other)
  })
}

for (const scheme of SIGNED) {
  test(`${scheme}: keys of both environments work, each in its own`, async () => {
    const p = await openPartner(server, scheme, { environment: 'production' })
    const id = randomUUID()
    assert.equal((await partners[scheme].call('POST', '/sign/envelope', { json: envelope({ id }) })).status, 201)
    assert.equal((await p.call('GET', `/sign/envelope/${id}`)).status, 404)
    assert.equal((await p.call('GET', '/sign/envelope')).status, 200)
  })
}

// ---- handshake ----

for (const scheme of ALL) {
  test(`${scheme}: /test greets, with and without a slash, and echoes`, async () => {
    const p = partners[scheme]
    for (const path of ['/test', '/test/', ...(p.integration ? [`/test/${p.integration.key}`, `/test/${p.integration.key}/`] : [])]) {
      assert.equal((await p.call('GET', path)).status, 200, path)
      const echo = await p.call('POST', path, { json: { name: 'Contrato de locação', n: 1 } })
      assert.equal(echo.status, 201)
      assert.deepEqual(echo.json, { name: 'Contrato de locação', n: 1, success: 'Congrats!' })
    }
  })
}

test('/test of another integration is not found', async () => {
  assert.equal((await partners['es512-plain'].call('GET', `/test/${randomUUID()}`)).status, 404)
})

test('es512-wrapped: iat is no part of the body, and {"encoded_body":null} is none', async () => {
  const p = partners['es512-wrapped']
  const echo = await p.call('POST', '/test', { json: { a: 1, iat: 5, in: { iat: 6 } } })
  assert.deepEqual(echo.json, { a: 1, in: { iat: 6 }, success: 'Congrats!' })
  for (const body of ['{"encoded_body":null}', '{}']) {
    const made = p.request('GET', '/test')
    assert.equal(p.check(made, await p.send({ ...made, body: Buffer.from(body) })).status, 200, body)
  }
})

// ---- refusals of ES512, in their order ----

test('ES512: no key, unknown key, address, token: in that order, and signed once the partner is known', async () => {
  for (const scheme of ['es512-wrapped', 'es512-plain']) {
    const p = partners[scheme]
    const none = p.request('GET', '/test')
    delete none.headers['API-CLIENT-KEY']
    const first = await p.send(none)
    assert.deepEqual([first.status, first.json.code, first.json.description], [400, 'GDF000003', 'No API Client Key received'])
    assert.equal(first.json.translation, 'Nenhuma chave de API do cliente recebida')

    const stranger = randomUUID()
    const second = await p.send(p.request('GET', '/test', { headers: { 'API-CLIENT-KEY': stranger } }))
    assert.deepEqual([second.status, second.json.code], [404, 'GDF000018'])
    assert.equal(details(second), `No ClientIntegration found for api_client_key: ${stranger}.`)
    assert.equal(second.headers.authorization, undefined)

    const far = await openPartner(server, scheme)
    sql(server.data, `INSERT INTO allowed_address (organisation, integration, network, created_at, active_at) VALUES (1, ${far.integration.row}, '203.0.113.0/24', 1, 1)`)
    const wrong = far.request('GET', '/test')
    wrong.headers.Authorization = wrong.headers.Authorization.slice(0, -4) + 'AAAA'
    const third = far.check(wrong, await far.send(wrong))
    assert.deepEqual([third.status, third.json.code], [403, 'GDF000029'])

    const bad = p.request('GET', '/test')
    bad.headers.Authorization = bad.headers.Authorization.slice(0, -6) + 'AAAAAA'
    const fourth = p.check(bad, await p.send(bad))
    assert.deepEqual([fourth.status, fourth.json.code, fourth.json.title], [401, 'GDF000014', 'Unauthorized'])
    assert.match(details(fourth), /^QI Unauthenticated\. Details: .*(verify|out of range)/)
  }
})

test('ES512: an address that waits its 48 hours closes all others, and opens when it is time', async () => {
  const p = await openPartner(server, 'es512-plain')
  const add = (network, at) => sql(server.data, `INSERT INTO allowed_address (organisation, integration, network, created_at, active_at) VALUES (1, ${p.integration.row}, '${network}', 1, ${at})`)
  add('127.0.0.1', Date.now() + 48 * 3600000)
  assert.equal((await p.call('GET', '/test')).json.code, 'GDF000029')
  sql(server.data, `UPDATE allowed_address SET active_at = 1 WHERE integration = ${p.integration.row}`)
  await new Promise((resolve) => setTimeout(resolve, 600))
  assert.equal((await p.call('GET', '/test')).status, 200)
})

test('ES512: a route that is not allowed is 401, under the other schemes 403', async () => {
  const routes = 'GET /test,GET /sign/envelope/:envelope'
  for (const scheme of ALL) {
    const p = await openPartner(server, scheme, { routes, kind: 'ed25519', ...(scheme === 'x-sign' ? { kind: 'rsa' } : {}) })
    assert.equal((await p.call('GET', '/test/')).status, 200)
    assert.equal((await p.call('GET', `/sign/envelope/${randomUUID()}`)).status, 404)
    const refused = await p.call('POST', '/sign/envelope', { json: envelope() })
    if (scheme.startsWith('es512')) {
      assert.deepEqual([refused.status, refused.json.code], [401, 'GDF000014'])
      assert.match(details(refused), /Details: .*\(Action: POST \/sign\/envelope\)/)
    } else if (scheme === 'x-sign') assert.deepEqual([refused.status, refused.json.code, refused.json.msg], [403, 403, 'Forbidden'])
    else assert.deepEqual([refused.status, refused.json.code], [403, 'SGN403001'])
  }
})

const wrongTokens = (p, method, path, body) => {
  const { key, pair } = p.integration
  const claims = { payload_md5: createHash('md5').update(body).digest('hex'), timestamp: new Date().toISOString(), method, uri: path }
  return {
    'another method': es512.sign({ ...claims, method: 'PUT' }, pair.privateKey),
    'another uri': es512.sign({ ...claims, uri: '/test/x' }, pair.privateKey),
    'another body': es512.sign({ ...claims, payload_md5: '0'.repeat(32) }, pair.privateKey),
    'no timestamp': es512.sign({ ...claims, timestamp: 'yesterday' }, pair.privateKey),
    '301 seconds late': es512.sign({ ...claims, timestamp: new Date(Date.now() - 301500).toISOString() }, pair.privateKey),
    '301 seconds early': es512.sign({ ...claims, timestamp: new Date(Date.now() + 302500).toISOString() }, pair.privateKey),
    'another key': es512.sign(claims, keyPair('p521').privateKey),
    'alg none': `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`,
    crit: es512.sign(claims, pair.privateKey, { alg: 'ES512', crit: ['x'], x: 1 }),
    'wrapped claims': es512.sign({ sub: key, signature: '' }, pair.privateKey)
  }
}

test('es512-plain: what was signed must be what came', async () => {
  const p = partners['es512-plain']
  const body = Buffer.from('{"a":1}')
  const before = rows('replay')
  for (const [what, token] of Object.entries(wrongTokens(p, 'POST', '/test', body))) {
    const made = { method: 'POST', path: '/test', headers: { Authorization: token, 'API-CLIENT-KEY': p.integration.key }, body }
    const answer = p.check(made, await p.send(made))
    assert.deepEqual([answer.status, answer.json.code], [401, 'GDF000014'], what)
    assert.match(details(answer), /Details: ./, what)
  }
  assert.equal(rows('replay'), before)
})

test('es512-plain: compat takes the path alone, strict does not; timestamps in every form', async () => {
  for (const [mode, status] of [['strict', 401], ['compat', 200]]) {
    const p = await openPartner(server, 'es512-plain', { mode })
    const claims = { payload_md5: '99914b932bd37a50b983c5e7c90ae93b', timestamp: new Date().toISOString(), method: 'GET', uri: '/sign/envelope' }
    const made = { method: 'GET', path: '/sign/envelope?page=1', headers: { Authorization: es512.sign(claims, p.integration.pair.privateKey), 'API-CLIENT-KEY': p.integration.key }, body: Buffer.alloc(0) }
    assert.equal(p.check(made, await p.send(made)).status, status, mode)
  }
  const p = partners['es512-plain']
  const now = new Date().toISOString()
  for (const timestamp of [now, now.slice(0, 19), `${now.slice(0, 19)}Z`, `${now.slice(0, 23)}000Z`]) {
    const claims = { payload_md5: createHash('md5').update('').digest('hex'), timestamp, method: 'GET', uri: '/test' }
    const made = { method: 'GET', path: '/test', headers: { Authorization: es512.sign(claims, p.integration.pair.privateKey), 'API-CLIENT-KEY': p.integration.key }, body: Buffer.alloc(0) }
    assert.equal(p.check(made, await p.send(made)).status, 200, timestamp)
  }
})

test('es512-wrapped: what was signed must be what came', async () => {
  const p = partners['es512-wrapped']
  const { key, pair } = p.integration
  const send = (lines, body, more = {}) => {
    const authorization = `QIT ${more.word ?? key}:${es512.sign({ sub: more.sub ?? key, signature: lines.join('\n') }, pair.privateKey)}`
    const made = { method: 'POST', path: '/test', headers: { Authorization: authorization, 'API-CLIENT-KEY': key, 'Content-Type': 'application/json' }, body: Buffer.from(body) }
    return p.send(made).then((answer) => p.check(made, answer))
  }
  const token = es512.sign({ a: 1 }, pair.privateKey)
  const hash = createHash('md5').update(token).digest('hex')
  const now = httpDate(Date.now())
  const body = JSON.stringify({ encoded_body: token })
  const refused = {
    method: [['PUT', hash, '', now, '/test'], body],
    md5: [['POST', '0'.repeat(32), '', now, '/test'], body],
    'no md5': [['POST', '', '', now, '/test'], body],
    url: [['POST', hash, '', now, '/tést'], body],
    'four lines': [['POST', hash, now, '/test'], body],
    stale: [['POST', hash, '', httpDate(Date.now() - 302000), '/test'], body],
    'another date': [['POST', hash, '', new Date().toISOString(), '/test'], body],
    'body of another key': [['POST', createHash('md5').update(es512.sign({ a: 1 }, keyPair('p521').privateKey)).digest('hex'), '', now, '/test'], body],
    'no token': [['POST', hash, '', now, '/test'], '{"a":1}'],
    'another sub': [['POST', hash, '', now, '/test'], body, { sub: randomUUID() }],
    'another word': [['POST', hash, '', now, '/test'], body, { word: randomUUID() }]
  }
  for (const [what, [lines, text, more]] of Object.entries(refused)) {
    const answer = await send(lines, text, more)
    assert.deepEqual([answer.status, answer.json.code], [401, 'GDF000014'], what)
  }
  const unpadded = now.replace(/, 0(\d) /, ', $1 ').replace(/ 0(\d):/, ' $1:')
  assert.equal((await send(['POST', hash, 'text/plain', unpadded, '/test'], body)).status, 201)
})

test('es512-wrapped: the query is compared raw, then decoded', async () => {
  const p = partners['es512-wrapped']
  const sign = (url) => ({ Authorization: `QIT ${p.integration.key}:${es512.sign({ sub: p.integration.key, signature: ['GET', '', '', httpDate(Date.now()), url].join('\n') }, p.integration.pair.privateKey)}` })
  for (const [signed, status] of [['/sign/envelope?cursor=&q=a%20b', 200], ['/sign/envelope?cursor=&q=a+b', 200], ['/sign/envelope?cursor=&q=a', 401]]) {
    const made = { ...p.request('GET', '/sign/envelope?q=a%20b') }
    const path = signed.includes('cursor') ? '/sign/envelope?cursor=&q=a%20b' : made.path
    const sent = { ...made, path, headers: { ...made.headers, ...sign(signed) } }
    const answer = p.check(sent, await p.send(sent))
    assert.equal(answer.status === 401 ? 401 : 200, status, `${signed}: ${JSON.stringify(answer.json)}`)
  }
})

// ---- once ----

const repeats = { 'es512-wrapped': 'GDF000014', 'es512-plain': 'GDF000014', 'x-sign': 1020, 'http-signature': 'SGN401013' }
for (const scheme of SIGNED) {
  test(`${scheme}: a write comes once, refused or not; its stored answer comes again`, async () => {
    const p = partners[scheme]
    const id = randomUUID()
    const made = p.request('POST', '/sign/envelope', { json: envelope({ id }) })
    assert.equal((await p.send(made)).status, 201)
    const again = p.check(made, await p.send(made))
    assert.deepEqual([again.status, again.json.code], [401, repeats[scheme]])
    const wrong = p.request('POST', '/sign/envelope', { json: { subject: id } })
    assert.equal((await p.send(wrong)).status, 400)
    assert.equal((await p.send(wrong)).status, 401)
    const key = p.request('POST', '/sign/envelope', { json: envelope(), headers: { 'Idempotency-Key': randomUUID() } })
    const first = p.check(key, await p.send(key))
    const second = p.check(key, await p.send(key))
    assert.equal(first.status, 201)
    assert.deepEqual([second.status, second.json, second.headers['idempotent-replayed']], [201, first.json, 'true'])
    delete key.headers['Idempotency-Key']
    assert.equal((await p.send(key)).status, 401)
    await server.kill('front')
    await world.ready?.()
    let late
    for (let i = 0; i < 100 && late === undefined; i++) late = await p.send(made).catch(() => new Promise((resolve) => setTimeout(resolve, 50)))
    assert.equal(late.status, 401)
  })

  test(`${scheme}: of 40 copies of one write at once, one has an effect`, async () => {
    const p = partners[scheme]
    const before = rows('envelope')
    const unnamed = envelope({ subject: randomUUID() })
    const made = p.request('POST', '/sign/envelope', { json: unnamed })
    const answers = await Promise.all(Array.from({ length: 40 }, () => p.send(made)))
    assert.deepEqual(answers.map((answer) => answer.status).sort().slice(0, 2), [201, 401])
    assert.equal(rows('envelope'), before + 1)
  })
}

test('a read under ES512 comes once; under x-sign again, and under no other method', async () => {
  for (const scheme of ['es512-wrapped', 'es512-plain']) {
    const made = partners[scheme].request('GET', '/test')
    assert.equal((await partners[scheme].send(made)).status, 200)
    assert.equal((await partners[scheme].send(made)).status, 401)
  }
  const p = await openPartner(server, 'x-sign') // its very first request keeps a floor for nonces too
  const made = p.request('GET', '/test')
  for (let i = 0; i < 3; i++) assert.equal((await p.send(made)).status, 200)
  const post = await p.send({ ...made, method: 'POST' })
  assert.deepEqual([post.status, post.json.code], [401, 1020])
  const write = p.request('POST', '/test', { json: { a: randomUUID() } })
  assert.equal((await p.send(write)).status, 201)
  assert.equal((await p.send({ ...write, method: 'GET' })).status, 401)
})

test('http-signature: a nonce makes a read come once; randomised signatures do anyway', async () => {
  const made = partners['http-signature'].request('GET', '/test', { nonce: randomUUID() })
  assert.equal((await partners['http-signature'].send(made)).status, 200)
  assert.equal((await partners['http-signature'].send(made)).status, 401)
  const p = await openPartner(server, 'http-signature', { kind: 'p256' })
  const random = p.request('GET', '/test')
  assert.equal((await p.send(random)).status, 200)
  assert.equal((await p.send(random)).status, 401)
})

// ---- x-sign ----

test('x-sign: nonces rise, on reads too, and survive a crash', async () => {
  const p = await openPartner(server, 'x-sign')
  const status = async (nonce, method = 'GET') => (await p.call(method, '/test', { nonce })).status
  assert.equal(await status(5), 200)
  assert.equal(await status(5), 401)
  assert.equal(await status(4), 401)
  assert.equal(await status(7, 'POST'), 201)
  assert.equal(await status('9223372036854775807'), 200)
  assert.equal(await status('9223372036854775808'), 401)
  for (const nonce of ['-1', '1e3', '007', ' ', 'x']) assert.equal(await status(nonce), 401, nonce)
  const other = await openPartner(server, 'x-sign')
  assert.equal((await other.call('GET', '/test', { nonce: 12 })).status, 200)
  await server.kill('front')
  let late
  for (let i = 0; i < 100 && late === undefined; i++) late = await other.call('GET', '/test', { nonce: 12 }).catch(() => new Promise((resolve) => setTimeout(resolve, 50)))
  assert.equal(late.status, 401)
  assert.deepEqual(late.json, { code: 1020, msg: 'errPartnerAuth', detail: { reason: 'nonce' } })
})

test('x-sign: a timestamp cannot come again as a nonce, nor a nonce as a timestamp', async () => {
  const p = await openPartner(server, 'x-sign')
  const stamped = p.request('GET', '/test')
  assert.equal((await p.send(stamped)).status, 200)
  const { 'x-timestamp': digits, ...rest } = stamped.headers
  assert.equal((await p.send({ ...stamped, headers: { ...rest, 'x-nonce': digits } })).status, 401)
  const nonce = Math.floor(Date.now() / 1000) + 200
  const counted = p.request('GET', '/test', { nonce })
  assert.equal((await p.send(counted)).status, 200)
  const { 'x-nonce': _, ...others } = counted.headers
  assert.equal((await p.send({ ...counted, headers: { ...others, 'x-timestamp': String(nonce) } })).status, 401)
})

test('x-sign: the empty nonce of generated clients is none, and the timestamp counts when both are there', async () => {
  const p = partners['x-sign']
  for (const nonce of ['', '1']) assert.equal((await p.call('GET', '/test', { headers: { 'x-nonce': nonce } })).status, 200)
})

test('x-sign: bad signatures are 1020, a key that is not there is an empty token', async () => {
  const p = partners['x-sign']
  const bad = { code: 1020, msg: 'errPartnerAuth', detail: { reason: 'signature' } }
  const none = { code: 401, msg: 'Unauthorized', detail: { reason: 'empty token' } }
  const refused = async (what, made, body) => {
    const answer = await p.send(made)
    assert.deepEqual([what, answer.status, answer.json], [what, 401, body])
  }
  await refused('another host', p.request('GET', '/test', { url: 'https://evil.example/test' }), bad)
  await refused('http', p.request('GET', '/test', { url: server.url.replace('https', 'http') + '/test' }), bad)
  await refused('no bits', p.request('GET', '/test', { headers: { 'x-sign': 'A'.repeat(342) } }), bad)
  await refused('not base64url', p.request('GET', '/test', { headers: { 'x-sign': '*' } }), bad)
  const spaced = p.request('POST', '/test', { body: '{"a":1}' })
  await refused('a body with a space', { ...spaced, body: Buffer.from('{"a": 1}') }, bad)
  const stale = { code: 1020, msg: 'errPartnerAuth', detail: { reason: 'timestamp' } }
  await refused('late', p.request('GET', '/test', { now: Date.now() - 302000 }), stale)
  await refused('early', p.request('GET', '/test', { now: Date.now() + 303000 }), stale)
  await refused('no key', { ...p.request('GET', '/test'), headers: { 'x-sign': 'x', 'x-timestamp': '1' } }, none)
  await refused('unknown key', p.request('GET', '/test', { headers: { 'x-api-key': 'eyJhIjoxfQ' } }), none)
  const production = addKey(server.data, 'x-sign', { environment: 'production' })
  await refused('unsigned in production', { method: 'GET', path: '/test', headers: { 'x-api-key': production.text }, body: Buffer.alloc(0) }, bad)
  assert.equal((await p.call('GET', '/test', { now: Date.now() - 299000 })).status, 200)
  assert.equal((await p.call('GET', '/test', { now: Date.now() + 299000 })).status, 200)
})

test('x-sign: the sandbox may omit the signature; padding and tabs are no fault', async () => {
  const p = partners['x-sign']
  const bare = (method, body = '') => p.send({ method, path: '/test', headers: { 'x-api-key': p.key.text }, body: Buffer.from(body) })
  assert.equal((await bare('GET')).status, 200)
  assert.equal((await bare('POST', '{}')).status, 201)
  const made = p.request('POST', '/test', { body: '{\t"a":\t1\n}' })
  made.headers['x-sign'] += '=='
  assert.equal(p.check(made, await p.send(made)).status, 201)
})

test('x-sign and api-key: a read is signed when the request asks', async () => {
  for (const scheme of ['api-key', 'x-sign']) {
    const p = partners[scheme]
    const made = p.request('GET', '/sign/envelope?page=1', { headers: { 'Accept-Signature': 'sig1=()' } })
    const answer = await p.send(made)
    p.checkMessage(made, answer)
    assert.ok(answer.headers['signature-input'].includes('"@target-uri";req'))
    assert.equal((await p.call('GET', '/test')).headers.signature, undefined)
  }
})

// ---- http-signature ----

test('http-signature: what must be covered is, and only the key\'s own algorithm counts', async () => {
  const p = partners['http-signature']
  const get = (components, more = {}) => p.request('GET', '/sign/envelope?page=1', { components, ...more })
  const good = [['@method', '@target-uri'], ['@method', '@authority', '@path', '@query'], ['@method', '@authority', '@request-target']]
  for (const components of good) assert.equal(p.check(get(components), await p.send(get(components))).status, 200, components.join())
  const refused = {
    method: get(['@target-uri']), target: get(['@method']), query: get(['@method', '@authority', '@path']), authority: get(['@method', '@path', '@query']),
    alg: get(undefined, { params: ';alg="rsa-pss-sha512"' }), expired: get(undefined, { params: `;expires=${Math.floor(Date.now() / 1000) - 5}` }),
    stale: get(undefined, { now: Date.now() - 302000 }), key: get(undefined, { headers: { Signature: 'sig1=:AAAA:' } })
  }
  for (const [what, made] of Object.entries(refused)) {
    const answer = p.check(made, await p.send(made))
    assert.equal(answer.status, 401, what)
    assert.match(answer.json.code, /^SGN4010/)
  }
  const post = p.request('POST', '/test', { json: { a: 1 } })
  assert.equal((await p.send({ ...post, body: Buffer.from('{"a":2}') })).json.code, 'SGN400004')
  const open = p.request('POST', '/test', { json: { a: 1 }, components: ['@method', '@target-uri'] })
  assert.equal((await p.send(open)).status, 401)
  const named = p.request('POST', '/test', { json: { a: 1 }, headers: { Host: 'evil.example' } })
  assert.equal((await p.send(named)).status, 201) // Host is not what was signed: the base URL is
})

// ---- all schemes ----

test('two schemes, or a doubled header, are refused in the form of the route', async () => {
  const [plain, x, h] = ['es512-plain', 'x-sign', 'http-signature'].map((scheme) => partners[scheme].request('GET', '/test').headers)
  const api = partners['api-key'].request('GET', '/test').headers
  for (const headers of [{ ...plain, ...x }, { ...x, ...h }, { ...api, ...h }, { ...api, ...x }, { ...plain, ...h }]) {
    const answer = await server.request('GET', '/test', { headers })
    assert.deepEqual([answer.status, answer.json.code], [400, 'SGN400003'])
  }
  for (const [headers, name] of [[plain, 'Authorization'], [plain, 'API-CLIENT-KEY'], [x, 'x-sign'], [x, 'x-api-key'], [x, 'x-timestamp'], [h, 'Signature'], [h, 'Signature-Input']]) {
    const answer = await server.request('GET', '/test', { headers: { ...headers, [name]: [headers[name], headers[name]] } })
    assert.deepEqual([name, answer.status], [name, 400])
  }
})

test('a key of one scheme opens no other', async () => {
  const x = partners['x-sign'].key.text
  assert.equal((await server.request('GET', '/sign/envelope', { key: x })).json.code, 'SGN401003')
  const answer = await server.request('GET', '/sign/envelope', { headers: { 'x-api-key': partners['api-key'].key.text } })
  assert.equal(answer.status, 401)
})

test('a revoked key is refused within a second, and an overlapping public key works until its end', async () => {
  const p = await openPartner(server, 'es512-plain')
  assert.equal((await p.call('GET', '/test')).status, 200)
  const next = keyPair('p521')
  const spki = next.publicKey.export({ type: 'spki', format: 'der' }).toString('hex')
  sql(server.data, `INSERT INTO public_key (organisation, integration, user_account, kind, spki, fingerprint, created_at) VALUES (1, ${p.integration.row}, 0, 1, X'${spki}', 'SHA256:next', ${Date.now()})`)
  sql(server.data, `UPDATE public_key SET valid_until = ${Date.now() + 3000} WHERE integration = ${p.integration.row} AND fingerprint <> 'SHA256:next'`)
  await new Promise((resolve) => setTimeout(resolve, 700))
  const renewed = await openPartner(server, 'es512-plain', { integration: { ...p.integration, pair: next } })
  assert.equal((await p.call('GET', '/test')).status, 200)
  assert.equal((await renewed.call('GET', '/test')).status, 200)
  await new Promise((resolve) => setTimeout(resolve, 2800))
  assert.equal((await p.call('GET', '/test')).status, 401)
  assert.equal((await renewed.call('GET', '/test')).status, 200)
  sql(server.data, `UPDATE integration SET revoked_at = ${Date.now()} WHERE id = ${p.integration.row}`)
  await new Promise((resolve) => setTimeout(resolve, 900))
  assert.equal((await server.request('GET', '/test', { headers: renewed.request('GET', '/test').headers })).json.code, 'GDF000018')
})

test('a key that sends too much is told when to come again', async () => {
  for (const scheme of ALL) {
    const p = await openPartner(server, scheme, { rate: 6 })
    assert.equal((await p.call('GET', '/test')).status, 200)
    const answers = await Promise.all(Array.from({ length: 4 }, () => p.call('GET', '/test', { headers: {} })))
    const refused = answers.filter((answer) => answer.status === 429)
    assert.ok(refused.length > 0, scheme)
    assert.ok(Number(refused[0].headers['retry-after']) >= 1 && Number(refused[0].headers['retry-after']) <= 11)
  }
})

test('pollers still get 304 under every scheme', async () => {
  for (const scheme of ALL) {
    const p = partners[scheme]
    const id = randomUUID()
    assert.equal((await p.call('POST', '/sign/envelope', { json: envelope({ id }) })).status, 201)
    const first = await p.call('GET', `/sign/envelope/${id}`)
    const made = p.request('GET', `/sign/envelope/${id}`, { now: Date.now() + 2000, headers: { 'If-None-Match': first.headers.etag } })
    assert.equal((await p.send(made)).status, 304, scheme)
  }
})

test('exactly 10,485,760 decoded bytes pass in each scheme, and one more is refused', async () => {
  for (const scheme of ALL) {
    const p = partners[scheme]
    for (const [size, status] of [[10485760, 201], [10485761, 400]]) {
      const id = randomUUID()
      assert.equal((await p.call('POST', '/sign/envelope', { json: envelope({ id }) })).status, 201)
      const answer = await p.call('POST', `/sign/envelope/${id}/document`, { json: document({ document_b64: pdf('x', size).toString('base64') }) })
      assert.equal(answer.status, status, `${scheme} ${size}: ${JSON.stringify(answer.json)}`)
      if (status === 400) assert.equal(answer.json.code, 'SGN400029')
    }
  }
})

test('es512-wrapped: a file is signed as it is', async () => {
  const file = pdf('Anexo')
  const form = multipart({ file })
  for (const [mode, status] of [['strict', 401], ['compat', 201]]) {
    const p = await openPartner(server, 'es512-wrapped', { mode })
    const id = randomUUID()
    assert.equal((await p.call('POST', '/sign/envelope', { json: envelope({ id }) })).status, 201)
    const more = multipart({ id: 'd9', name: 'Anexo', file })
    const answer = await p.call('POST', `/sign/envelope/${id}/document`, { body: more.body, type: more.headers['Content-Type'], file })
    assert.equal(answer.status, status, JSON.stringify(answer.json))
    const wrong = await p.call('POST', `/sign/envelope/${id}/document`, { body: form.body, type: form.headers['Content-Type'], file: Buffer.from('x') })
    assert.equal(wrong.status, 401)
  }
})

test('keys bound to the other environment\'s address get 401 in the scheme\'s words', async () => {
  const bound = await openWorld({ settings: ['server.production_url=https://pay.example', 'server.sandbox_url=https://box.example'] })
  try {
    const wanted = { 'api-key': 'SGN401002', 'es512-wrapped': 'GDF000014', 'es512-plain': 'GDF000014', 'x-sign': 401, 'http-signature': 'SGN401002' }
    for (const scheme of ALL) {
      const p = await openPartner(bound.server, scheme, { base: 'https://pay.example' })
      const answer = await p.call('GET', '/test', { headers: { Host: 'pay.example' } })
      assert.deepEqual([scheme, answer.status, answer.json.code], [scheme, 401, wanted[scheme]])
      const own = await openPartner(bound.server, scheme, { base: 'https://box.example' })
      assert.equal((await own.call('GET', '/test', { headers: { Host: 'box.example' } })).status, 200, scheme)
    }
  } finally { await bound.close() }
})
