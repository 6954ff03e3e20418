// Does changing keys of every class, twenty times while requests pour in, fail no valid request, and is a key that was
// revoked refused from the moment the command returns?
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, createPublicKey } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { keyPair, openPartner } from '../lib/partner.mjs'
import { environment, program, run, startServer } from '../lib/server.mjs'

const TIMES = Number(process.env.CHIROGRAPH_ROTATIONS ?? 20)
const LOOPS = 3
let server
before(async () => { server = await startServer() })
after(async () => { await server.stop() })

// Beside the load, so never waiting for it synchronously.
function command (words, input = '') {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...words, '--data', server.data], { env: environment() })
    let out = ''
    let err = ''
    child.stdout.on('data', (piece) => { out += piece })
    child.stderr.on('data', (piece) => { err += piece })
    child.on('close', (status) => status === 0 ? resolve(out) : reject(new Error(`${words.join(' ')}: ${err}`)))
    child.stdin.end(input)
  })
}

const organization = (...words) => command(['organization', ...words])
const withKey = (pair, ...words) => command(['organization', ...words], pair.publicKey.export({ type: 'spki', format: 'pem' }))
const fingerprint = (pair) => `SHA256:${createHash('sha256').update(pair.publicKey.export({ type: 'spki', format: 'der' })).digest('base64').replace(/=+$/, '')}`

// ---- a class of keys: make the first, make the next beside it, revoke one ----

async function person (name) {
  const email = `${name}@example.com`
  const r = run(['organization', 'user', 'add', '--email', email, '--name', name, '--role', 'administrator', '--data', server.data])
  assert.equal(r.status, 0, r.err)
  return ['--user', email]
}

async function apiKeys () {
  const make = async () => {
    const text = (await organization('key', 'add')).trim()
    return openPartner(server, 'api-key', { key: { text } })
  }
  const id = (p) => Buffer.from(JSON.parse(Buffer.from(p.key.text, 'base64url')).key_id, 'base64url').toString('hex')
  return { first: await make(), next: make, revoke: (p) => organization('key', 'revoke', '--key', id(p)) }
}

async function integrations (scheme) {
  const pair = keyPair('p521')
  const key = /^integration_key: (.*)$/m.exec(await withKey(pair, 'integration', 'add', '-'))[1]
  const open = (pair) => openPartner(server, scheme, { integration: { key, pair } })
  return {
    first: await open(pair),
    next: async () => {
      const pair = keyPair('p521')
      await withKey(pair, 'integration', 'key', key, '-', '--overlap', '1')
      return open(pair)
    },
    revoke: (p) => organization('integration', 'retire', key, fingerprint(p.integration.pair))
  }
}

async function publicKeys (scheme, kind) {
  const who = await person(`${scheme}.${kind}`)
  const text = (await organization('key', 'add', '--scheme', scheme, ...who)).trim()
  const next = async () => {
    const pair = keyPair(kind)
    await withKey(pair, 'key', 'public', 'add', '-', '--overlap', '1', ...who)
    return openPartner(server, scheme, { kind, key: { text, id: text, pair } })
  }
  return { first: await next(), next, revoke: (p) => organization('key', 'public', 'revoke', fingerprint(p.key.pair), ...who) }
}

const classes = {
  'API keys': apiKeys,
  'RSA keys of x-sign': () => publicKeys('x-sign', 'rsa'),
  'Ed25519 keys of http-signature': () => publicKeys('http-signature', 'ed25519'),
  'P-256 keys of http-signature': () => publicKeys('http-signature', 'p256'),
  'keys of es512-wrapped integrations': () => integrations('es512-wrapped'),
  'keys of es512-plain integrations': () => integrations('es512-plain')
}

// ---- load ----

// Requests with whatever key is in use, all of which must succeed; hold(partner) tells when none is under way with it.
function load (first, check = (p, made, answer) => p.check(made, answer)) {
  const state = { current: first, done: 0, failures: [], isEnding: false }
  const under = new Map()
  const one = async (i) => {
    const p = state.current
    under.set(p, (under.get(p) ?? 0) + 1)
    try {
      const [method, options, status] = i % 4 === 0 ? ['POST', { json: { i, at: process.hrtime().join('.') } }, 201] : ['GET', {}, 200]
      const made = p.request(method, `/test?n=${i}`, options)
      const answer = await p.send(made)
      if (answer.status !== status) state.failures.push(`${answer.status} ${answer.body}`)
      else await check(p, made, answer)
    } catch (error) { state.failures.push(String(error)) }
    under.set(p, under.get(p) - 1)
    state.done++
  }
  let number = 0
  const loops = Array.from({ length: LOOPS }, async () => { while (!state.isEnding) await one(number++) })
  return {
    state,
    async drained (p) { while ((under.get(p) ?? 0) > 0) await new Promise((resolve) => setImmediate(resolve)) },
    async more (count) { for (const end = state.done + count; state.done < end;) await new Promise((resolve) => setImmediate(resolve)) },
    async end () { state.isEnding = true; await Promise.all(loops) }
  }
}

