// Do the commands of the guides work as they stand there?
import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { blocks, desk, runGuide } from '../lib/guide.mjs'

const folder = desk()
after(() => rmSync(folder, { recursive: true, force: true }))

function ended (result) {
  assert.equal(result.status, 0, `${result.err}\n${result.out.slice(-2000)}`)
  return result.out
}

test('docs/first-envelope.md: from nothing to a sealed dossier and a webhook that is ours', async () => {
  const out = ended(await runGuide(folder, blocks('docs/first-envelope.md')))
  assert.match(out, /"verdict":"clean"/)
  assert.match(out, /Signature is Valid/)
  assert.match(out, /Total document signed/)
  assert.match(out, /"step":"done"/)
  assert.match(out, /"webhook_type":"envelope_completed"/)
  assert.match(out.trim().split('\n').at(-1), /^Signature: [0-9a-f]{40}$/i)
  assert.ok(readFileSync(join(folder, 'hook.body')).length > 0)
})

test('docs/verify.md: every check is made on that dossier, without the server', async () => {
  rmSync(join(folder, 'original.pdf'))
  copyFileSync(join(folder, 'sign/keys/seal-ca.crt'), join(folder, 'authority.crt'))
  const result = await runGuide(folder, blocks('docs/verify.md'))
  const out = ended(result)
  assert.match(result.err, /CMS Verification successful/)
  assert.match(out, /original\.pdf: OK\noriginal\.pdf: OK/)
  assert.match(out, /envelope_created[\s\S]*signer_signed[\s\S]* events, each names the one before/)
  assert.match(out, /Maria José da Conceição typed Maria José/)
})

test('docs/verify.md: the checks fail on a dossier that was touched', async () => {
  const pdf = readFileSync(join(folder, 'dossier.pdf'))
  pdf[1000] ^= 1
  writeFileSync(join(folder, 'dossier.pdf'), pdf)
  const all = blocks('docs/verify.md')
  assert.doesNotMatch((await runGuide(folder, all.slice(0, 1))).out, /Signature is Valid/)
  for (const step of [1, 2]) assert.notEqual((await runGuide(folder, [all[step]])).status, 0, `step ${step + 1}`)
})

test('docs/keys.md: each kind of key from its making to a signed call, and changed', async () => {
  const own = desk()
  after(() => rmSync(own, { recursive: true, force: true }))
  const out = ended(await runGuide(own, blocks('docs/keys.md')))
  assert.equal(out.match(/Congrats!/g).length, 4)
  assert.match(out, /"company_id": ?"[0-9A-Za-z]{27}"/)
  assert.equal(out.match(/^public_key: LIVE +P-521 /mg).length, 2)
  assert.equal(out.match(/^public_key: .* until /mg).length, 1)
  assert.equal(out.match(/^response .*published until/mg).length, 2)
})

test('README: its own commands', async () => {
  const own = desk()
  after(() => rmSync(own, { recursive: true, force: true }))
  const [, init, calls] = blocks('README.md')
  const fixed = [init.replace(/^build\/chirograph serve.*$/m, (line) => `${line} 2> server.log &\nuntil grep -q '^ready' server.log; do sleep 0.1; done`), calls]
  const out = ended(await runGuide(own, fixed, { 'build/chirograph': 'chirograph', '/srv/sign': 'sign', 'demo/original.pdf': 'original.pdf' }))
  assert.match(out, /"verdict":"clean"/)
  assert.match(out, /"signature_url":"https:/)
})

test('docs/operations.md: a backup of a running server opens elsewhere with everything in it', async () => {
  const own = desk()
  after(() => rmSync(own, { recursive: true, force: true }))
  const [first, backup, restore] = [0, 1, 2].map((n) => blocks('docs/operations.md')[n])
  assert.match(first, /chirograph serve/)
  const [, init, calls] = blocks('README.md')
  const start = (text) => text.replace(/^build\/chirograph serve.*$/m, (line) => `${line} 2> server.log &\nuntil grep -q '^ready' server.log; do sleep 0.1; done`)
  const elsewhere = `chirograph serve --data /srv/new --listen 127.0.0.1:9000 2> new.log &
until grep -q '^ready' new.log; do sleep 0.1; done
curl -sS --cacert /srv/new/keys/tls.crt -H "Authorization: $KEY" https://127.0.0.1:9000/sign/envelope/lease-42`
  const out = ended(await runGuide(own, ['mkdir backup elsewhere', start(init), calls, backup, restore, elsewhere], {
    'build/chirograph': 'chirograph', '/srv/sign': 'sign', '/srv/new': 'new', '/backup': 'backup', '/elsewhere': 'elsewhere', 'demo/original.pdf': 'original.pdf'
  }))
  assert.match(out, /^0 faults$/m)
  assert.match(out.trim().split('\n').at(-1), /"subject":"Lease"/)
})
