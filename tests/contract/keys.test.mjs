// Do keys come in by the command line as partners make them, work at once, and end when they should; and is what is
// refused said with a sentence that helps, and kept nowhere?
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { root } from '../lib/build.mjs'
import { keyPair, openPartner, sql } from '../lib/partner.mjs'
import { program, run, startServer } from '../lib/server.mjs'
import { envelope } from './world.mjs'

const PASSPHRASE = 'correct horse battery'
let server, folder
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chirograph-keys-'))
  server = await startServer({ organization: 'Primeira', settings: ['server.trusted_proxies=127.0.0.1'] })
})
after(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const at = (name) => join(folder, name)
const organization = (words, more) => run(['organization', ...words, '--data', server.data], more)
const line = (name, text) => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1]
const count = (table) => Number(sql(server.data, `SELECT count(*) FROM ${table}`))
const fingerprint = (key) => `SHA256:${createHash('sha256').update(key.export({ type: 'spki', format: 'der' })).digest('base64').replace(/=+$/, '')}`
const publicPem = (pair) => pair.publicKey.export({ type: 'spki', format: 'pem' })

function good (words, more) {
  const r = organization(words, more)
  assert.equal(r.status, 0, `${words.join(' ')}: ${r.err}`)
  return r.out
}

function bad (words, hint, more) {
  const r = organization(words, more)
  assert.equal(r.status, 1, `${words.join(' ')}: ${r.out}`)
  assert.match(r.err, hint)
  assert.equal(r.err.trim().split('\n').length, 1, r.err)
  return r
}

// What `integration add` printed, as a partner keeps it.
function integrationOf (out, pair) {
  const platform = createPublicKey(out.slice(out.indexOf('-----BEGIN')))
  return { key: line('integration_key', out), pair, platform }
}

async function es512 (integration, scheme = 'es512-plain') {
  const p = await openPartner(server, scheme, { integration })
  if (integration.platform) p.platform.es512 = integration.platform
  return p
}

function addIntegration (pair, words = []) {
  return integrationOf(good(['integration', 'add', '-', ...words], { input: publicPem(pair) }), pair)
}

async function statusOf (p, options = {}, path = '/test') {
  const made = p.request('GET', path, options)
  return (await p.send(made)).status
}

// ---- people ----

test('people are added once, change their roles, and hold keys only in roles that may', async () => {
  good(['user', 'add', '--email', 'Bia@Example.com', '--name', 'Bia Lima', '--role', 'integrator'])
  assert.match(good(['user', 'list']), /^integrator +bia@example\.com +Bia Lima$/m)
  const key = good(['key', 'add', '--user', 'bia@example.com']).trim()
  assert.equal((await server.request('GET', '/sign/envelope', { key })).status, 200)
  good(['user', 'add', '--email', 'bia@example.com', '--name', 'Bia Lima', '--role', 'viewer'])
  assert.match(good(['user', 'list']), /^viewer +bia@example\.com/m)
  assert.equal((await server.request('GET', '/sign/envelope', { key })).status, 401)
  bad(['key', 'regenerate', '--user', 'bia@example.com'], /is viewer: keys are for administrators and integrators/)
  good(['user', 'add', '--email', 'bia@example.com', '--name', 'Bia Lima', '--role', 'administrator'])
  assert.equal((await server.request('GET', '/sign/envelope', { key })).status, 200)
  bad(['user', 'add', '--email', 'bia', '--name', 'B', '--role', 'viewer'], /--email ADDRESS is missing or not an address/)
  bad(['user', 'add', '--email', 'b@example.com', '--role', 'viewer'], /--name NAME/)
  bad(['user', 'add', '--email', 'b@example.com', '--name', 'B', '--role', 'king'], /administrator, integrator, operator or viewer/)
  bad(['key', 'add', '--user', 'nobody@example.com'], /nobody of this organisation/)
})

// ---- the manuals' own command lines ----

// As typed at a terminal by somebody who has none: ssh-keygen asks a program, openssl its standard input.
function shell (commands, passphrase = '') {
  const ask = at('ask')
  writeFileSync(ask, `#!/bin/sh\nprintf '%s\\n' '${passphrase}'\n`)
  chmodSync(ask, 0o700)
  const env = { PATH: process.env.PATH, HOME: folder, SSH_ASKPASS: ask, SSH_ASKPASS_REQUIRE: 'force', DISPLAY: ':0' }
  for (const command of commands) {
    const r = spawnSync('setsid', ['-w', 'sh', '-c', command], { cwd: folder, env, input: `${passphrase}\n${passphrase}\n`, encoding: 'utf8' })
    assert.equal(r.status, 0, `${command}: ${r.stderr}`)
  }
}

