// Companies and their trusted parties: what is answered, what is found by which words, whose they are, how their
// errors look, which envelopes are theirs, and that nothing of them lies in the store in clear.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { document, envelope, openWorld } from './world.mjs'

let world
before(async () => { world = await openWorld() })
after(async () => { await world.close() })

const KSUID = /^[0-9A-Za-z]{27}$/
const acme = (more = {}) => ({ name: 'ACME Corp', city: 'Paris', country: 'FR', domain: '', ref: '9827feec-4eae-4e80-bda3-daa7c3b97add', ...more })
const add = async (json, options) => (await world.ok('POST', '/company', { json, ...options })).company_id
const others = () => [world.other.sandbox_api_key, world.other.api_key, world.production]
const found = async (query, options) => (await world.ok('GET', `/company/search?query=${encodeURIComponent(query)}`, options)).matches.map(({ name }) => name)
const now = () => Math.floor(Date.now() / 1000)
const sql = (text) => {
  const folder = join(world.server.data, 'db')
  const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.db')))
  return execFileSync('sqlite3', [file, text], { encoding: 'utf8' }).trim()
}

test('created, read, changed', async () => {
  const made = await world.call('POST', '/company', { json: acme() })
  assert.equal(made.status, 201, `${made.body}`)
  assert.deepEqual(Object.keys(made.json), ['company_id', 'ref'])
  assert.match(made.json.company_id, KSUID)
  assert.equal(made.json.ref, acme().ref)
  const path = `/company/${made.json.company_id}`
  const first = await world.ok('GET', path)
  const { created_at: createdAt, updated_at: updatedAt, ...rest } = first
  assert.deepEqual(rest, { company_id: made.json.company_id, ...acme() })
  assert.ok(Number.isInteger(createdAt) && Math.abs(createdAt - now()) < 60, `${createdAt}`)
  assert.equal(updatedAt, createdAt)
  const changed = await world.call('PUT', path, { json: { name: 'Ácme & Söhne', city: 'Lyon' } })
  assert.equal(changed.status, 200)
  assert.deepEqual(changed.json, { company_id: made.json.company_id, ref: '' })
  const second = await world.ok('GET', path)
  assert.deepEqual({ ...second, updated_at: 0 }, { company_id: made.json.company_id, name: 'Ácme & Söhne', city: 'Lyon', country: '', domain: '', ref: '', created_at: createdAt, updated_at: 0 })
  assert.ok(second.updated_at >= createdAt)
  assert.deepEqual(await found('corp'), [], 'the old words are gone')
})

test('a KSUID tells the second it was made in', async () => {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  const id = await add({ name: 'Zeit' })
  const number = [...id].reduce((n, c) => n * 62n + BigInt(digits.indexOf(c)), 0n)
  assert.ok(Math.abs(Number(number >> 128n) + 1400000000 - now()) < 60)
})

test('search: words and their beginnings, any case, any accents, in any order', async () => {
  const key = world.other.sandbox_api_key
  const names = ['São José Construções Ltda', 'Müller Straße GmbH', 'Ośrodek Łódź', 'ΑΘΗΝΑ Εμπορική', 'Москва Торг', 'Sa Corp']
  for (const name of names) await add({ name, domain: name === 'Sa Corp' ? 'sa.example.com' : '' }, { key })
  const all = await world.ok('GET', '/company/search', { key })
  assert.deepEqual(all.matches.map(({ name }) => name), names)
  assert.equal(all.total_count, 6)
  assert.deepEqual(Object.keys(all).sort(), ['matches', 'total_count'])
  assert.deepEqual(Object.keys(all.matches[0]).sort(), ['company_id', 'domain', 'name'])
  assert.deepEqual((await world.ok('GET', '/company/search?query=', { key })).total_count, 6)
  for (const [query, wanted] of [
    ['sao jose', [0]], ['JOSÉ', [0]], ['josé construç', [0]], ['constru são', [0]], ['Sa\u0303o', [0]], ['muller', [1]], ['STRASSE', [1]], ['mul gmb', [1]],
    ['lodz', [2]], ['αθηνα', [3]], ['εμπ', [3]], ['МОСКВА', [4]], ['εμπορικη', [3]], ['торг', [4]], ['sa', [5]], ['example', [5]], ['sa.example.com', [5]],
    ['construcoesx', []], ['onstru', []], ['co', []], ['!!', []], ['ltda muller', []], ['nada', []]]) {
    assert.deepEqual(await found(query, { key }), wanted.map((i) => names[i]), query)
  }
  assert.deepEqual(await found('sao', { key: world.key }), [])
})

