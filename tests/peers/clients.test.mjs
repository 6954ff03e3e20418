// Can partners who know nothing of our code bring an envelope through, in every scheme their tools can express,
// and do they find out when an answer is not ours?
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { pdf } from '../contract/world.mjs'
import { keyPair, openPartner, sql } from '../lib/partner.mjs'
import { startServer } from '../lib/server.mjs'
import { startProxy } from './proxy.mjs'

const folder = fileURLToPath(new URL('clients', import.meta.url))
const python = process.env.CHIROGRAPH_PYTHON ?? '/usr/bin/python3'
const CLIENTS = {
  jose: ['node', 'jose.mjs'],
  jsonwebtoken: ['node', 'jsonwebtoken.mjs'],
  'node:crypto': ['node', 'crypto.mjs'],
  'python3-jose': [python, 'partner.py'],
  'openssl and curl': ['bash', 'partner.sh']
}
const ES512 = [['es512-wrapped'], ['es512-plain']]
const X_SIGN = [['x-sign'], ['x-sign', 'nonce']]
const MESSAGE = ['ed25519', 'ecdsa-p256-sha256', 'ecdsa-p384-sha384', 'rsa-pss-sha512', 'rsa-v1_5-sha256'].map((alg) => ['http-signature', alg])
const ABILITIES = {
  jose: ES512,
  jsonwebtoken: ES512,
  'node:crypto': [...ES512, ...X_SIGN, ...MESSAGE],
  'python3-jose': [...ES512, ...X_SIGN, ['http-signature']],
  'openssl and curl': [...ES512, ...X_SIGN, ...MESSAGE]
}
const KIND = { 'ecdsa-p256-sha256': 'p256', 'ecdsa-p384-sha384': 'p384', 'rsa-pss-sha512': 'rsa', 'rsa-v1_5-sha256': 'rsa' }

let proxy, server, desk
const pairs = {}

before(async () => {
  desk = mkdtempSync(join(tmpdir(), 'chirograph-peers-'))
  writeFileSync(join(desk, 'contract.pdf'), pdf())
  proxy = await startProxy()
  server = await startServer({ settings: [`server.base_url=${proxy.url}`] })
  proxy.target = server
})
after(async () => {
  await server.stop()
  await proxy.stop()
  rmSync(desk, { recursive: true, force: true })
})

// A key of its own for each run: nonces begin at 1 again.
async function settings ([scheme, option]) {
  const kind = KIND[option] ?? 'ed25519'
  const partner = await openPartner(server, scheme, { kind })
  const pair = partner.integration?.pair ?? partner.key.pair
  const file = join(desk, `${scheme}-${option ?? ''}.pem`)
  writeFileSync(file, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  return {
    BASE: proxy.url, PRIVATE_KEY: file, DOCUMENT: join(desk, 'contract.pdf'), CLIENT_KEY: partner.integration?.key ?? '',
    API_KEY: partner.key?.text ?? '', KEY_ID: partner.key?.id ?? ''
  }
}

async function client (name, ability) {
  const [program, file] = CLIENTS[name]
  const trust = { NODE_EXTRA_CA_CERTS: proxy.caFile, SSL_CERT_FILE: proxy.caFile, CURL_CA_BUNDLE: proxy.caFile, NODE_NO_WARNINGS: '1' }
  const child = spawn(program, [join(folder, file), ...ability], { env: { PATH: process.env.PATH, LANG: 'C.UTF-8', ...trust, ...await settings(ability) } })
  const said = { out: '', err: '' }
  child.stdout.on('data', (bytes) => { said.out += bytes })
  child.stderr.on('data', (bytes) => { said.err += bytes })
  const status = await new Promise((resolve) => child.on('close', resolve))
  return { status, ...said }
}

const steps = (id) => [
  '201 POST /sign/envelope created', `201 POST /sign/envelope/${id}/document`, `200 PATCH /sign/envelope/${id} submitted`,
  `200 GET /sign/envelope/${id} submitted`, '200 GET /sign/envelope?page=1&limit=5', `200 PATCH /sign/envelope/${id} canceled`
]

for (const [name, abilities] of Object.entries(ABILITIES)) {
  for (const ability of abilities) {
    test(`${name}: ${ability.join(' ')}: a whole envelope, every answer verified`, async () => {
      const done = await client(name, ability)
      assert.deepEqual([done.status, done.err], [0, ''], done.out)
      const id = /PATCH \/sign\/envelope\/(\S+) canceled/.exec(done.out)?.[1]
      assert.deepEqual(done.out.trim().split('\n').map((line) => line.trim()), steps(id))
      assert.equal(sql(server.data, `SELECT count(*) FROM envelope WHERE external_id = '${id}'`), '1')
    })
  }
}

// ---- answers that are not what the server signed ----

const stranger = keyPair('p521').publicKey.export({ format: 'jwk' })
const SPOILERS = {
  'a byte of the body': (answer) => { answer.body[answer.body.length - 3] ^= 1 },
  'the status and body of another answer': (answer, request) => {
    if (spare === undefined) spare = { ...answer, headers: { ...answer.headers } }
    else Object.assign(answer, spare)
  },
  'no signature': (answer) => { for (const name of ['authorization', 'signature', 'signature-input']) delete answer.headers[name] },
  'the platform\'s keys': (answer, request) => {
    if (request.url !== '/keys') return
    const keys = JSON.parse(answer.body).keys.map((key) => key.alg === 'ES512' ? { ...key, ...stranger, pem: pem('p521') } : { ...key, x: keyPair('ed25519').publicKey.export({ format: 'jwk' }).x, pem: pem('ed25519') })
    answer.body = Buffer.from(JSON.stringify({ keys }))
  }
}
const pem = (kind) => (pairs[kind] ??= keyPair(kind)).publicKey.export({ type: 'spki', format: 'pem' })
let spare

for (const [what, spoil] of Object.entries(SPOILERS)) {
  test(`spoiled on its way: ${what}: every client stops`, async () => {
    for (const [name, abilities] of Object.entries(ABILITIES)) {
      for (const ability of abilities.filter(([scheme], i) => abilities.findIndex(([other]) => other === scheme) === i)) {
        spare = undefined
        proxy.spoil = (answer, request) => { if ((request.url === '/keys') === what.includes('keys')) spoil(answer, request) }
        const done = await client(name, ability)
        proxy.spoil = undefined
        assert.notEqual(done.status, 0, `${name} ${ability}: ${done.out}`)
        assert.ok(done.out.split('\n').length <= 2, `${name} ${ability} went on: ${done.out}`)
      }
    }
  })
}
