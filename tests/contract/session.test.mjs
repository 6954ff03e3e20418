// Is a link that was passed on worth nothing without its signer? Each test is a second browser that holds the link,
// and sometimes more; what it may not do, and how the signer goes on with it.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { document, envelope, openWorld, signer } from './world.mjs'

const cpf = '529.982.247-25'
const other = '111.444.777-35'
const minute = 60000

let world
before(async () => { world = await openWorld() })
after(async () => { await world.close() })

const get = (page, path, browser) => world.call('GET', `${page}/${path}`, { key: null, browser })
const post = (page, path, json, browser) => world.call('POST', `${page}/${path}`, { key: null, json, browser })
const signature = (state) => ({ consent_sha256: state.consent.sha256, kind: 'typed', text: 'Maria' })

async function ok (page, path, json, browser) {
  const answer = await post(page, path, json, browser)
  assert.equal(answer.status, 200, `${path}: ${answer.body}`)
  return answer.json
}

async function refused (promise, status, code) {
  const answer = await promise
  assert.deepEqual([answer.status, answer.json?.code], [status, code], String(answer.body))
  assert.equal(answer.headers['set-cookie'], undefined, 'a refusal hands out nothing')
}

const unproved = (promise) => refused(promise, 403, 'SGN403002')

async function state (page, browser) {
  const answer = await get(page, 'state', browser)
  assert.equal(answer.status, 200)
  return answer.json
}

const where = async (page, browser) => {
  const { step, proof, position } = await state(page, browser)
  return [step, proof, position.at]
}

async function proveCode (page, browser, id = '1') {
  const earlier = new Set(world.outbox())
  await ok(page, 'code', {}, browser)
  return ok(page, 'code/check', { code: await world.message(/\b(\d{6})\b/, earlier, `-code-${id}.`) }, browser)
}

// A browser's way up to a step, on an envelope of its own.
async function bring (to, browser, json) {
  const id = await world.make('submitted', { json })
  const page = await world.page(id)
  const steps = [['cpf', () => ok(page, 'open', {}, browser)], ['read', () => ok(page, 'cpf', { cpf }, browser)],
    ['code', () => ok(page, 'read', { document: 0, pages: 1, duration_ms: 1 }, browser)], ['sign', () => proveCode(page, browser)],
    ['done', async () => ok(page, 'sign', signature(await state(page, browser)), browser)]]
  for (const [step, walk] of steps) {
    await walk()
    if (step === to) break
  }
  assert.equal((await state(page, browser)).step, to)
  return { id, page }
}

// What the signer did; messages leave when they leave.
function events (id) {
  const folder = join(world.server.data, 'db')
  const file = join(folder, readdirSync(folder).find((name) => /\.(db|sqlite3?)$/.test(name)))
  return execFileSync('sqlite3', ['-batch', `file:${file}?mode=ro`,
    `SELECT kind FROM event WHERE envelope = (SELECT id FROM envelope WHERE external_id = '${id}') ORDER BY sequence`], { encoding: 'utf8' }).trim().split('\n').map(Number).filter((kind) => kind !== 5)
}

test('the cookie is for this host and its pages only, and names no secret of the link', async () => {
  const { page } = await bring('cpf', 'plain')
  const { headers } = await post(page, 'cpf', { cpf }, 'plain')
  assert.equal(headers['set-cookie'].length, 1)
  const [pair, ...attributes] = headers['set-cookie'][0].split('; ')
  const [name, value] = pair.split('=')
  assert.deepEqual(attributes.sort(), ['HttpOnly', 'Max-Age=43200', 'Path=/', 'SameSite=Strict', 'Secure'])
  assert.match(name, /^__Host-signer-[0-9a-f]{16}$/)
  assert.match(value, /^[\w-]{43}$/, '256 bits')
  assert.ok(!page.includes(value) && !page.includes(name.slice(-16)))
  for (const path of ['state', 'document/0', 'qr.svg']) assert.equal((await get(page, path, 'plain')).headers['set-cookie'], undefined, `GET ${path} changes nothing`)
  for (const folder of ['db', 'blobs']) {
    for (const file of readdirSync(join(world.server.data, folder), { recursive: true, withFileTypes: true }).filter((one) => one.isFile())) {
      assert.ok(!readFileSync(join(file.parentPath ?? file.path, file.name)).includes(value), 'the store keeps its hash')
    }
  }
})