test('search: pages lose and repeat nothing', async () => {
  const key = world.other.api_key
  const ids = []
  for (let n = 0; n < 7; n++) ids.push(await add({ name: `Filial ${n}` }, { key }))
  for (const query of ['', 'query=filial&']) {
    const seen = []
    for (let cursor = ''; cursor !== undefined;) {
      const page = await world.ok('GET', `/company/search?${query}limit=3&cursor=${cursor}`, { key })
      assert.ok(page.matches.length <= 3)
      assert.equal(page.total_count, 7)
      seen.push(...page.matches.map((one) => one.company_id))
      cursor = page.next_cursor
    }
    assert.deepEqual(seen, ids)
  }
})

test('keys of others, and of the other environment, see nothing', async () => {
  const id = await add({ name: 'Segredo' })
  await world.ok('POST', `/company/${id}/trustedparty`, { json: { address: 'a@example.com' } })
  const [party] = (await world.ok('GET', `/company/${id}/trustedparty`)).list
  for (const key of others()) {
    for (const [method, path, json] of [['GET', ''], ['PUT', '', { name: 'x' }], ['GET', '/trustedparty'], ['POST', '/trustedparty', { address: 'b@example.com' }], ['DELETE', `/trustedparty/${party.trusted_entity_id}`]]) {
      const was = world.holdings()
      const answer = await world.call(method, `/company/${id}${path}`, { key, json })
      assert.equal(answer.status, 404, `${method} ${path} ${answer.body}`)
      assert.deepEqual(world.holdings(), was)
    }
    assert.deepEqual(await found('segredo', { key }), [])
    const made = await world.call('POST', '/sign/envelope', { key, json: envelope({ company_id: id }) })
    assert.equal(made.status, 400)
    assert.equal(made.json.field, 'company_id')
    assert.equal((await world.call('GET', `/sign/envelope?company_id=${id}`, { key })).status, 400)
    assert.equal((await world.call('GET', `/company/search?cursor=${id}`, { key })).status, 400)
  }
  assert.deepEqual((await world.ok('GET', `/company/${id}/trustedparty`)).list, [party])
})

test('trusted parties: added, listed, once each, removed', async () => {
  const id = await add({ name: 'Confiança' })
  const path = `/company/${id}/trustedparty`
  assert.deepEqual(await world.ok('GET', path), { company_id: id, total_count: 0, list: [] })
  const made = await world.call('POST', path, { json: { address: 'Ana@Example.com', type: 'user', name: 'Ana' } })
  assert.equal(made.status, 201, `${made.body}`)
  assert.match(made.json.trusted_entity_id, KSUID)
  const again = await world.call('POST', path, { json: { address: 'ana@example.com' } })
  assert.equal(again.status, 409)
  assert.equal(again.json.detail.field, 'address')
  const { list, total_count: total } = await world.ok('GET', path)
  assert.equal(total, 1)
  const { created, ...rest } = list[0]
  assert.deepEqual(rest, { trusted_entity_id: made.json.trusted_entity_id, name: 'Ana', type: 'user', address: 'Ana@Example.com' })
  assert.ok(Number.isInteger(created) && Math.abs(created - now()) < 60)
  const elsewhere = await add({ name: 'Outra' })
  await world.ok('POST', `/company/${elsewhere}/trustedparty`, { json: { address: 'ana@example.com' } })
  assert.equal((await world.call('DELETE', `/company/${elsewhere}/trustedparty/${made.json.trusted_entity_id}`)).status, 404)
  assert.equal((await world.call('DELETE', `${path}/${made.json.trusted_entity_id}`)).status, 200)
  assert.equal((await world.call('DELETE', `${path}/${made.json.trusted_entity_id}`)).status, 404)
  assert.deepEqual((await world.ok('GET', path)).list, [])
  assert.equal((await world.call('POST', path, { json: { address: 'ana@example.com' } })).status, 201)
})

