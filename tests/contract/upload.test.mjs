// A document uploaded before any envelope: key and MD5, a link of ten minutes, use in an envelope, whose it is, its end.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { b64, document, envelope, jpeg, multipart, openWorld, pdf, photo, signer } from './world.mjs'

let world
before(async () => { world = await openWorld() })
after(async () => { await world.close() })

const md5 = (bytes) => createHash('md5').update(bytes).digest('hex')
const send = (bytes, options = {}) => {
  const form = multipart({ file: bytes })
  return world.call('POST', '/upload', { ...form, ...options, headers: { ...form.headers, ...options.headers } })
}
const keyOf = async (bytes, options) => {
  const answer = await send(bytes, options)
  assert.equal(answer.status, 201, `${answer.body}`)
  return answer.json.document_key
}
const without = ({ document_b64: bytes, ...rest }) => rest
const MINUTE = 60000

test('201 with key and MD5; the link gives the same bytes, without a key, for ten minutes', async () => {
  for (const [bytes, type, end] of [[pdf('Enviado'), 'application/pdf', 'pdf'], [jpeg(), 'image/jpeg', 'jpeg'], [Buffer.from('<script>alert(1)</script>'), 'application/octet-stream', 'bin']]) {
    const answer = await send(bytes)
    assert.equal(answer.status, 201, `${answer.body}`)
    assert.deepEqual(Object.keys(answer.json), ['document_key', 'document_md5'])
    assert.match(answer.json.document_key, /^[0-9a-f-]{36}$/)
    assert.equal(answer.json.document_md5, md5(bytes))
    const asked = Date.now()
    const url = await world.ok('GET', `/document/${answer.json.document_key}/url`)
    assert.deepEqual(Object.keys(url), ['document_key', 'document_url', 'signed_document_url', 'expiration_datetime'])
    assert.equal(url.document_key, answer.json.document_key)
    assert.match(url.expiration_datetime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    assert.ok(Math.abs(Date.parse(url.expiration_datetime) - asked - 10 * MINUTE) < MINUTE)
    assert.equal(new URL(url.document_url).pathname, `/document/${url.document_key}/url`)
    assert.ok(url.signed_document_url.endsWith(`.${end}`))
    const file = await world.server.request('GET', new URL(url.signed_document_url).pathname)
    assert.equal(file.status, 200)
    assert.deepEqual(file.body, bytes)
    assert.equal(file.headers['content-type'], type)
    assert.equal(file.headers['content-disposition'], 'attachment')
    assert.equal(file.headers['x-content-type-options'], 'nosniff')
  }
})

test('forms as real clients send them, and the bytes alone', async () => {
  const bytes = pdf('Cru')
  const lenient = Buffer.concat([Buffer.from('\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'), bytes, Buffer.from('\r\n--b--')])
  const form = await world.call('POST', '/api/v1/p/upload', { body: lenient, headers: { 'Content-Type': 'multipart/form-data; boundary=b' } })
  assert.equal(form.status, 201, `${form.body}`)
  assert.equal(form.json.document_md5, md5(bytes))
  const raw = await world.call('POST', '/upload', { body: bytes, headers: { 'Content-Type': 'application/pdf' } })
  assert.equal(raw.json.document_md5, md5(bytes))
})

test('10,485,760 bytes pass, one more does not', async () => {
  assert.equal((await send(Buffer.alloc(10485760, 1))).status, 201)
  const answer = await send(Buffer.alloc(10485761, 1))
  assert.equal(answer.status, 400)
  assert.equal(answer.json.code, 'SGN400029')
})

test('used in an envelope: alone, in one call, as a photo; judged as any other', async () => {
  const bytes = pdf('Por chave')
  const key = await keyOf(bytes)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const { id } = await world.ok('POST', '/sign/envelope', { json: envelope({ documents: [{ ...without(document()), document_key: key }] }) })
  assert.equal((await world.ok('GET', `/sign/envelope/${id}`)).documents[0].sha256, sha256)
  const more = await world.call('POST', `/sign/envelope/${id}/document`, { json: { ...without(document({ id: 'd2' })), document_key: key } })
  assert.equal(more.status, 201, `${more.body}`)
  assert.equal(more.json.sha256, sha256)
  const face = await keyOf(jpeg(0, 7))
  const pictures = await world.ok('POST', '/sign/envelope', { json: envelope({ signers: [signer('1', { personal_documents: [{ ...without(photo()), document_key: face }] })] }) })
  assert.ok(pictures.id)
  assert.equal((await world.call('POST', `/sign/envelope/${id}/signer/1/personal_document`, { json: { ...without(photo()), document_key: face } })).status, 201)
  const wrong = await keyOf(Buffer.from('hello'))
  const refused = await world.call('POST', `/sign/envelope/${id}/document`, { json: { ...without(document({ id: 'd3' })), document_key: wrong } })
  assert.equal(refused.json.code, 'SGN400035')
  for (const [value, code] of [[document({ id: 'd4', document_key: key }), 'SGN400014'], [{ ...without(document({ id: 'd4' })), document_key: 'nowhere' }, 'SGN400014'], [{ ...without(document({ id: 'd4' })), document_key: 7 }, 'SGN400013']]) {
    const answer = await world.call('POST', `/sign/envelope/${id}/document`, { json: value })
    assert.equal(answer.status, 400)
    assert.equal(answer.json.code, code)
    assert.equal(answer.json.field, 'document_key')
  }
})

test('keys of others see nothing of it', async () => {
  const document_key = await keyOf(pdf('Meu'))
  for (const key of [world.other.sandbox_api_key, world.other.api_key, world.production]) {
    assert.equal((await world.call('GET', `/document/${document_key}/url`, { key })).status, 404)
    const answer = await world.call('POST', '/sign/envelope', { key, json: envelope({ documents: [{ ...without(document()), document_key }] }) })
    assert.equal(answer.status, 400)
    assert.equal(answer.json.field, 'documents[0].document_key')
  }
})

test('what is refused leaves nothing', async () => {
  const was = world.holdings()
  for (const [name, options, code] of [
    ['no file', multipart({ name: 'x' }), 'SGN400030'],
    ['an empty file', multipart({ file: Buffer.alloc(0) }), 'SGN400030'],
    ['no boundary', { body: 'x', headers: { 'Content-Type': 'multipart/form-data' } }, 'SGN400040'],
    ['JSON', { json: { document_b64: b64(pdf()) } }, 'SGN400040']]) {
    const answer = await world.call('POST', '/upload', options)
    assert.equal(answer.status, 400, name)
    assert.equal(answer.json.code, code, name)
  }
  for (const key of ['nowhere', 'a%2Fb', '..']) assert.equal((await world.call('GET', `/document/${key}/url`)).status, 404)
  for (const path of ['/upload', '/api/v1/p/upload']) {
    const answer = await world.call('POST', path, { ...multipart({ file: pdf() }), key: null })
    assert.equal(answer.status, 400)
    assert.equal(answer.json.code, 'GDF000003')
  }
  assert.equal((await world.call('GET', '/upload')).status, 405)
  assert.deepEqual(world.holdings(), was)
})

test('ten at once with one Idempotency-Key leave one document', async () => {
  const was = world.holdings()
  const bytes = pdf('Uma vez')
  const answers = await Promise.all(Array.from({ length: 10 }, () => send(bytes, { headers: { 'Idempotency-Key': 'upload-once' } })))
  for (const answer of answers) {
    assert.equal(answer.status, 201, `${answer.body}`)
    assert.deepEqual(answer.json, answers[0].json)
  }
  const is = world.holdings()
  assert.equal(is.rows.uploaded_document, was.rows.uploaded_document + 1)
  assert.equal(is.blobs.length, was.blobs.length + 1)
})

test('the bytes are sealed at rest', async () => {
  await keyOf(Buffer.from('Quixeramobim em claro'))
  const folder = join(world.server.data, 'blobs')
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())) {
    assert.ok(!readFileSync(join(entry.parentPath ?? entry.path, entry.name)).includes('Quixeramobim'))
  }
})

