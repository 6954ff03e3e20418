// Does a dossier carry the operator's own certificate, in every form it comes in, and does a certificate that
// does not work stop submits, with the reason, until the file is mended?
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { assertSealed, openCrowd, until } from '../fault/crowd.mjs'
import { lastSignature, makePki, putSecret } from '../lib/pki.mjs'
import { run } from '../lib/server.mjs'

const password = 'senha do cofre'
const folder = mkdtempSync(join(tmpdir(), 'chirograph-seal-'))
const at = (name) => join(folder, name)
after(() => rmSync(folder, { recursive: true, force: true }))

async function reload (crowd) {
  const times = () => crowd.server.log().split('certificates read again').length
  const was = times()
  crowd.server.signal('SIGHUP')
  await until('SIGHUP', () => times() > was)
}

async function assertSeals (crowd, envelope, pki) {
  const [signer] = envelope.signers
  await crowd.create(envelope)
  await crowd.invited(signer)
  await crowd.bringTo(signer, 'done')
  await until(`${envelope.id} completed`, async () => (await crowd.call('GET', `/sign/envelope/${envelope.id}`, { key: crowd.key })).json.status === 'completed')
  const dossier = await crowd.dossier(envelope)
  assertSealed(dossier, envelope.contract, pki.name)
  const { cms, content } = lastSignature(dossier)
  writeFileSync(at('seal.der'), cms)
  writeFileSync(at('content'), content)
  // Only the root is given: the authority between must be in the message.
  const verify = ['cms', '-verify', '-binary', '-inform', 'DER', '-in', at('seal.der'), '-content', at('content'), '-purpose', 'any', '-out', '/dev/null', '-signer', at('signer.pem')]
  const right = spawnSync('openssl', [...verify, '-CAfile', pki.root], { encoding: 'utf8' })
  assert.equal(right.status, 0, right.stderr)
  assert.equal(readFileSync(at('signer.pem'), 'utf8').trim().endsWith(readFileSync(pki.leaf, 'utf8').trim()), true)
  writeFileSync(at('content'), Buffer.concat([content, Buffer.from(' ')]))
  assert.notEqual(spawnSync('openssl', [...verify, '-CAfile', pki.root]).status, 0)
}

// What an operator and a partner see while the seal does not work.
async function assertRefused (crowd, settings, reason) {
  const created = await crowd.call('POST', '/sign/envelope', {
    key: crowd.key,
    json: { subject: 'x', expiration_date: `${new Date().getUTCFullYear() + 1}-12-31`, status: 'submitted',
      signers: [{ id: '1', name: 'Ana', email: 'ana@example.com', birthdate: '1990-01-31', document_number: '529.982.247-25', document_submission_method: 'email', authentication_submission_method: 'email' }],
      documents: [{ id: 'd', name: 'x.pdf', document_type: 'pdf', document_b64: crowd.envelopes[0].contract.toString('base64') }] }
  })
  assert.equal(created.status, 503, `${reason}: ${created.body}`)
  assert.match(created.json.description ?? '', /doctor|seal/i)
  assert.match(crowd.server.log(), reason)
  const doctor = run(['doctor', '--data', crowd.data, ...settings.flatMap((s) => ['--set', s])])
  assert.equal(doctor.status, 1)
  const line = doctor.out.split('\n').find((row) => row.startsWith('FAULT sealing key'))
  assert.match(line ?? doctor.out, reason)
}

const all = {}
before(() => {
  all.rsa = makePki({ key: 'rsa', name: 'Selo RSA' })
  all.ec = makePki({ key: 'ec', name: 'Selo EC' })
  all.expired = makePki({ name: 'Selo vencido', days: -1 })
  all.noUsage = makePki({ name: 'Selo sem uso', usage: 'critical,keyEncipherment' })
})
after(() => { for (const pki of Object.values(all)) pki.remove() })

test('PKCS#12', async (t) => {
  const settings = [`seal.pkcs12_file=${at('seal.p12')}`, `seal.pkcs12_password_file=${at('password')}`]
  const put = (pki, extra) => putSecret(at('seal.p12'), readFileSync(pki.pkcs12(password, extra)))
  put(all.rsa)
  putSecret(at('password'), 'falsch\n')
  const crowd = await openCrowd({ envelopes: 4, signers: 1, settings })
  try {
    await t.test('a wrong password: the server starts and says so', () => assertRefused(crowd, settings, /password does not open it/))
    await t.test('RSA with a chain of three, once the password is right', async () => {
      putSecret(at('password'), `${password}\n`)
      await reload(crowd)
      await assertSeals(crowd, crowd.envelopes[0], all.rsa)
    })
    await t.test('EC P-256, put in its place without a restart', async () => {
      put(all.ec)
      await reload(crowd)
      await assertSeals(crowd, crowd.envelopes[1], all.ec)
    })
    await t.test('an old file: RC2 and triple DES', async () => {
      put(all.rsa, ['-legacy', '-certpbe', 'PBE-SHA1-RC2-40', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'])
      await reload(crowd)
      await assertSeals(crowd, crowd.envelopes[2], all.rsa)
    })
    await t.test('a file that is none', async () => {
      putSecret(at('seal.p12'), 'x')
      await reload(crowd)
      await assertRefused(crowd, settings, /it is not a PKCS#12 file/)
    })
    await t.test('it works again after keyd was killed and the file mended', async () => {
      await crowd.server.kill('keyd')
      put(all.ec)
      await reload(crowd)
      await assertSeals(crowd, crowd.envelopes[3], all.ec)
    })
  } finally {
    await crowd.end()
  }
})

test('PEM', async (t) => {
  const settings = [`seal.certificate_file=${at('seal.pem')}`, `seal.key_file=${at('seal.key')}`]
  const put = (certificates, key) => {
    writeFileSync(at('seal.pem'), readFileSync(certificates))
    putSecret(at('seal.key'), readFileSync(key))
  }
  put(all.rsa.chain, all.rsa.key)
  const crowd = await openCrowd({ envelopes: 2, signers: 1, settings })
  try {
    await t.test('RSA with its chain', () => assertSeals(crowd, crowd.envelopes[0], all.rsa))
    for (const [what, certificates, key, reason] of [
      ['an expired certificate', all.expired.chain, all.expired.key, /has expired/],
      ['a key of another certificate', all.ec.chain, all.expired.key, /does not match its certificate/],
      ['a certificate that may not sign', all.noUsage.chain, all.noUsage.key, /digitalSignature/],
      ['a certificate file without one', all.ec.key, all.ec.key, /seal\.pem: it holds no usable key or certificate/]
    ]) {
      await t.test(what, async () => {
        put(certificates, key)
        await reload(crowd)
        await assertRefused(crowd, settings, reason)
      })
    }
    await t.test('a file that is away', async () => {
      put(all.ec.chain, all.ec.key)
      rmSync(at('seal.key'))
      await reload(crowd)
      await assertRefused(crowd, settings, /seal\.key: there is no such file/)
    })
    await t.test('EC with its chain, after all that', async () => {
      put(all.ec.chain, all.ec.key)
      await reload(crowd)
      await assertSeals(crowd, crowd.envelopes[1], all.ec)
    })
  } finally {
    await crowd.end()
  }
})