test('errors have the partner API\'s form', async () => {
  const id = await add({ name: 'Erros' })
  const rows = [
    ['POST', '/company', { json: {} }, 400, 'SGN400012', 'name'],
    ['POST', '/company', { json: { name: '' } }, 400, 'SGN400015', 'name'],
    ['POST', '/company', { json: { name: '   ' } }, 400, 'SGN400015', 'name'],
    ['POST', '/company', { json: { name: 'x'.repeat(201) } }, 400, 'SGN400015', 'name'],
    ['POST', '/company', { json: { name: 7 } }, 400, 'SGN400013', 'name'],
    ['POST', '/company', { json: { name: 'a\nb' } }, 400, 'SGN400041', 'name'],
    ['POST', '/company', { json: { name: 'x', city: 1 } }, 400, 'SGN400013', 'city'],
    ['POST', '/company', { json: { name: 'x', ref: 'x'.repeat(201) } }, 400, 'SGN400015', 'ref'],
    ['POST', '/company', { body: '' }, 400, 'SGN400011'],
    ['POST', '/company', { body: '{"name":' }, 406, 'SGN406001'],
    ['POST', '/company', { json: [] }, 400, 'SGN400013', 'body'],
    ['POST', '/company', { body: '{"name":"a","name":"b"}' }, 400, 'SGN400010'],
    ['POST', '/company', { json: { name: 'x', pad: 'x'.repeat(66000) } }, 400, 'SGN400002'],
    ['PUT', `/company/${id}`, { json: {} }, 400, 'SGN400012', 'name'],
    ['PUT', '/company/nowhere', { json: { name: 'x' } }, 404, 'SGN404001'],
    ['GET', '/company/nowhere', {}, 404, 'SGN404001'],
    ['GET', '/company/a%2Fb', {}, 404, 'SGN404001'],
    ['GET', '/company/x/y/z/w', {}, 404, 'SGN404001'],
    ['GET', '/api/v1/p/nothing', {}, 404, 'SGN404001'],
    ['PATCH', `/company/${id}`, { json: {} }, 405, 'SGN405001'],
    ['DELETE', '/company', {}, 405, 'SGN405001'],
    ['GET', '/company/search?query=a%20b%20c%20d%20e%20f', {}, 400, 'SGN400027', 'query'],
    ['GET', '/company/search?query=%FF', {}, 400, 'SGN400041', 'query'],
    ['GET', `/company/search?query=${'x'.repeat(401)}`, {}, 400, 'SGN400015', 'query'],
    ['GET', '/company/search?limit=1001', {}, 400, 'SGN400039', 'limit'],
    ['GET', '/company/search?limit=0', {}, 400, 'SGN400039', 'limit'],
    ['GET', '/company/search?cursor=x', {}, 400, 'SGN400039', 'cursor'],
    ['POST', `/company/${id}/trustedparty`, { json: {} }, 400, 'SGN400012', 'address'],
    ['POST', `/company/${id}/trustedparty`, { json: { address: 'x' } }, 400, 'SGN400020', 'address'],
    ['POST', `/company/${id}/trustedparty`, { json: { address: 'a@example.com', type: 'robot' } }, 400, 'SGN400014', 'type'],
    ['POST', '/company', { json: { name: 'x' }, headers: { 'Idempotency-Key': 'a b' } }, 400, 'SGN400044']
  ]
  const was = world.holdings()
  for (const [method, path, options, status, code, field] of rows) {
    for (const prefix of ['', '/api/v1/p']) {
      const answer = await world.call(method, `${path.startsWith('/api') ? '' : prefix}${path}`, options)
      const what = `${method} ${prefix}${path}: ${answer.status} ${answer.body}`
      assert.equal(answer.status, status, what)
      assert.deepEqual(Object.keys(answer.json), ['code', 'msg', 'detail'], what)
      assert.equal(answer.json.code, status, what)
      assert.equal(answer.json.detail.code, code, what)
      assert.equal(answer.json.detail.field, field, what)
      assert.ok(answer.json.detail.reason.length > 5, what)
      if (status === 405) assert.match(answer.headers.allow, /GET|POST/)
    }
  }
  assert.deepEqual(world.holdings(), was)
})

