// Is each address held to its number of wrong tries, codes and checks a minute, and nobody else for it? The server
// takes addresses from a proxy that it trusts, so one test machine is many clients.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openWorld, pdf } from './world.mjs'

const cpf = '529.982.247-25'
const limits = ['limits.guess_rate=3', 'limits.code_rate=3', 'limits.check_rate=3']

let world
before(async () => { world = await openWorld({ settings: [...limits, 'server.trusted_proxies=127.0.0.1'] }) })
after(async () => { await world.close() })

let count = 0
const newcomer = () => `198.51.100.${++count}`
const from = (address, method, path, more = {}) =>
  world.call(method, path, { key: null, ...more, headers: { 'X-Forwarded-For': address, ...more.headers } })

function limited (answer, what) {
  assert.equal(answer.status, 429, `${what}: ${answer.body}`)
  assert.match(answer.headers['retry-after'], /^([1-9]|[1-5]\d|60)$/, what)
  if (answer.json) assert.ok(JSON.stringify(answer.json).includes('SGN429001') || answer.json.msg === 'Too Many Requests', String(answer.body))
}

const envelope = '/sign/envelope/none'
const guesses = {
  'a wrong key': { path: envelope, status: 401, more: { headers: { Authorization: 'eyJhIjoxfQ' } } },
  'an unknown integration': { path: '/sign/envelope/none', status: 404, more: { headers: { Authorization: 'QIT x:y', 'API-CLIENT-KEY': '5f6e1c9c-6a4b-4d43-9c5e-3f5d9f3a3c11' } } },
  "a signer's link": { path: '/s/AAAAAAAAAAAAAAAAAAAAAA/state', status: 404 },
  "a signer's step": { method: 'POST', path: '/s/AAAAAAAAAAAAAAAAAAAAAA/open', status: 404, more: { json: {} } },
  "a file's link": { path: '/f/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.pdf', status: 404 },
  'a verification code': { path: '/v/AAAAAAAAAAAAAAAAAAAA/data', status: 404 },
  'a verification code, with a file': { method: 'POST', path: '/v/AAAAAAAAAAAAAAAAAAAA/check', status: 404, more: { body: Buffer.from('x') } },
  'a verification code, with a large file': { method: 'POST', path: '/v/AAAAAAAAAAAAAAAAAAAA/check', status: 404, more: { body: Buffer.alloc(200 * 1024) } }
}

for (const [what, { method = 'GET', path, status, more }] of Object.entries(guesses)) {
  test(`${what}, guessed: the fourth is 429, for that address`, async (t) => {
    const [guesser, neighbour] = [newcomer(), newcomer()]
    for (let i = 0; i < 3; i++) assert.equal((await from(guesser, method, path, more)).status, status)
    limited(await from(guesser, method, path, more), what)
    limited(await from(guesser, method, path, more), what)
    assert.equal((await from(neighbour, method, path, more)).status, status, 'another address has its own number')
    if (!await world.later(61000)) return t.skip('this build has no movable clock')
    assert.equal((await from(guesser, method, path, more)).status, status, 'a minute later it may try again')
  })
}

test('what is right passes, however much is guessed at the same address', async () => {
  const office = newcomer()
  const id = await world.make('submitted')
  const page = await world.page(id)
  for (let i = 0; i < 5; i++) {
    await from(office, 'GET', envelope, { headers: { Authorization: 'eyJhIjoxfQ' } })
    await from(office, 'GET', '/s/AAAAAAAAAAAAAAAAAAAAAA/state')
  }
  limited(await from(office, 'GET', envelope, { headers: { Authorization: 'eyJhIjoxfQ' } }), 'a wrong key')
  limited(await from(office, 'GET', '/s/AAAAAAAAAAAAAAAAAAAAAA/state'), 'a wrong link')
  assert.equal((await from(office, 'GET', `/sign/envelope/${id}`, { key: world.key })).status, 200)
  assert.equal((await from(office, 'GET', `${page}/state`)).status, 200)
})

test('one-time codes are asked for three times a minute at one address, whoever asks', async () => {
  const [crowd, other] = [newcomer(), newcomer()]
  const pages = []
  for (let i = 0; i < 5; i++) {
    const page = await world.page(await world.make('submitted'))
    await world.step(page, 'open')
    await world.step(page, 'cpf', { cpf })
    await world.step(page, 'read', { document: 0, pages: 1, duration_ms: 1 })
    pages.push(page)
  }
  const code = (address, page) => from(address, 'POST', `${page}/code`, { json: {} })
  for (const page of pages.slice(0, 3)) assert.equal((await code(crowd, page)).status, 200)
  limited(await code(crowd, pages[3]), 'a code')
  assert.equal((await code(other, pages[3])).status, 200)
  assert.equal((await code(other, pages[3])).json.code, 'SGN429003', "the signer's own limit has its own code")
})

test('files are checked three times a minute for one address, small and large, refused before they are read', async () => {
  const id = await world.make('completed')
  const report = await world.ok('GET', `/sign/envelope/${id}/report`)
  const { body: dossier } = await world.call('GET', new URL(report.documents_reports[0].url).pathname, { key: null })
  const { execFileSync } = await import('node:child_process')
  const [, code] = execFileSync('pdftotext', ['-', '-'], { input: dossier }).toString().replace(/\s+/g, ' ').match(/\/v\/([A-Za-z0-9-]+)/)
  for (const [body, result] of [[pdf('other', 300 * 1024), 'unknown'], [dossier, 'dossier']]) {
    const address = newcomer()
    for (let i = 0; i < 3; i++) assert.equal((await from(address, 'POST', `/v/${code}/check`, { body })).json.result, result)
    limited(await from(address, 'POST', `/v/${code}/check`, { body }), 'a check')
    assert.equal((await from(newcomer(), 'POST', `/v/${code}/check`, { body })).status, 200)
    assert.equal((await from(address, 'GET', `/v/${code}/data`)).status, 200, 'looking is free')
  }
})

test('an address that no trusted proxy vouches for is the one of the connection', async () => {
  const plain = await openWorld({ settings: limits })
  const guess = (address) => plain.call('GET', '/s/AAAAAAAAAAAAAAAAAAAAAA/state', { key: null, headers: { 'X-Forwarded-For': address } })
  for (let i = 0; i < 3; i++) assert.equal((await guess(`203.0.113.${i}`)).status, 404)
  limited(await guess('203.0.113.9'), 'the fourth, whatever it says of itself')
  await plain.close()
})

test('a whole network of one customer is one address', async () => {
  for (let i = 1; i <= 3; i++) assert.equal((await from(`2001:db8:7:7::${i}`, 'GET', '/s/AAAAAAAAAAAAAAAAAAAAAA/state')).status, 404)
  limited(await from('2001:db8:7:7:ffff::1', 'GET', '/s/AAAAAAAAAAAAAAAAAAAAAA/state'), 'the same /64')
  assert.equal((await from('2001:db8:7:8::1', 'GET', '/s/AAAAAAAAAAAAAAAAAAAAAA/state')).status, 404)
})