const privateOf = (name, passphrase) => createPrivateKey({ key: readFileSync(at(name)), passphrase: passphrase || undefined })
const fresh = () => { for (const name of readdirSync(folder)) rmSync(at(name), { recursive: true }) }

const unix = ['ssh-keygen -t ecdsa -b 521 -m PEM -f jwtECDSASHA512.key',
  'openssl ec -in jwtECDSASHA512.key -pubout -outform PEM -out jwtECDSASHA512.key.pub', 'cat jwtECDSASHA512.key.pub']
const decrypt = 'openssl ec -in jwtECDSASHA512.key -out chave_descriptografada.pem'
const es512Lines = [
  ['ssh-keygen', unix, 'jwtECDSASHA512.key', 'jwtECDSASHA512.key.pub', ''],
  ['ssh-keygen with a passphrase', [...unix, decrypt], 'jwtECDSASHA512.key', 'jwtECDSASHA512.key.pub', PASSPHRASE],
  ['openssl ecparam', ['openssl ecparam -name secp521r1 -genkey -noout -out ec512-private.pem',
    'openssl ec -in ec512-private.pem -pubout -out ec512-public.pem'], 'ec512-private.pem', 'ec512-public.pem', '']
]
for (const [name, commands, own, shared, passphrase] of es512Lines) {
  test(`es512: the keys of ${name} are taken as they are and sign`, async () => {
    fresh()
    shell(commands, passphrase)
    assert.match(readFileSync(at(own), 'utf8'), /^-----BEGIN EC PRIVATE KEY-----/)
    assert.equal(/ENCRYPTED/.test(readFileSync(at(own), 'utf8')), passphrase !== '')
    const integration = integrationOf(good(['integration', 'add', at(shared)]), { privateKey: privateOf(own, passphrase) })
    for (const scheme of ['es512-wrapped', 'es512-plain']) {
      const answer = await (await es512(integration, scheme)).call('POST', '/test', { json: { from: name } })
      assert.deepEqual([answer.status, answer.json.from, answer.json.success], [201, name, 'Congrats!'])
    }
    if (!passphrase) return
    const open = await es512({ ...integration, pair: { privateKey: privateOf('chave_descriptografada.pem') } })
    assert.equal((await open.call('GET', `/test/${integration.key}`)).status, 200)
  })
}

const extract = 'openssl rsa -in private.pem -outform PEM -pubout -out public.pem'
const rsaLines = [
  ['openssl genrsa', ['openssl genrsa -out private.pem 2048', extract, 'cat public.pem'], ''],
  ['openssl genrsa -traditional', ['openssl genrsa -traditional -out private.pem 2048', extract], ''],
  ['openssl genrsa -traditional with a passphrase', ['openssl genrsa -traditional -aes256 -out private.pem 2048', extract], PASSPHRASE]
]
let people = 0
for (const [name, commands, passphrase] of rsaLines) {
  test(`x-sign: the keys of ${name} are taken as they are, and pasted with spaces for line ends, and sign`, async () => {
    fresh()
    shell(commands, passphrase)
    const email = `rsa${++people}@example.com`
    good(['user', 'add', '--email', email, '--name', 'R', '--role', 'administrator'])
    const flat = readFileSync(at('public.pem'), 'utf8').trim().replaceAll('\n', ' ')
    assert.match(good(['key', 'public', 'add', '-', '--user', email], { input: flat }), /^LIVE +RSA +SHA256:/)
    bad(['key', 'public', 'add', at('public.pem'), '--user', email], /this key is there already/)
    for (const environment of ['sandbox', 'production']) {
      const text = good(['key', 'add', '--scheme', 'x-sign', '--environment', environment, '--user', email]).trim()
      const p = await openPartner(server, 'x-sign', { key: { text, pair: { privateKey: privateOf('private.pem', passphrase) } } })
      const made = await p.call('POST', '/company', { json: { name: `ACME ${people} ${environment}` } })
      assert.equal(made.status, 201, made.body.toString())
      assert.equal((await p.call('GET', `/company/${made.json.company_id}`)).json.name, `ACME ${people} ${environment}`)
    }
  })
}