test('no key and an unknown key: 401 "empty token"', async () => {
  for (const path of ['/company/search', '/api/v1/p/company/search', '/api/v1/p/company/x']) {
    for (const key of [null, 'EXAMPLE_API_KEY']) {
      const answer = await world.call('GET', path, { key })
      if (key !== null && answer.json.title !== undefined) continue // that scheme's own form
      assert.equal(answer.status, 401)
      assert.deepEqual(answer.json, { code: 401, msg: 'Unauthorized', detail: { reason: 'empty token' } })
    }
  }
})

test('Idempotency-Key: one company, the same answer', async () => {
  const options = { json: { name: 'Uma vez' }, headers: { 'Idempotency-Key': 'company-once' } }
  const answers = await Promise.all(Array.from({ length: 10 }, () => world.call('POST', '/company', options)))
  for (const answer of answers) {
    assert.equal(answer.status, 201, `${answer.body}`)
    assert.deepEqual(answer.json, answers[0].json)
  }
  assert.equal((await world.ok('GET', '/company/search?query=uma%20vez')).total_count, 1)
  const other = await world.call('POST', '/company', { ...options, json: { name: 'Duas' } })
  assert.equal(other.status, 409)
  assert.equal(other.json.detail.code, 'SGN409006')
})

test('envelopes of a company: made for it, echoed, listed', async () => {
  const [one, two] = [await add({ name: 'Primeira' }), await add({ name: 'Segunda' })]
  const make = async (more) => (await world.ok('POST', '/sign/envelope', { json: envelope({ documents: [document()], ...more }) })).id
  const mine = [await make({ company_id: one }), await make({ company_id: one })]
  const theirs = await make({ company_id: two })
  const nobodys = await make({})
  const list = async (query) => (await world.ok('GET', `/sign/envelope?${query}`)).envelopes
  assert.equal((await world.ok('GET', `/sign/envelope/${mine[0]}`)).company_id, one)
  assert.ok(!('company_id' in await world.ok('GET', `/sign/envelope/${nobodys}`)))
  assert.deepEqual((await list(`company_id=${one}`)).map(({ id }) => id), [...mine].reverse())
  assert.deepEqual((await list(`company_id=${two}`)).map(({ id, company_id: company }) => [id, company]), [[theirs, two]])
  assert.deepEqual((await list(`company_id=${one}&status=canceled`)), [])
  const page = await world.ok('GET', `/sign/envelope?company_id=${one}&limit=1`)
  assert.deepEqual(page.envelopes.map(({ id }) => id), [mine[1]])
  assert.deepEqual((await list(`company_id=${one}&limit=1&cursor=${page.next_cursor}`)).map(({ id }) => id), [mine[0]])
  for (const id of [...mine, theirs, nobodys]) assert.ok((await list('limit=200')).some((row) => row.id === id))
  for (const company of ['nowhere', 7, '']) assert.equal((await world.call('POST', '/sign/envelope', { json: envelope({ company_id: company }) })).status, 400)
})

