// Is nothing accepted that a scheme does not allow, and nothing refused that it does? Hundreds of mutations of a valid
// request, from the tables in mutations/, each with the exact verdict that the documents give it.
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { envelope, holdings } from '../contract/world.mjs'
import { addKey, keyPair, openPartner, sql } from '../lib/partner.mjs'
import { run, startServer } from '../lib/server.mjs'
import { apiKeyKit, apiKeyRows } from './mutations/api_key.mjs'
import { es512Kit, es512Rows } from './mutations/es512.mjs'
import { messageKit, messageRows } from './mutations/http_signature.mjs'
import { Wire } from './mutations/wire.mjs'
import { xSignKit, xSignRows } from './mutations/x_sign.mjs'

const LEAST = 400
const LANES = 4
let server
const kits = {}

const options = { rate: 1000000 }

// Keys for rows that need a counter of their own, made before the store is looked at.
function freshKeys () {
  const keys = Array.from({ length: 100 }, () => addKey(server.data, 'x-sign', options).text)
  return () => keys.pop() ?? assert.fail('more fresh keys are needed')
}

before(async () => {
  server = await startServer()
  const added = run(['organization', 'add', '--data', server.data, '--name', 'Outra Ltda'])
  assert.equal(added.status, 0, added.err)
  const made = await server.request('POST', '/sign/envelope', { key: server.keys.sandbox_api_key, json: envelope({ id: randomUUID() }) })
  assert.equal(made.status, 201)
  const pairs = Object.fromEntries(['rsa', 'ed25519', 'p256', 'p384'].map((kind) => [kind, keyPair(kind)]))
  const shared = { url: server.url, envelope: made.json.id, stranger: keyPair('p521'), ...pairs }
  for (const scheme of ['es512-wrapped', 'es512-plain']) {
    const partner = await openPartner(server, scheme, options)
    const { integration } = partner
    const { integration: other } = await openPartner(server, scheme, options)
    const { integration: foreign } = await openPartner(server, scheme, { ...options, organisation: 2 })
    const pem = integration.pair.publicKey.export({ type: 'spki', format: 'pem' })
    kits[scheme] = es512Kit(scheme, { ...shared, partner, integration, other, foreign, pem, spki: integration.pair.publicKey.export({ type: 'spki', format: 'der' }), jwk: integration.pair.publicKey.export({ format: 'jwk' }) })
  }
  const key = (scheme, more = {}) => addKey(server.data, scheme, { ...options, ...more })
  const revoked = (scheme) => { const one = key(scheme); sql(server.data, `UPDATE api_key SET revoked_at = 1 WHERE id = ${one.row}`); return one }
  const bare = key('api-key')
  kits['x-sign'] = xSignKit({
    ...shared, partner: await openPartner(server, 'x-sign', options), strangerRsa: pairs.rsa, smallRsa: generateKeyPairSync('rsa', { modulusLength: 1024 }), fresh: freshKeys(),
    otherKey: key('x-sign').text, foreignKey: key('x-sign', { organisation: 2 }).text, productionKey: key('x-sign', { environment: 'production' }).text, revokedKey: revoked('x-sign').text, bareKey: bare.text
  })
  const partners = {}
  for (const kind of ['ed25519', 'p256', 'p384', 'rsa']) partners[kind] = await openPartner(server, 'http-signature', { ...options, kind })
  kits['http-signature'] = messageKit({
    ...shared, partners, bareId: bare.id, foreignId: key('http-signature', { organisation: 2 }).id, productionId: key('http-signature', { environment: 'production' }).id, revokedId: revoked('http-signature').id
  })
  kits['api-key'] = apiKeyKit({ ...shared, partner: await openPartner(server, 'api-key', options), revokedKey: revoked('api-key').text, signKey: kits['x-sign'].key, foreignKey: key('api-key', { organisation: 2 }).text })
  for (const kit of Object.values(kits)) kit.others = Object.fromEntries(Object.entries(kits).filter(([scheme]) => !scheme.startsWith(kit.scheme.slice(0, 5))))
})
after(async () => { await server.stop() })

// ---- verdicts ----

const success = (made) => made.method === 'POST' ? 201 : 200
const wanted = (row, made) => row.want === 'ok' ? String(success(made)) : row.want

function verdict (answer) {
  if (answer.status < 400) return String(answer.status)
  return [answer.status, answer.json?.code, answer.json?.detail?.reason].filter((one) => one !== undefined && one !== null).join(' ')
}