const curves = [['p256', 'prime256v1'], ['p384', 'secp384r1']]
for (const [kind, name] of [['ed25519'], ['rsa'], ...curves]) {
  test(`http-signature: a ${kind} key ${name ? 'of openssl' : 'of chirograph keygen'} is taken and signs in both environments`, async () => {
    fresh()
    if (name) shell([`openssl ecparam -name ${name} -genkey -noout -out private.pem`, 'openssl ec -in private.pem -pubout -out public.pem'])
    else shell([`${program} keygen ${kind}`])
    const own = readdirSync(folder).find((file) => /private|ed25519.*(pem|key)$/.test(file) && !/pub/.test(file))
    const shared = readdirSync(folder).find((file) => /pub/.test(file))
    const email = `${kind}@example.com`
    good(['user', 'add', '--email', email, '--name', 'H', '--role', 'integrator'])
    good(['key', 'public', 'add', at(shared), '--user', email])
    for (const environment of ['sandbox', 'production']) {
      const id = good(['key', 'add', '--scheme', 'http-signature', '--environment', environment, '--user', email]).trim()
      const p = await openPartner(server, 'http-signature', { kind, key: { id, pair: { privateKey: privateOf(own) } } })
      const made = await p.call('POST', '/sign/envelope', { json: envelope({ id: `${kind}-${environment}` }) })
      assert.equal(made.status, 201, made.body.toString())
    }
  })
}

test('chirograph keygen: what it prints is what the commands take', async () => {
  fresh()
  const made = spawnSync(program, ['keygen', 'es512'], { cwd: folder, encoding: 'utf8' })
  assert.equal(made.status, 0, made.stderr)
  const integration = integrationOf(good(['integration', 'add', '-'], { input: made.stdout }), { privateKey: privateOf('jwtECDSASHA512.key') })
  assert.equal((await (await es512(integration)).call('GET', '/test')).status, 200)
})

// ---- what is refused ----

const vector = (name) => readFileSync(join(root, 'tests/vectors/keys', name), 'utf8')
const own = (name) => readFileSync(join(root, 'tests/vectors', name), 'utf8')

// What would betray that a key was kept: its text, its bytes, and of a private one the secret itself.
function traces (text) {
  const found = []
  for (const [, body] of text.matchAll(/-----BEGIN [^-]+-----\n(?:[A-Za-z-]+: .*\n)*\n?([A-Za-z0-9+/=\n]+)-----END/g)) {
    const flat = body.replaceAll('\n', '')
    found.push(Buffer.from(flat.slice(60, 110)), Buffer.from(flat, 'base64').subarray(-40))
  }
  try {
    const jwk = createPrivateKey({ key: text, passphrase: 'correct horse' }).export({ format: 'jwk' })
    for (const name of ['d', 'p', 'x', 'n']) if (jwk[name]) found.push(Buffer.from(jwk[name], 'base64url').subarray(1, 33))
  } catch { /* not a private key that node reads */ }
  return found.filter((bytes) => bytes.length > 20)
}

function filesOf (dir) {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name)
    const info = statSync(path)
    return info.isDirectory() ? filesOf(path) : info.isFile() ? [path] : []
  })
}

const isKept = (bytes) => filesOf(server.data).some((path) => readFileSync(path).includes(bytes))