test('every endpoint with a key answers under /api/v1/p too, and no page does', async () => {
  const id = await add({ name: 'Prefixo' })
  const made = await world.ok('POST', '/api/v1/p/sign/envelope/', { json: envelope({ documents: [document()] }) })
  assert.deepEqual(await world.ok('GET', `/api/v1/p/sign/envelope/${made.id}`), await world.ok('GET', `/sign/envelope/${made.id}`))
  assert.deepEqual(await world.ok('GET', `/api/v1/p/company/${id}`), await world.ok('GET', `/company/${id}`))
  assert.equal((await world.call('GET', '/api/v1/p/sign/envelope/nowhere')).json.code, 'SGN404001')
  for (const path of ['/health', '/v', '/s/x', '/f/x.pdf', '', '/', '/api/v1/p/company/search']) {
    assert.equal((await world.call('GET', `/api/v1/p${path}`)).status, 404, path)
  }
  assert.equal((await world.call('GET', '/api/v1/px/company/search')).status, 404)
})

test('a person who administers two organisations: the company decides', async () => {
  const theirs = await add({ name: 'Da outra' }, { key: world.other.sandbox_api_key })
  const own = await add({ name: 'Da casa' })
  sql(`INSERT INTO user_account (external_id, email, name, created_at) VALUES ('u1', 'both@example.com', 'Both', 1);
    INSERT INTO membership SELECT id, (SELECT id FROM user_account WHERE external_id = 'u1'), 'administrator', 1 FROM organisation;
    UPDATE api_key SET user_account = (SELECT id FROM user_account WHERE external_id = 'u1') WHERE environment = 0 AND organisation = (SELECT min(id) FROM organisation)`)
  await new Promise((resolve) => setTimeout(resolve, 1000))
  assert.equal((await world.ok('GET', `/company/${theirs}`)).name, 'Da outra')
  assert.equal((await world.ok('GET', `/company/${own}`)).name, 'Da casa')
  assert.ok(!(await found('outra')).includes('Da outra'), 'without a company the key\'s organisation stays')
  const { id } = await world.ok('POST', '/sign/envelope', { json: envelope({ company_id: theirs }) })
  assert.equal((await world.ok('GET', `/sign/envelope/${id}`, { key: world.other.sandbox_api_key })).company_id, theirs)
  assert.equal((await world.call('GET', `/sign/envelope/${id}`)).status, 404)
  assert.equal((await world.ok('GET', `/sign/envelope/${id}?company_id=${theirs}`)).company_id, theirs)
  assert.deepEqual((await world.ok('GET', `/sign/envelope?company_id=${theirs}`)).envelopes.map((one) => one.id), [id])
  sql('UPDATE membership SET role = \'reader\' WHERE organisation = (SELECT max(id) FROM organisation) AND user_account = (SELECT id FROM user_account WHERE external_id = \'u1\')')
  assert.equal((await world.call('GET', `/company/${theirs}`)).status, 404, 'administrators only')
})

test('nothing of a company lies in the store in clear', async () => {
  const id = await add({ name: 'Xylofonwerke', city: 'Quixeramobim', domain: 'xylofonwerke.example', ref: 'ref-zweiundvierzig' })
  await world.ok('POST', `/company/${id}/trustedparty`, { json: { address: 'geheimrat@example.org', name: 'Kunigunde' } })
  const folder = join(world.server.data, 'db')
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, name)).toString('latin1').toLowerCase()
    for (const secret of ['xylofon', 'quixera', 'zweiundvierzig', 'geheimrat', 'kunigunde']) assert.ok(!bytes.includes(secret), `${secret} in ${name}`)
  }
  const [{ count }] = [{ count: Number(sql(`SELECT count(*) FROM company_word w JOIN company c ON c.id = w.company WHERE c.external_id = '${id}'`)) }]
  assert.ok(count > 10)
})