/** The answer, its signature found good: whoever is known gets nothing unsigned. */
function opened (kit, made, answer) {
  const isSigned = answer.headers.authorization !== undefined || answer.headers.signature !== undefined
  if (!isSigned && !kit.isSigned(answer, made)) return answer
  const spelled = Object.fromEntries(made.headers.map(([name, text]) => [name.toLowerCase(), String(text).trim()]))
  const headers = { ...spelled, Signature: spelled.signature }
  return kit.checker(answer, headers).check({ method: made.method, path: made.target, headers }, answer)
}

/** undefined: as it should be. */
function judge (kit, row, made, raw) {
  const answer = opened(kit, made, raw)
  const want = wanted(row, made)
  const got = verdict(answer)
  if (got === want) return undefined
  return `${row.family}: ${row.name}: ${got} for ${want}${answer.json ? ` (${answer.json.description ?? JSON.stringify(answer.json)})` : ''}`.replace(/\s+/g, ' ').slice(0, 300)
}

/** Seconds from now that a time was claimed at: whether the server must take it, must not, or may do either. */
function certain (claimed, before, after) {
  const late = [before - claimed, after - claimed]
  if (late.every((ms) => Math.abs(ms) <= 300000)) return 'in'
  return late.every((ms) => ms >= 301000) || late.every((ms) => ms <= -301000) ? 'out' : undefined
}

/** Asked again while the clock went on too far between asking and answering for a verdict to follow. */
async function windowRun (kit, wire, row) {
  for (let tries = 0; tries < 200; tries++) {
    const now = Date.now()
    const claimed = row.window > 0 ? Math.ceil(now / 1000) * 1000 + row.window * 1000 - (row.window < 300 ? 1000 : 0) : Math.floor(now / 1000) * 1000 + row.window * 1000
    const made = row.make(claimed)
    const answer = await wire.exchange(made)
    if (certain(claimed, now, Date.now()) === (row.want === 'ok' ? 'in' : 'out')) return judge(kit, row, made, answer)
  }
  return `${row.family}: ${row.name}: the machine is too slow to tell`
}

async function rowRun (kit, wire, row) {
  if (row.window !== undefined) return windowRun(kit, wire, row)
  let first
  if (row.first) {
    first = row.first()
    const answer = await wire.exchange(first)
    if (answer.status >= 300) return `${row.family}: ${row.name}: its first request got ${verdict(answer)} ${answer.body}`
  }
  const made = row.make(undefined, first)
  return judge(kit, row, made, await wire.exchange(made))
}

let created = 0

async function counted (made) {
  const answer = await Wire.prototype.exchange.call(this, made)
  if (answer.status === 201 && made.target.startsWith('/sign/envelope')) created++
  return answer
}

async function rowsRun (kit, rows) {
  const found = []
  const lane = async (list) => {
    const wire = Object.assign(new Wire(server), { exchange: counted })
    for (const row of list) {
      const wrong = await rowRun(kit, wire, row).catch((error) => `${row.family}: ${row.name}: ${error.message}`.replace(/\s+/g, ' '))
      if (wrong) found.push(wrong)
    }
    wire.close()
  }
  await Promise.all(Array.from({ length: LANES }, (_, i) => lane(rows.filter((_, at) => at % LANES === i))))
  return found
}

const envelopes = () => Number(sql(server.data, 'SELECT count(*) FROM envelope'))
// A row of the time window may be accepted before it is asked again, and one that is authentic leaves its mark.
const isRefused = (row) => /^[45]/.test(row.want) && row.first === undefined && row.window === undefined && !row.isAuthentic

const TABLES = { 'es512-wrapped': es512Rows, 'es512-plain': es512Rows, 'x-sign': xSignRows, 'http-signature': messageRows, 'api-key': apiKeyRows }

for (const [scheme, table] of Object.entries(TABLES)) {
  test(`${scheme}: every mutation gets the verdict that the documents give it`, async (t) => {
    const rows = [...table(kits[scheme])].filter((row) => row.want !== undefined)
    const names = rows.map((row) => `${row.family}: ${row.name}`)
    assert.deepEqual(names.filter((name, i) => names.indexOf(name) !== i), [], 'rows of one name')

    const refused = rows.filter(isRefused)
    const before = holdings(server.data)
    const wrong = await rowsRun(kits[scheme], refused)
    const after = holdings(server.data)

    const count = envelopes()
    created = 0
    const others = rows.filter((row) => !isRefused(row))
    wrong.push(...await rowsRun(kits[scheme], others))
    t.diagnostic(`${scheme}: ${rows.length} mutations, ${refused.length} of them refused at once`)
    assert.deepEqual(wrong, [])
    assert.deepEqual(after, before, 'a refused request left something in the store')
    assert.equal(envelopes() - count, created, 'each accepted write has one effect')
    assert.ok(rows.length >= LEAST, `${rows.length} rows`)
  })
}