const ES512 = ['integration', 'add', '-']
const PERSON = ['key', 'public', 'add', '-']
const disguised = vector('p521_pkcs8.key').replace('BEGIN PRIVATE', 'BEGIN PUBLIC').replace('END PRIVATE', 'END PUBLIC')
const naked = vector('rsa.key').replace(/-----[^-]+-----\n/g, '')
const isPrivate = /This is a private key\. Nothing of it was kept; treat it as exposed, make a new pair and send the public half/
const isPublished = /Its private half is public: it is a test key of .*Make your own pair/
const certificate = /openssl x509 -in FILE -noout -pubkey/
const refusals = [
  ...['ssh_p521.key', 'ssh_p521_secret.key', 'ecparam_p521.key', 'ecparam_with_parameters.key', 'p521_pkcs8.key', 'p521_pkcs8_secret.key'].map((name) => [name, ES512, vector(name), isPrivate]),
  ...['rsa.key', 'rsa_secret.key', 'ed25519.key', 'openssh_ed25519.key'].map((name) => [name, PERSON, vector(name), isPrivate]),
  ['a private key under the armour of a public one', ES512, disguised, isPrivate],
  ['a private key without any armour', PERSON, naked, isPrivate],
  ['a private JWK', ES512, JSON.stringify(keyPair('p521').privateKey.export({ format: 'jwk' })), /private key.*JWK with the member d/],
  ...['jwtio_es512.pub', 'rfc7515_es512.pub', 'ssh_p521.pub'].map((name) => [name, ES512, vector(name), isPublished]),
  ...['jwtio_rsa.pub', 'rfc9421_rsa.pub', 'rfc9421_rsa_pss.pub', 'rfc9421_ed25519.pub', 'rfc9421_p256.pub', 'rsa.pub', 'rsa_pkcs1.pub', 'ed25519.pub', 'prime256v1.pub', 'secp384r1.pub'].map((name) => [name, PERSON, vector(name), isPublished]),
  ...['partner_es512.pub', 'server_es512.pub'].map((name) => [name, ES512, own(name), isPublished]),
  ['partner_es512.pub in a sandbox', [...ES512, '--environment', 'sandbox'], own('partner_es512.pub'), isPublished],
  ['partner_rsa.pub', PERSON, own('partner_rsa.pub'), isPublished],
  ['RSA of 1024 bits', PERSON, vector('rsa1024.pub'), /2048 bits or more; this key has 1024.*chirograph keygen rsa/],
  ['RSA with e = 1', PERSON, vector('rsa_e1.pub'), /exponent is unusable: it must be 65537/],
  ['RSA with e = 2', PERSON, vector('rsa_e2.pub'), /exponent is unusable/],
  ['RSA with a huge e', PERSON, vector('rsa_e_huge.pub'), /exponent is unusable/],
  ['RSA with an even modulus', PERSON, vector('rsa_even.pub'), /not those of a sound key/],
  ['Ed25519 of a small order', PERSON, vector('ed25519_small.pub'), /small order/],
  ['a point off the curve', ES512, vector('p521_off_curve.pub'), /missing or damaged/],
  ['P-256 for ES512', ES512, publicPem(keyPair('p256')), /It is P-256; needed is P-521\. Make a pair with: chirograph keygen es512/],
  ['RSA for ES512', ES512, publicPem(keyPair('rsa')), /It is RSA; needed is P-521/],
  ['secp256k1', ES512, vector('secp256k1.pub'), /needed is P-521/],
  ['P-521 for a person', PERSON, publicPem(keyPair('p521')), /It is P-521; needed is RSA, Ed25519, P-256 or P-384/],
  ['RSA for PSS only', PERSON, vector('rsa_pss_only.pub'), /needed is RSA/],
  ['a curve spelt out', ES512, vector('p521_explicit.pub'), /openssl ec -param_enc named_curve/],
  ['a certificate', ES512, vector('certificate.pem'), certificate],
  ['the public key as ssh-keygen writes it', ES512, vector('ssh_p521.ssh.pub'), /ssh-keygen -e -m PKCS8 -f FILE/],
  ['nothing', ES512, '', /empty or longer than 16 KB/],
  ['half a key', ES512, publicPem(keyPair('p521')).slice(0, 120), /last line, -----END .*is missing/],
  ['two keys', ES512, publicPem(keyPair('p521')) + publicPem(keyPair('p521')), /more than one key/],
  ['17 KB', ES512, 'x'.repeat(17 * 1024), /larger than any key/]
]

test('each key that is weak, wrong or private is refused with what to do, and nothing of it is kept', async () => {
  const before = [count('public_key'), count('integration')]
  for (const [name, words, input, hint] of refusals) {
    const r = bad(words, hint, { input })
    assert.equal(r.out, '', name)
    for (const bytes of traces(input)) {
      assert.ok(!r.err.includes(bytes.toString('latin1')), name)
      assert.ok(!isKept(bytes), `${name}: its bytes are in the data folder`)
    }
  }
  assert.ok(refusals.filter(([, , input]) => traces(input).length > 0).length > 30)
  assert.deepEqual([count('public_key'), count('integration')], before)
  // The same look finds a key that was taken.
  const pair = keyPair('p521')
  addIntegration(pair)
  assert.ok(isKept(traces(publicPem(pair))[1]))
})

test('every public key of the published vectors is refused, whatever it is offered for', () => {
  const all = filesOf(join(root, 'tests/vectors')).filter((path) => /\.(pub|key|pem)$/.test(path))
  assert.ok(all.length > 35, `${all.length}`)
  for (const path of all)
    for (const words of [ES512, PERSON]) assert.equal(organization(words, { input: readFileSync(path) }).status, 1, path)
})

// ---- integrations ----