test('ten minutes for the link, a day for the document; what an envelope took stays', async (t) => {
  const key = await keyOf(pdf('Um dia'))
  const { id } = await world.ok('POST', '/sign/envelope', { json: envelope({ documents: [{ ...without(document()), document_key: key }] }) })
  const ask = async () => new URL((await world.ok('GET', `/document/${key}/url`)).signed_document_url).pathname
  const first = await ask()
  if (!await world.later(9 * MINUTE)) return t.skip('needs -Dtest_seams=true')
  assert.equal((await world.server.request('GET', first)).status, 200)
  await world.later(2 * MINUTE)
  assert.equal((await world.server.request('GET', first)).status, 404)
  assert.equal((await world.server.request('GET', await ask())).status, 200)
  await world.later(23 * 60 * MINUTE + 45 * MINUTE)
  const last = await world.ok('GET', `/document/${key}/url`)
  await world.later(10 * MINUTE)
  assert.equal((await world.call('GET', `/document/${key}/url`)).status, 404)
  assert.equal((await world.server.request('GET', new URL(last.signed_document_url).pathname)).status, 404)
  const answer = await world.call('POST', '/sign/envelope', { json: envelope({ documents: [{ ...without(document()), document_key: key }] }) })
  assert.equal(answer.json.code, 'SGN400014')
  const submitted = await world.call('PATCH', `/sign/envelope/${id}`, { json: { status: 'submitted' } })
  assert.equal(submitted.status, 200, `${submitted.body}`)
})