test('once the CPF was given, the link alone shows no document, and the CPF opens them there too', async () => {
  const { id, page } = await bring('read', 'own')
  assert.equal((await get(page, 'document/0', 'own')).status, 200)
  assert.deepEqual(await where(page, 'own'), ['read', null, 2])
  assert.deepEqual(await where(page, 'forwarded'), ['cpf', 'cpf', 1])
  await unproved(get(page, 'document/0', 'forwarded'))
  await unproved(post(page, 'read', { document: 0, pages: 1, duration_ms: 1 }, 'forwarded'))
  await refused(post(page, 'cpf', { cpf: other }, 'forwarded'), 400, 'SGN400060')
  await unproved(get(page, 'document/0', 'forwarded'))
  const before = events(id)
  assert.equal((await ok(page, 'cpf', { cpf }, 'forwarded')).step, 'read')
  assert.deepEqual(events(id), before, 'the record has it already')
  assert.equal((await get(page, 'document/0', 'forwarded')).status, 200)
})

test('once the code was given, the link alone neither reads nor signs', async () => {
  const { id, page } = await bring('sign', 'own')
  const seen = await state(page, 'thief')
  assert.deepEqual([seen.step, seen.proof, seen.position.at], ['code', 'code', 3])
  await unproved(get(page, 'document/0', 'thief'))
  await unproved(post(page, 'sign', signature(seen), 'thief'))
  await unproved(post(page, 'sign', signature(seen), null))
  // The CPF, which many people know, is not enough.
  await ok(page, 'cpf', { cpf }, 'thief')
  assert.deepEqual(await where(page, 'thief'), ['code', 'code', 3])
  await unproved(post(page, 'sign', signature(seen), 'thief'))
  // Nor is asking for a code, which goes to the signer.
  await ok(page, 'code', {}, 'thief')
  await refused(post(page, 'code/check', { code: '000000' }, 'thief'), 400, 'SGN400061')
  await unproved(post(page, 'sign', signature(seen), 'thief'))
  const { signers: [one] } = await world.ok('GET', `/sign/envelope/${id}`)
  assert.equal(one.status, 'opened')
  assert.deepEqual(await where(page, 'own'), ['sign', null, 4], 'and the signer is not disturbed')
  assert.equal((await ok(page, 'sign', signature(seen), 'own')).step, 'done')
})

test('on another device the same link goes on where it stopped, after a code of its own', async () => {
  const { id, page } = await bring('sign', 'desk')
  const { step, proof } = await proveCode(page, 'phone')
  assert.deepEqual([step, proof], ['sign', null], 'the documents need not be read again')
  assert.equal((await get(page, 'document/0', 'phone')).status, 200)
  assert.deepEqual(await where(page, 'desk'), ['sign', null, 4], 'both stay proved')
  assert.equal((await ok(page, 'sign', signature(await state(page, 'phone')), 'phone')).step, 'done')
  await refused(post(page, 'sign', signature(await state(page, 'desk')), 'desk'), 409, 'SGN409011')
  const passed = events(id).filter((kind) => kind === 12)
  assert.equal(passed.length, 2, 'the log has both codes')
  const code = (await evidence(id)).signers[0].checks.find(({ kind }) => kind === 'code')
  assert.equal(code.tries, 2)
  assert.ok(code.sent_at <= code.used_at, `${code.sent_at} ${code.used_at}`)
})

async function evidence (id) {
  await world.completed(id)
  const { documents_reports: [{ url }] } = await world.ok('GET', `/sign/envelope/${id}/report`)
  const { body } = await world.call('GET', new URL(url).pathname, { key: null })
  const file = join(world.root, 'dossier.pdf')
  execFileSync('tee', [file], { input: body, stdio: ['pipe', 'ignore', 'inherit'] })
  execFileSync('pdfdetach', ['-save', '1', '-o', `${file}.json`, file])
  return JSON.parse(readFileSync(`${file}.json`))
}

test('a code that was sent but not used is not the one of the evidence', async () => {
  const { id, page } = await bring('sign', 'own')
  if (!await world.later(2 * minute)) return
  await ok(page, 'code', {}, 'curious')
  await ok(page, 'sign', signature(await state(page, 'own')), 'own')
  const code = (await evidence(id)).signers[0].checks.find(({ kind }) => kind === 'code')
  assert.ok(code.sent_at <= code.used_at, `${code.sent_at} ${code.used_at}`)
})