test('an integration is listed and shown with its public keys and the platform\'s', () => {
  const pair = keyPair('p521')
  const made = addIntegration(pair, ['--environment', 'sandbox', '--label', 'ERP', '--mode', 'compat', '--window', 'off', '--routes', 'GET /test', '--rate', '90'])
  assert.match(made.key, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.match(good(['integration', 'list']), new RegExp(`^${made.key} +sandbox +LIVE +ERP$`, 'm'))
  const shown = good(['integration', 'show', made.key])
  const settings = { state: 'LIVE', environment: 'sandbox', label: 'ERP', mode: 'compat', window: 'off', routes: 'GET /test', rate: '90', last_verified_request: 'never' }
  for (const [name, value] of Object.entries(settings)) assert.equal(line(name, shown), value)
  assert.ok(line('public_key', shown).includes(fingerprint(pair.publicKey)))
  assert.ok(shown.includes(publicPem(pair)))
  assert.ok(shown.trimEnd().endsWith(made.platform.export({ type: 'spki', format: 'pem' }).trimEnd()))
})

test('mode, window and routes are changed, and are in force when the command returns', async () => {
  const made = addIntegration(keyPair('p521'))
  const p = await es512(made)
  const late = { now: Date.now() - 400000 }
  assert.equal(await statusOf(p, late), 401)
  good(['integration', 'window', made.key, '900'])
  assert.equal(await statusOf(p, late), 200)
  good(['integration', 'routes', made.key, 'POST /test'])
  assert.equal(await statusOf(p), 401)
  assert.equal((await p.call('POST', '/test', { json: {} })).status, 201)
  good(['integration', 'routes', made.key, 'all'])
  assert.equal(await statusOf(p), 200)
  good(['integration', 'mode', made.key, 'compat'])
  assert.equal(line('mode', good(['integration', 'show', made.key])), 'compat')
  bad(['integration', 'mode', made.key, 'lax'], /strict or compat/)
  bad(['integration', 'window', made.key, '0'], /number of seconds, at most 86400, or off/)
  bad(['integration', 'routes', made.key, 'GET /nowhere'], /no endpoint "GET \/nowhere".*chirograph routes/)
  bad(['integration', 'mode', '7c1d4b52-0f3e-4a86-9b0d-2f7d0b6a1e55', 'strict'], /there is no integration 7c1d/)
  good(['integration', 'revoke', made.key])
  assert.equal(await statusOf(p), 404)
  assert.match(good(['integration', 'list']), new RegExp(`^${made.key} +production +revoked`, 'm'))
  bad(['integration', 'key', made.key, '-'], /revoked: add a new one/, { input: publicPem(keyPair('p521')) })
})

test('a changed public key ends the old one at once, or leaves it until its date; the integration key stays', async () => {
  const first = keyPair('p521')
  const made = addIntegration(first)
  const change = (pair, ...words) => good(['integration', 'key', made.key, '-', ...words], { input: publicPem(pair) })
  const works = async (pair) => await statusOf(await es512({ ...made, pair })) === 200

  const second = keyPair('p521')
  assert.equal(line('integration_key', change(second)), made.key)
  assert.deepEqual([await works(first), await works(second)], [false, true])

  const third = keyPair('p521')
  change(third, '--overlap', '7')
  assert.deepEqual([await works(second), await works(third)], [true, true])
  const until = Number(sql(server.data, `SELECT valid_until - created_at FROM public_key WHERE fingerprint = '${fingerprint(second.publicKey)}'`))
  assert.ok(Math.abs(until - 7 * 86400000) < 60000, `${until}`)
  const shown = good(['integration', 'show', made.key])
  assert.equal(shown.match(/^public_key: /mg).length, 2)
  assert.match(shown, /^public_key: LIVE .* until \d{4}-/m)

  const fourth = keyPair('p521')
  const year = new Date().getUTCFullYear() + 1
  change(fourth, '--valid-until', `${year}-01-31T12:00:00Z`)
  assert.equal(Number(sql(server.data, `SELECT valid_until FROM public_key WHERE fingerprint = '${fingerprint(third.publicKey)}'`)), Date.UTC(year, 0, 31, 12))
  // The earlier end of the second one stays.
  assert.equal(Number(sql(server.data, `SELECT valid_until - created_at FROM public_key WHERE fingerprint = '${fingerprint(second.publicKey)}'`)), until)
  assert.deepEqual([await works(second), await works(third), await works(fourth)], [true, true, true])

  good(['integration', 'retire', made.key, fingerprint(second.publicKey)])
  assert.deepEqual([await works(second), await works(third)], [false, true])
  bad(['integration', 'retire', made.key, fingerprint(second.publicKey)], /there is none/)

  // The end has come: the row says so, whatever the servers still believe.
  sql(server.data, `UPDATE public_key SET valid_until = ${Date.now() - 1} WHERE fingerprint = '${fingerprint(third.publicKey)}'`)
  change(keyPair('p521'), '--overlap', '1')
  assert.deepEqual([await works(third), await works(fourth)], [false, true])

  for (let i = 0; i < 2; i++) change(keyPair('p521'), '--overlap', '1')
  bad(['integration', 'key', made.key, '-', '--overlap', '1'], /4 keys are valid already/, { input: publicPem(keyPair('p521')) })
  bad(['integration', 'key', made.key, '-', '--overlap', '1'], /there already/, { input: publicPem(fourth) })
  bad(['integration', 'key', made.key, '-', '--overlap', '-1'], /--overlap is a number of days/, { input: publicPem(keyPair('p521')) })
  bad(['integration', 'key', made.key, '-', '--valid-until', '2001-01-01'], /in the past/, { input: publicPem(keyPair('p521')) })
  bad(['integration', 'key', made.key, '-', '--valid-until', `${year}-01-01`, '--overlap', '1'], /say the same/, { input: publicPem(keyPair('p521')) })
})

// ---- keys of people and of the organisation ----

test('a public key of the organisation serves its keys, four at a time, until it is revoked', async () => {
  const pairs = ['rsa', 'ed25519', 'p256', 'p384'].map((kind) => [kind, keyPair(kind)])
  for (const [, pair] of pairs) good(['key', 'public', 'add', '-'], { input: publicPem(pair) })
  bad(['key', 'public', 'add', '-'], /4 keys are valid already: revoke one/, { input: publicPem(keyPair('p256')) })
  const id = good(['key', 'add', '--scheme', 'http-signature']).trim()
  const partner = ([kind, pair]) => openPartner(server, 'http-signature', { kind, key: { id, pair } })
  const all = await Promise.all(pairs.map(partner))
  for (const p of all) assert.equal((await p.call('GET', '/test')).status, 200, p.kind)
  assert.equal(good(['key', 'public', 'list']).match(/^LIVE/mg).length, 4)
  good(['key', 'public', 'revoke', fingerprint(pairs[1][1].publicKey)])
  assert.deepEqual(await Promise.all(all.map((p) => statusOf(p))), [200, 401, 200, 200])
  assert.match(good(['key', 'public', 'list']), new RegExp(`^revoked +Ed25519 +${fingerprint(pairs[1][1].publicKey).replace(/[+/]/g, '\\$&')}`, 'm'))
  bad(['key', 'public', 'revoke', fingerprint(pairs[1][1].publicKey)], /there is none/)
  good(['key', 'public', 'add', '-', '--overlap', '3'], { input: publicPem(keyPair('p256')) })
  assert.equal(good(['key', 'public', 'list']).match(/^LIVE .* until /mg).length, 3)
})

test('a person\'s keys are one value each, and regenerating acts in every organisation', async () => {
  const other = /^organization_id: (\S+)$/m.exec(good(['add', '--name', 'Segunda']))[1]
  const [first] = good(['list']).split(' ')
  const here = ['--organization', first]
  const there = ['--organization', other]
  const ana = ['--user', 'ana@example.com']
  for (const place of [here, there]) good(['user', 'add', ...place, '--email', 'ana@example.com', '--name', 'Ana', '--role', 'administrator'])
  const pair = keyPair('rsa')
  good(['key', 'public', 'add', '-', ...here, ...ana], { input: publicPem(pair) })
  const make = (verb, place, ...more) => good(['key', verb, ...place, ...ana, '--scheme', 'x-sign', ...more]).trim()
  const old = make('add', here, '--label', 'ERP')
  for (const place of [here, there]) bad(['key', 'add', ...place, ...ana, '--scheme', 'x-sign'], /has a key for that environment and scheme: .*regenerate/)
  const sandbox = make('add', here, '--environment', 'sandbox')

  // A company of the other organisation, made by a key of that organisation itself.
  const owner = good(['key', 'add', ...there, '--scheme', 'http-signature']).trim()
  const theirs = keyPair('ed25519')
  good(['key', 'public', 'add', '-', ...there], { input: publicPem(theirs) })
  const they = await openPartner(server, 'http-signature', { kind: 'ed25519', key: { id: owner, pair: theirs } })
  const company = (await they.call('POST', '/company', { json: { name: 'Lá' } })).json.company_id

  const partner = (text) => openPartner(server, 'x-sign', { key: { text, pair } })
  const before = await partner(old)
  const mine = (await before.call('POST', '/company', { json: { name: 'Aqui' } })).json.company_id
  assert.equal((await before.call('GET', `/company/${company}`)).status, 200)

  // From the other organisation: dead in both, in one commit; the new value stands where the old one stood.
  const renewed = await partner(make('regenerate', there))
  for (const id of [mine, company]) {
    assert.equal(await statusOf(before, {}, `/company/${id}`), 401)
    assert.equal((await renewed.call('GET', `/company/${id}`)).status, 200, id)
  }
  const found = (await renewed.call('GET', '/company/search?query=Aqui')).json
  assert.equal(found.total_count, 1)
  assert.equal((await (await partner(sandbox)).call('GET', '/company/search')).status, 200)

  // No longer administrator there: that organisation's companies are out of reach.
  good(['user', 'add', ...there, '--email', 'ana@example.com', '--name', 'Ana', '--role', 'integrator'])
  assert.equal((await renewed.call('GET', `/company/${company}`)).status, 404)
  const still = await renewed.call('GET', `/company/${mine}`)
  assert.equal(still.status, 200, still.body.toString())
  bad(['key', 'regenerate', ...here], /--user EMAIL is missing/)
})

test('keys are limited by route and rate, listed without their secret, and revoked', async () => {
  const [first] = good(['list']).split(' ')
  const here = ['--organization', first]
  const text = good(['key', 'add', ...here, '--label', 'Limited', '--routes', 'GET /sign/envelope,POST /sign/envelope', '--rate', '6']).trim()
  const call = (method, path, json) => server.request(method, path, { key: text, json })
  assert.equal((await call('GET', '/sign/envelope')).status, 200)
  const statuses = []
  for (let i = 0; i < 4; i++) statuses.push((await call('GET', '/sign/envelope')).status)
  assert.ok(statuses.includes(429), statuses.join())
  const routed = good(['key', 'add', ...here, '--label', 'Routed', '--routes', 'GET /sign/envelope']).trim()
  assert.equal((await server.request('POST', '/sign/envelope', { key: routed, json: envelope() })).status, 403)
  const list = good(['key', 'list', ...here])
  const row = list.split('\n').find((row) => row.includes('Routed'))
  assert.match(row, /production .* live +api-key +Routed +routes: GET \/sign\/envelope$/)
  const { key_id: id, key: secret } = JSON.parse(Buffer.from(routed, 'base64url'))
  assert.ok(row.startsWith(Buffer.from(id, 'base64url').toString('hex')))
  for (const part of [routed, secret, Buffer.from(secret, 'base64url')]) assert.ok(!isKept(Buffer.from(part)), 'the secret is in the data folder')
  assert.ok(isKept(createHash('sha256').update(routed).digest()))
  good(['key', 'revoke', ...here, '--key', row.split(' ')[0]])
  assert.equal((await server.request('GET', '/sign/envelope', { key: routed })).status, 401)
  bad(['key', 'add', ...here, '--scheme', 'es512'], /organization integration add/)
  bad(['key', 'add', ...here, '--routes', 'GET /x'], /no endpoint "GET \/x"/)
  bad(['key', 'add', ...here, '--rate', '1e3'], /requests a minute/)
  bad(['key', 'revoke', ...here], /--key ID is missing/)
})

// ---- addresses ----

const wrongNetworks = [
  ['10.1.2.3', /only public/], ['127.0.0.1', /only public/], ['192.168.0.0/24', /only public/], ['172.16.0.1', /only public/],
  ['100.64.0.1', /only public/], ['169.254.1.1', /only public/], ['224.0.0.1', /only public/], ['0.0.0.0', /only public/],
  ['fc00::1', /only public/], ['fe80::1', /only public/], ['::1', /only public/], ['::ffff:10.0.0.1', /only public/], ['2002:a00:1::1', /only public/],
  ['8.8.0.0/16', /too wide/], ['8.8.8.0/23', /too wide/], ['2a00::/32', /too wide/], ['2a00:1:2::/47', /too wide/],
  ['8.8.8.8/24', /bits beyond/], ['2a00:1:2::1/48', /bits beyond/],
  ['example.com', /neither an address nor a network/], ['8.8.8', /neither/], ['8.8.8.8/', /neither/], ['8.8.8.8/33', /neither/], ['8.8.8.8/-1', /neither/], ['2a00:1:2::/129', /neither/]
]

test('addresses: public ones, 48 hours of waiting, an administrator\'s word, and off the list again', async () => {
  const [first] = good(['list']).split(' ')
  const here = ['--organization', first]
  const made = integrationOf(good(['integration', 'add', '-', ...here], { input: publicPem(keyPair('p521')) }), null)
  const pair = keyPair('p521')
  good(['integration', 'key', made.key, '-', ...here], { input: publicPem(pair) })
  const p = await es512({ ...made, pair })
  const from = (address) => statusOf(p, { headers: { 'X-Forwarded-For': address } })
  const address = (verb, ...words) => good(['integration', 'address', verb, made.key, ...words, ...here])
  assert.match(address('list'), /none: it may call from anywhere/)
  assert.equal(await from('198.51.100.7'), 200)
  for (const [network, hint] of wrongNetworks) bad(['integration', 'address', 'add', made.key, network, ...here], hint)

  const waiting = address('add', '203.0.113.7')
  const [, end] = /^waiting +203\.0\.113\.7 +until (\S+)$/m.exec(waiting)
  assert.ok(Math.abs(Date.parse(end) - Date.now() - 48 * 3600000) < 60000, end)
  assert.deepEqual([await from('203.0.113.7'), await from('198.51.100.7')], [403, 403])
  bad(['integration', 'address', 'add', made.key, '203.0.113.7', ...here], /listed already/)
  // The 48 hours are over.
  sql(server.data, `UPDATE allowed_address SET active_at = ${Date.now()} WHERE network = '203.0.113.7'`)
  address('add', '2a00:1:2::/48')
  assert.deepEqual([await from('203.0.113.7'), await from('203.0.113.8'), await from('2a00:1:2:3::4')], [200, 403, 403])
  address('activate', '2a00:1:2::/48')
  assert.deepEqual([await from('2a00:1:2:3::4'), await from('2a00:1:3::4')], [200, 403])
  assert.match(address('add', '198.51.100.0/24', '--active'), /^active +198\.51\.100\.0\/24/)
  assert.equal(await from('198.51.100.200'), 200)
  assert.equal(address('list').trim().split('\n').length, 3)
  for (const network of ['203.0.113.7', '2a00:1:2::/48', '198.51.100.0/24']) address('remove', network)
  assert.equal(await from('192.0.2.1'), 200)
  bad(['integration', 'address', 'remove', made.key, '203.0.113.7', ...here], /there is none here/)
})

test('the last verified request is shown; a refused one is none', async () => {
  const [first] = good(['list']).split(' ')
  const here = ['--organization', first]
  const pair = keyPair('p521')
  const add = () => integrationOf(good(['integration', 'add', '-', ...here], { input: publicPem(pair) }), pair)
  const [used, refused] = [add(), add()]
  const last = (made) => line('last_verified_request', good(['integration', 'show', made.key, ...here]))
  const before = Date.now()
  assert.equal(await statusOf(await es512(used)), 200)
  assert.equal(await statusOf(await es512({ ...refused, pair: keyPair('p521') })), 401)
  const shown = last(used)
  assert.ok(Math.abs(Date.parse(shown) - before) < 60000, shown)
  assert.match(good(['integration', 'show', used.key, ...here]), new RegExp(`^public_key: LIVE .* last request ${shown}$`, 'm'))
  assert.equal(last(refused), 'never')
})

test('help says every command, and a word too few or too many is no command', () => {
  const help = run(['organization', '--help']).out
  const verbs = [...help.matchAll(/^ {2}chirograph organization (.*?) --data/mg)].map(([, path]) => path)
  for (const path of ['user add', 'user list', 'key add', 'key regenerate', 'key list', 'key revoke', 'key public add', 'key public list', 'key public revoke',
    'integration add', 'integration list', 'integration show', 'integration key', 'integration retire', 'integration mode', 'integration window', 'integration routes', 'integration revoke',
    'integration address add', 'integration address list', 'integration address activate', 'integration address remove']) assert.ok(verbs.includes(path), path)
  bad(['integration', 'show'], /usage: … show --data DIR UUID/)
  bad(['integration', 'show', 'a', 'b'], /usage/)
  bad(['key', 'public', 'add'], /usage: … add --data DIR FILE/)
  bad(['integration', 'add', at('not-there.pem'), '--organization', good(['list']).split(' ')[0]], /cannot be read/)
})