// Requests with a key that is being revoked: the last one that got in was sent before the command returned.
async function watch (p, revoke) {
  let isRevoked = false
  let hasFailed = false
  let late = 0
  const probe = async () => {
    for (let refused = 0; refused < 3 && !hasFailed;) {
      const wasRevoked = isRevoked
      const { status } = await p.send(p.request('GET', '/test'))
      assert.ok([200, 401].includes(status), `${status}`)
      if (wasRevoked && status === 200) late++
      if (wasRevoked) refused++
    }
  }
  await Promise.all([probe(), revoke(p).then(() => { isRevoked = true }, (error) => { hasFailed = true; throw error })])
  assert.equal(late, 0, 'a revoked key was accepted after the command had returned')
}

describe('keys of partners', { concurrency: 4 }, () => {
  for (const [name, make] of Object.entries(classes)) {
    test(`${name}: ${TIMES} changes under load, no valid request fails, the old one ends`, async () => {
      const kind = await make()
      const requests = load(kind.first)
      try {
        await requests.more(5)
        for (let i = 0; i < TIMES; i++) {
          const old = requests.state.current
          requests.state.current = await kind.next()
          await requests.drained(old)
          await watch(old, kind.revoke)
          await requests.more(LOOPS)
        }
      } finally { await requests.end() }
      assert.deepEqual(requests.state.failures, [])
      assert.ok(requests.state.done > 10 * TIMES, `${requests.state.done} requests`)
    })
  }

  test(`a person's key: ${TIMES} times regenerated, the old value dies and the new one works`, async () => {
    const who = await person('regenerated')
    const open = async (verb) => openPartner(server, 'api-key', { key: { text: (await organization('key', verb, ...who)).trim() } })
    let current = await open('add')
    for (let i = 0; i < TIMES; i++) {
      let next
      await watch(current, async () => { next = await open('regenerate') })
      current = next
      assert.equal((await current.call('GET', '/test')).status, 200)
    }
  })
})

// ---- the keys that answers are signed with ----

async function published () {
  const answer = await server.request('GET', '/keys')
  assert.equal(answer.status, 200)
  return answer.json.keys.map((jwk) => ({ kid: jwk.kid, line: jwk.crv === 'P-521' ? 'es512' : 'ed25519', key: createPublicKey({ key: jwk, format: 'jwk' }) }))
}

test(`keys of answers: ${TIMES} changes under load, every answer verifies with a published key`, async () => {
  const kinds = await Promise.all([integrations('es512-wrapped'), integrations('es512-plain'), publicKeys('http-signature', 'p384')])
  const used = new Set()
  let known = await published()
  // As a careful partner does: by the keys at hand, and when none fits by those that are published now.
  const check = async (p, made, answer) => {
    const attempt = () => known.filter((k) => k.line === (p.scheme === 'http-signature' ? 'ed25519' : 'es512')).find((k) => {
      p.platform = { [k.line]: k.key }
      try { p.check(made, answer) } catch { return false }
      return true
    })
    let fit = attempt()
    if (!fit) {
      known = await published()
      fit = attempt()
    }
    if (!fit) throw new Error(`${p.scheme}: no published key made this signature`)
    used.add(fit.kid)
  }
  const all = kinds.map((kind) => load(kind.first, check))
  const inUse = async () => (await command(['keys', 'list'])).split('\n').filter((line) => /^response/.test(line) && !/published until|announced/.test(line)).map((line) => line.split(/ {2,}/)[1])
  try {
    for (let i = 0; i < TIMES; i++) {
      await command(['keys', 'rotate', 'response'])
      server.signal('SIGHUP')
      const newest = await inUse()
      assert.equal(newest.length, 2)
      while (!newest.every((kid) => used.has(kid))) await Promise.all(all.map((requests) => requests.more(1)))
    }
  } finally { await Promise.all(all.map((requests) => requests.end())) }
  for (const requests of all) assert.deepEqual(requests.state.failures, [])
  assert.ok(used.size >= 2 * TIMES, `${used.size} keys made answers`)
})