test("the cookie of another signer, or of another link, is worth nothing", async () => {
  const json = { signers: [signer('1'), signer('2', { document_number: other })] }
  const { id, page } = await bring('sign', 'one', json)
  const second = await world.page(id, '2')
  await ok(second, 'open', {}, 'two')
  await ok(second, 'cpf', { cpf: other }, 'two')
  await ok(second, 'read', { document: 0, pages: 1, duration_ms: 1 }, 'two')
  await proveCode(second, 'two', '2')
  const [mine] = world.server.cookiesOf('one').values()
  const [[name, own]] = [...world.server.cookiesOf('two')]
  const theirs = (value) => ({ key: null, browser: null, headers: { Cookie: `${name}=${value}` } })
  const sign = (value) => world.call('POST', `${second}/sign`, { ...theirs(value), json: signature(consent) })
  const consent = await state(second, 'two')
  assert.equal((await world.call('GET', `${second}/document/0`, theirs(own))).status, 200, 'sent by hand it counts')
  for (const value of [mine, own.slice(0, -1), `${own}A`, own.replace(/^./, (c) => c === 'A' ? 'B' : 'A'), '', 'x'.repeat(5000)]) {
    await unproved(world.call('GET', `${second}/document/0`, theirs(value)))
    await unproved(sign(value))
  }
  // Beside other cookies, in any order.
  assert.equal((await world.call('GET', `${second}/document/0`, { ...theirs(own), headers: { Cookie: `a=b; ${name}=${own}; c` } })).status, 200)
})

test('half an hour after the last step a code is asked for again, twelve hours after it the CPF', async (t) => {
  const { id, page } = await bring('sign', 'slow')
  if (!await world.later(29 * minute)) return t.skip('this build has no movable clock')
  assert.deepEqual(await where(page, 'slow'), ['sign', null, 4])
  await ok(page, 'read', { document: 0, pages: 1, duration_ms: 1 }, 'slow')
  await world.later(29 * minute)
  assert.deepEqual(await where(page, 'slow'), ['sign', null, 4], 'each step counts anew')
  await world.later(minute)
  const late = await state(page, 'slow')
  assert.deepEqual([late.step, late.proof], ['code', 'code'])
  await unproved(post(page, 'sign', signature(late), 'slow'))
  assert.equal((await get(page, 'document/0', 'slow')).status, 200, 'reading goes on')
  await world.later(11 * 60 * minute + 31 * minute)
  await unproved(get(page, 'document/0', 'slow'))
  assert.deepEqual(await where(page, 'slow'), ['code', 'code', 3])
  await proveCode(page, 'slow')
  assert.equal((await ok(page, 'sign', signature(await state(page, 'slow')), 'slow')).step, 'done')
  await world.completed(id)
  assert.equal((await get(page, 'dossier/0', 'slow')).status, 200)
})

test('the copy and the originals are for who signed, and the CPF opens them on any device', async () => {
  const { id, page } = await bring('done', 'own')
  await world.completed(id)
  for (const path of ['dossier/0', 'document/0']) {
    assert.equal((await get(page, path, 'own')).status, 200, path)
    await unproved(get(page, path, 'forwarded'))
  }
  assert.deepEqual((await where(page, 'forwarded')).slice(0, 2), ['done', 'cpf'])
  await refused(post(page, 'cpf', { cpf: other }, 'forwarded'), 400, 'SGN400060')
  const { step, proof } = await ok(page, 'cpf', { cpf }, 'forwarded')
  assert.deepEqual([step, proof], ['done', null])
  assert.equal((await get(page, 'dossier/0', 'forwarded')).status, 200)
})

test('of many browsers the eight that proved most are kept', async () => {
  const { page } = await bring('sign', 'own')
  for (let i = 0; i < 12; i++) await ok(page, 'cpf', { cpf }, `crowd${i}`)
  const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => get(page, 'document/0', `crowd${i}`)))
  assert.equal(answers.filter(({ status }) => status === 200).length, 7)
  assert.deepEqual(await where(page, 'own'), ['sign', null, 4])
})

test('an envelope with several documents, and links side by side in one browser', async () => {
  const json = { ...envelope(), documents: [document(), document({ id: 'd2' })] }
  const id = await world.make('submitted', { json })
  const [first, second] = [await world.page(id), await world.page(await world.make('submitted'))]
  for (const page of [first, second]) {
    await ok(page, 'open', {}, 'both')
    await ok(page, 'cpf', { cpf }, 'both')
  }
  for (const page of [first, second]) assert.equal((await get(page, 'document/0', 'both')).status, 200)
  assert.equal(world.server.cookiesOf('both').size, 2)
})
