// Does our own client get a whole exchange through our own server in every scheme, and believe every answer?
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, test } from 'node:test'
import { SCHEMES, openPartner } from '../lib/partner.mjs'
import { startServer } from '../lib/server.mjs'
import { folder, programs } from './platform.mjs'

const pem = (key) => key.export({ type: key.type === 'public' ? 'spki' : 'pkcs8', format: 'pem' })
let world, server, dir
const args = {}

before(async () => {
  world = folder()
  server = await startServer()
  dir = mkdtempSync(join(tmpdir(), 'chirograph-send-'))
  const published = await server.request('GET', '/keys')
  assert.equal(published.status, 200)
  for (const key of published.json.keys.filter((one) => one.purpose === 'response')) writeFileSync(join(dir, `${key.crv}.pub`), key.pem)
  for (const scheme of SCHEMES) {
    const partner = await openPartner(server, scheme)
    const pair = partner.integration?.pair ?? partner.key.pair
    const file = (name, text) => { writeFileSync(join(dir, `${scheme}.${name}`), text, { mode: 0o600 }); return join(dir, `${scheme}.${name}`) }
    args[scheme] = ['--cacert', join(server.data, 'keys/tls.crt'), '--scheme', scheme, '--platform-key', join(dir, scheme.startsWith('es512') ? 'P-521.pub' : 'Ed25519.pub')]
    if (pair) args[scheme].push('--key', file('pem', pem(pair.privateKey)))
    if (partner.integration) args[scheme].push('--client-key', partner.integration.key)
    if (scheme === 'api-key' || scheme === 'x-sign') args[scheme].push('--api-key', file('apikey', partner.key.text))
    if (scheme === 'http-signature') args[scheme].push('--key-id', partner.key.id)
  }
})
after(async () => { await server.stop(); world.remove(); rmSync(dir, { recursive: true }) })

const envelope = (id) => JSON.stringify({
  id, subject: 'Contrato de locação', expiration_date: `${new Date().getUTCFullYear() + 1}-12-31`,
  signers: [{
    id: '1', name: 'Maria José da Conceição', email: 'maria@example.com', birthdate: '1992-09-15', document_number: '529.982.247-25',
    phone: { international_dial_code: '55', area_code: '11', number: '988878722' }, document_submission_method: 'email', authentication_submission_method: 'email'
  }]
})

for (const program of programs) {
  for (const scheme of SCHEMES) {
    test(`${basename(program)}: ${scheme}: reads, writes and refusals are believed`, async () => {
      const send = (path, more = [], input = '') => world.runAsync(program, ['send', server.url + path, ...args[scheme], ...more], { input })
      const id = randomUUID()
      const steps = [
        [['/test'], 200, /"success"/],
        [['/sign/envelope', ['--body', '-'], envelope(id)], 201, new RegExp(id)],
        [[`/sign/envelope/${id}`], 200, /locação/],
        [['/sign/envelope?page=1&limit=2'], 200, new RegExp(id)],
        [['/sign/envelope', ['--body', '-'], ` ${envelope(id)}`], 409, /SGN409/],
        [['/sign/envelope', ['--body', '-'], `{"subject":1,"id":"${id}"}`], 400, /SGN400/],
        [['/sign/envelope/none'], 404, /SGN404/]
      ]
      for (const [how, status, said] of steps) {
        const r = await send(...how)
        const what = `${how[0]} ${status}: ${r.err} ${r.out}`
        assert.match(r.err, new RegExp(`^HTTP ${status}, signature verified$`, 'm'), what)
        assert.match(r.out + r.err, said, what)
        assert.equal(r.status === 0, status < 400, what)
      }
    })
  }
}
