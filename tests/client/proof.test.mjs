// Does what the server keeps of signed traffic prove, offline and years later, who wrote what; and nothing once a byte of
// it was touched? Envelopes are made in every scheme by a client that shares no line with the server, their bundles are
// judged by our client, and by jose and openssl.
import { compactVerify } from 'jose'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import crypto, { createPublicKey, randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, test } from 'node:test'
import { b64, document, envelope, multipart, pdf, photo } from '../contract/world.mjs'
import { openPartner, sql } from '../lib/partner.mjs'
import { run, startServer } from '../lib/server.mjs'
import { folder, md5, programs, sha256 } from './platform.mjs'

let world, server, dir
const platform = []
const at = (name) => join(dir, name)
const put = (name, bytes) => { writeFileSync(at(name), bytes); return at(name) }
const until = async (what, condition) => {
  for (const end = Date.now() + 20000; ;) {
    if (await condition()) return
    assert.ok(Date.now() < end, what)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

before(async () => {
  world = folder()
  dir = mkdtempSync(join(tmpdir(), 'chirograph-proof-'))
  server = await startServer()
  const published = await server.request('GET', '/keys')
  for (const key of published.json.keys.filter((one) => one.purpose === 'response')) platform.push('--platform-key', put(`${key.crv}.pub`, key.pem))
  assert.equal(platform.length, 4)
})
after(async () => { await server.stop(); world.remove(); rmSync(dir, { recursive: true }) })

const verify = (bundle, args, program = programs[1]) => world.run(program, ['verify-proof', put('proof.json', JSON.stringify(bundle)), ...args])
const bundleOf = async (p, id) => {
  const { status, json } = await p.call('GET', `/sign/envelope/${id}/proof`)
  assert.equal(status, 200, JSON.stringify(json))
  return json
}

// Sends, checks the answer's signature, and keeps the bytes that were sent.
async function write (p, sent, method, path, options, status) {
  const made = p.request(method, path, options)
  const answer = p.check(made, await p.send(made))
  assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.json)}`)
  sent.push(made)
  return answer
}

async function made (p) {
  const id = randomUUID()
  const sent = []
  const { documents, ...alone } = envelope({ id })
  await write(p, sent, 'POST', '/sign/envelope', { json: alone }, 201)
  await write(p, sent, 'POST', `/sign/envelope/${id}/document`, { json: document({ id: 'd1' }) }, 201)
  await write(p, sent, 'POST', `/sign/envelope/${id}/signer/1/personal_document`, { json: photo() }, 201)
  await write(p, sent, 'PATCH', `/sign/envelope/${id}`, { json: { status: 'submitted' } }, 200)
  return { id, sent }
}

const KINDS = ['api-key', 'es512-wrapped', 'es512-plain', 'x-sign', 'http-signature ed25519', 'http-signature p256', 'http-signature p384', 'http-signature rsa']
const partnerOf = (name) => { const [scheme, kind] = name.split(' '); return openPartner(server, scheme, { kind }) }
const partnerKey = (p) => {
  const pair = p.integration?.pair ?? p.key.pair
  return pair ? ['--partner-key', put('partner.pub', pair.publicKey.export({ type: 'spki', format: 'pem' }))] : []
}
const bodiesOf = (sent) => sent.flatMap((one, i) => ['--body', put(`body${i}`, one.body)])

// Every text in a bundle that a signature covers, with a way to change it.
function * leaves (value, path = []) {
  if (typeof value === 'string') yield path
  else if (value !== null && typeof value === 'object') for (const [name, inner] of Object.entries(value)) yield * leaves(inner, [...path, name])
}
const FREE = /^(id|at|request\.key\.(kind|fingerprint)|response\.key\.(kind|fingerprint))$/
const isFree = (scheme, path) => FREE.test(path) || (scheme === 'es512-wrapped' && path === 'request.body_sha256') ||
  (scheme === 'es512-plain' && /headers\.api-client-key$/.test(path)) || (scheme === 'api-key' && path === 'request.body_sha256')

for (const name of KINDS) {
  const scheme = name.split(' ')[0]
  test(`${name}: every write is in the bundle, and the client finds it good offline`, async () => {
    const p = await partnerOf(name)
    const { id, sent } = await made(p)
    const bundle = await bundleOf(p, id)
    assert.equal(bundle.envelope_id, id)
    assert.equal(bundle.complete, true)
    assert.deepEqual(bundle.exchanges.map((x) => [x.method, x.url, x.scheme, x.response.status]), sent.map((one, i) => [one.method, server.url + one.path, scheme, i < 3 ? 201 : 200]))
    for (const [i, x] of bundle.exchanges.entries()) {
      assert.equal(x.request.body_sha256, sha256(sent[i].body))
      assert.ok(Math.abs(Date.parse(x.at) - Date.now()) < 60000)
      assert.equal(x.request.key === undefined, scheme === 'api-key')
      assert.doesNotMatch(Object.keys(x.request.headers).join(), /x-api-key/)
      if (scheme === 'api-key') assert.deepEqual(x.request.headers, {})
      for (const key of [x.request.key, x.response.key].filter(Boolean)) assert.equal(key.fingerprint, `SHA256:${crypto.createHash('sha256').update(Buffer.from(key.spki, 'base64')).digest('base64').replace(/=+$/, '')}`)
    }
    const bodies = bodiesOf(sent)
    for (const program of programs) {
      const r = verify(bundle, [...partnerKey(p), ...platform, ...bodies], program)
      assert.equal(r.status, 0, `${basename(program)}: ${r.err} ${r.out}`)
      assert.equal(r.out.match(/answer +holds/g).length, 4)
      assert.equal(r.out.match(scheme === 'api-key' ? /request +unsigned/g : /request +holds/g).length, 4)
    }
    const open = verify(bundle, [...partnerKey(p), ...platform])
    const needs = scheme === 'es512-plain' || scheme === 'x-sign'
    assert.equal(open.status, needs ? 3 : 0, open.err)
    if (needs) assert.match(open.err, /body with this SHA-256 is needed/)
    const stranger = ['--partner-key', put('other.pub', world.keys.partner.publicPem)]
    if (scheme !== 'api-key') assert.match(verify(bundle, [...stranger, ...platform, ...bodies]).err, /none of the keys/)
  })

  test(`${name}: one letter changed anywhere, and the bundle is refused with the reason`, async () => {
    const p = await partnerOf(name)
    const { id, sent } = await made(p)
    const bundle = await bundleOf(p, id)
    const args = [...partnerKey(p), ...platform, ...bodiesOf(sent)]
    assert.equal(verify(bundle, args).status, 0)
    let changed = 0
    for (const i of [0, 3]) {
      for (const path of leaves(bundle.exchanges[i])) {
        if (isFree(scheme, path.join('.'))) continue
        const twisted = structuredClone(bundle)
        const holder = path.slice(0, -1).reduce((v, n) => v[n], twisted.exchanges[i])
        const text = holder[path.at(-1)]
        // ES512 signs the path and no host.
        const first = path[0] === 'url' && scheme.startsWith('es512') ? server.url.length : 0
        for (const where of new Set([first, (first + text.length) >> 1, Math.max(first, text.length - 9)])) {
          const c = text[where]
          holder[path.at(-1)] = text.slice(0, where) + (c === 'A' ? 'B' : c === '7' ? '8' : /[a-f0-9]/.test(c) ? '7' : 'A') + text.slice(where + 1)
          const r = verify(twisted, args)
          assert.ok(r.status === 3 && /\S/.test(r.err), `${path.join('.')} at ${where} of ${text}: ${r.status} ${r.out}`)
          changed++
        }
      }
      if (!scheme.startsWith('es512')) {
        const twisted = structuredClone(bundle)
        twisted.exchanges[i].response.status++
        assert.equal(verify(twisted, args).status, 3)
      }
    }
    assert.ok(changed > 30, String(changed))
  })
}

// ---- judged by others ----

test('es512: jose finds the tokens of a bundle good, and they name this body', async () => {
  for (const scheme of ['es512-plain', 'es512-wrapped']) {
    const p = await openPartner(server, scheme)
    const { id, sent } = await made(p)
    for (const [i, x] of (await bundleOf(p, id)).exchanges.entries()) {
      for (const [side, body] of [[x.request, sent[i].body], [x.response, Buffer.from(x.response.body, 'base64')]]) {
        const key = createPublicKey({ key: Buffer.from(side.key.spki, 'base64'), format: 'der', type: 'spki' })
        const token = side.headers.authorization.split(':').at(-1)
        const claims = JSON.parse(new TextDecoder().decode((await compactVerify(token, key)).payload))
        assert.equal(side.body_sha256, sha256(body))
        if (scheme === 'es512-plain') assert.deepEqual([claims.method, claims.uri, claims.payload_md5], [sent[i].method, sent[i].path, md5(body)])
        else {
          const inner = JSON.parse(body).encoded_body
          await compactVerify(inner, key)
          const [method, hash,,, path] = claims.signature.split('\n')
          assert.deepEqual([method, hash, path], [sent[i].method, md5(inner), sent[i].path])
          if (side === x.request) assert.equal(side.encoded_body, inner)
        }
      }
    }
  }
})

test('x-sign: openssl finds the partner\'s signature good, and ours', async () => {
  const p = await openPartner(server, 'x-sign')
  const { id, sent } = await made(p)
  const pem = (spki) => `-----BEGIN PUBLIC KEY-----\n${spki.match(/.{1,64}/g).join('\n')}\n-----END PUBLIC KEY-----\n`
  const openssl = (...args) => execFileSync('openssl', args, { encoding: 'utf8' })
  for (const [i, x] of (await bundleOf(p, id)).exchanges.entries()) {
    const { headers, key } = x.request
    put('signature', Buffer.from(headers['x-sign'], 'base64url'))
    put('input', Buffer.concat([Buffer.from(headers['x-timestamp'] + x.url), sent[i].body]))
    assert.match(openssl('dgst', '-sha256', '-verify', put('key.pem', pem(key.spki)), '-signature', at('signature'), at('input')), /Verified OK/)
    const answer = x.response
    const params = answer.headers['signature-input'].replace(/^sig1=/, '')
    put('signature', Buffer.from(/:(.*):/.exec(answer.headers.signature)[1], 'base64'))
    put('input', `"@status": ${answer.status}\n"content-digest": ${answer.headers['content-digest']}\n"@method";req: ${x.method}\n"@target-uri";req: ${x.url}\n"@signature-params": ${params}`)
    assert.match(openssl('pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', put('key.pem', pem(answer.key.spki)), '-sigfile', at('signature'), '-in', at('input')), /Verified Successfully/)
    assert.equal(answer.headers['content-digest'], `sha-256=:${sha256(Buffer.from(answer.body, 'base64'), 'base64')}:`)
  }
})

// ---- what is kept, and what is not ----

test('es512-wrapped: a file, and a body too long to be kept, hold with their bytes', async () => {
  const p = await openPartner(server, 'es512-wrapped')
  const { id, sent } = await made(p)
  const other = randomUUID()
  const file = pdf()
  const form = multipart({ file, id: 'd2', name: 'Anexo.pdf' })
  const compat = await openPartner(server, 'es512-wrapped', { mode: 'compat' })
  const { documents, ...alone } = envelope({ id: other })
  const more = []
  await write(compat, more, 'POST', '/sign/envelope', { json: alone }, 201)
  await write(compat, more, 'POST', `/sign/envelope/${other}/document`, { body: form.body, type: form.headers['Content-Type'], file }, 201)
  await write(compat, more, 'POST', `/sign/envelope/${other}/document`, { json: document({ id: 'd3', document_b64: b64(pdf('x'.repeat(20000))) }) }, 201)
  const bundle = await bundleOf(compat, other)
  assert.equal(bundle.exchanges[1].request.file_sha256, sha256(file))
  assert.equal(bundle.exchanges[2].request.encoded_body, undefined)
  const keys = [...partnerKey(compat), ...platform]
  const open = verify(bundle, keys)
  assert.equal(open.status, 3)
  assert.equal(open.out.match(/needs body/g).length, 2)
  const given = ['--body', put('file.pdf', file), '--body', put('long', more[2].body)]
  assert.equal(verify(bundle, [...keys, ...given]).status, 0)
  const others = Buffer.from(file)
  others[20] ^= 1
  bundle.exchanges[1].request.file_sha256 = sha256(others)
  assert.match(verify(bundle, [...keys, ...given, '--body', put('others.pdf', others)]).err, /MD5 differs/)
  assert.equal((await bundleOf(p, id)).exchanges.length, sent.length)
})

test('x-sign with a nonce, and a sandbox key that leaves the signature out', async () => {
  const p = await openPartner(server, 'x-sign')
  const id = randomUUID()
  const sent = []
  const { documents, ...alone } = envelope({ id })
  await write(p, sent, 'POST', '/sign/envelope', { json: alone, nonce: 5 }, 201)
  const bare = p.request('PATCH', `/sign/envelope/${id}`, { json: { status: 'canceled' } })
  for (const name of ['x-sign', 'x-timestamp']) delete bare.headers[name]
  assert.equal(p.check(bare, await p.send(bare)).status, 200)
  const bundle = await bundleOf(p, id)
  assert.equal(bundle.exchanges[0].request.headers['x-nonce'], '5')
  assert.deepEqual([bundle.exchanges[1].request.headers, bundle.exchanges[1].request.key], [{}, undefined])
  const r = verify(bundle, [...partnerKey(p), ...platform, ...bodiesOf(sent)])
  assert.equal(r.status, 0, r.err)
  assert.match(r.out, /request +unsigned/)
})

test('a retry with the same Idempotency-Key, a write that is refused and one that changes nothing are not kept', async () => {
  for (const scheme of ['api-key', 'es512-plain']) {
    const p = await openPartner(server, scheme)
    const id = randomUUID()
    const sent = []
    const { documents, ...alone } = envelope({ id })
    const headers = { 'Idempotency-Key': randomUUID() }
    const first = await write(p, sent, 'POST', '/sign/envelope', { json: alone, headers }, 201)
    const again = await write(p, sent, 'POST', '/sign/envelope', { json: alone, headers }, 201)
    assert.equal(again.headers['idempotent-replayed'], 'true')
    assert.deepEqual(again.json, first.json)
    await write(p, [], 'POST', '/sign/envelope', { json: alone }, 409)
    await write(p, [], 'PATCH', `/sign/envelope/${id}`, { json: { status: 'submitted' } }, 400)
    await write(p, [], 'PATCH', `/sign/envelope/${id}`, { json: { status: 'canceled' } }, 200)
    await write(p, [], 'PATCH', `/sign/envelope/${id}`, { json: { status: 'canceled' } }, 200)
    assert.deepEqual((await bundleOf(p, id)).exchanges.map((x) => x.method), ['POST', 'PATCH'])
  }
})

test('the traffic of several keys on one envelope stands in one bundle, in its order', async () => {
  const all = await Promise.all(['es512-plain', 'http-signature', 'x-sign', 'api-key'].map((scheme) => openPartner(server, scheme)))
  const id = randomUUID()
  const sent = []
  const { documents, ...alone } = envelope({ id })
  await write(all[0], sent, 'POST', '/sign/envelope', { json: alone }, 201)
  for (const [i, p] of all.entries()) await write(p, sent, 'POST', `/sign/envelope/${id}/document`, { json: document({ id: `d${i}` }) }, 201)
  const bundle = await bundleOf(all[3], id)
  assert.deepEqual(bundle.exchanges.map((x) => x.scheme), ['es512-plain', 'es512-plain', 'http-signature', 'x-sign', 'api-key'])
  const keys = all.slice(0, 3).flatMap((p, i) => ['--partner-key', put(`p${i}.pub`, (p.integration ?? p.key).pair.publicKey.export({ type: 'spki', format: 'pem' }))])
  const r = verify(bundle, [...keys, ...platform, ...bodiesOf(sent)])
  assert.equal(r.status, 0, r.err)
})

test('an answer whose signature was lost with the server is missing by name', async () => {
  const p = await openPartner(server, 'es512-plain')
  const { id, sent } = await made(p)
  sql(server.data, `UPDATE exchange SET sealed_answer = NULL WHERE id = (SELECT max(x.id) FROM exchange x JOIN envelope e ON e.id = x.envelope WHERE e.external_id = '${id}')`)
  const bundle = await bundleOf(p, id)
  assert.equal(bundle.exchanges[3].response, null)
  const r = verify(bundle, [...partnerKey(p), ...platform, ...bodiesOf(sent)])
  assert.equal(r.status, 3)
  assert.match(r.err, /exchange 4, answer: it was not kept/)
})

test('on disk nothing of it can be read', async () => {
  const p = await openPartner(server, 'es512-plain')
  const { id, sent } = await made(p)
  assert.ok(Number(sql(server.data, 'SELECT count(*) FROM exchange WHERE sealed_answer IS NOT NULL')) > 3)
  const files = readdirSync(join(server.data, 'db')).map((name) => readFileSync(join(server.data, 'db', name)))
  for (const one of sent) for (const file of files) assert.ok(!file.includes(one.headers.Authorization.slice(0, 200)))
  const [last] = (await bundleOf(p, id)).exchanges.slice(-1)
  for (const file of files) assert.ok(!file.includes(last.response.headers.authorization.slice(0, 200)))
})

test('what is older than archive.days is removed; 0 keeps all', async () => {
  for (const [days, left] of [[30, 2], [0, 4]]) {
    const other = await startServer({ settings: [`archive.days=${days}`] })
    try {
      const p = await openPartner(other, 'es512-plain', { base: other.url })
      const { id } = await made(p)
      sql(other.data, `UPDATE exchange SET at = at - 31 * 86400000 WHERE id <= 2; UPDATE job SET run_at = 1 WHERE kind = 'sweep'`)
      other.signal('SIGHUP')
      await until('the sweep ran', () => Number(sql(other.data, 'SELECT run_at FROM job WHERE kind = \'sweep\'')) > 1)
      assert.equal((await bundleOf(p, id)).exchanges.length, left)
    } finally { await other.stop() }
  }
})

test('keys of both sides may end: the bundle holds with the ones that signed', async () => {
  for (const scheme of ['es512-wrapped', 'http-signature']) {
    const other = await startServer()
    try {
      const p = await openPartner(other, scheme)
      const { id, sent } = await made(p)
      const old = await other.request('GET', '/keys')
      const r = run(['keys', 'rotate', 'response', '--data', other.data])
      assert.equal(r.status, 0, r.err)
      other.signal('SIGHUP')
      await until('the new key is in use', async () => (await other.request('GET', '/test', { key: other.keys.sandbox_api_key, headers: { 'Accept-Signature': 'sig1=()' } })).headers['signature-input'].includes(old.json.keys.find((k) => k.purpose === 'response' && k.crv === 'Ed25519').kid) === false)
      sql(other.data, 'UPDATE public_key SET valid_until = 1')
      const next = await openPartner(other, scheme, { kind: 'p256' })
      const options = { json: { status: 'canceled' } }
      const last = next.request('PATCH', `/sign/envelope/${id}`, options)
      const answer = await next.send(last)
      assert.equal(answer.status, 200, `${answer.body}`)
      sent.push(last)
      const bundle = (await other.request('GET', `/sign/envelope/${id}/proof`, { key: other.keys.sandbox_api_key })).json
      assert.equal(bundle.exchanges.length, 5)
      for (const side of ['request', 'response']) assert.notEqual(bundle.exchanges[4][side].key.spki, bundle.exchanges[0][side].key.spki)
      const all = (await other.request('GET', '/keys')).json.keys.filter((k) => k.purpose === 'response')
      const known = [...all, ...old.json.keys].flatMap((k, i) => ['--platform-key', put(`all${i}.pub`, k.pem)])
      const owners = [p, next].flatMap((one, i) => ['--partner-key', put(`own${i}.pub`, (one.integration ?? one.key).pair.publicKey.export({ type: 'spki', format: 'pem' }))])
      const found = verify(bundle, [...owners, ...known, ...bodiesOf(sent)])
      assert.equal(found.status, 0, found.err + found.out)
      assert.equal(found.out.match(/ holds /g).length, 10)
    } finally { await other.stop() }
  }
})
