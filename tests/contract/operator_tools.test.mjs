// Does the command line show what waits for the operator and put it right; does doctor find each fault that was
// made, and say what to do; can a backup be served?
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openCrowd, until } from '../fault/crowd.mjs'
import { openssl } from '../lib/pki.mjs'
import { built } from '../lib/build.mjs'
import { environment, initData, run } from '../lib/server.mjs'

const folder = mkdtempSync(join(tmpdir(), 'chirograph-tools-'))
const at = (name) => join(folder, name)
let crowd
before(async () => { crowd = await openCrowd({ envelopes: 2, signers: 1 }) })
after(async () => {
  await crowd.stop().catch(() => {})
  await crowd.close()
  rmSync(folder, { recursive: true, force: true })
})

const tool = (...args) => run([...args, '--data', crowd.data])
const sql = (text, data = crowd.data) => execFileSync('sqlite3', ['-cmd', '.timeout 10000', join(data, 'db/chirograph.db'), text], { encoding: 'utf8' }).trim()

async function sign (envelope) {
  await crowd.create(envelope)
  await crowd.invited(envelope.signers[0])
  await crowd.bringTo(envelope.signers[0], 'done')
  await until('completed', async () => (await crowd.call('GET', `/sign/envelope/${envelope.id}`, { key: crowd.key })).json.status === 'completed')
}

test('jobs that were given up are listed, reported by doctor, and run again', async () => {
  assert.match(tool('jobs', 'list').out, /no job was given up/)
  const webhook = ['organization', 'webhook', 'set', '--url', crowd.receiver.url, '--allow', '127.0.0.1']
  await sign(crowd.envelopes[0])
  await until('the webhook', () => crowd.receiver.requests.length === 1)
  // A webhook whose receiver says no for good: the receiver is away, and its last attempt is now.
  await until('no job', () => sql("select count(*) from job where dedupe is null or dedupe not like 'periodic:%'") === '0')
  assert.equal(tool('organization', 'webhook', 'set', '--url', 'https://localhost:1/x', '--allow', 'localhost').status, 0)
  await sign(crowd.envelopes[1])
  await until('a failed attempt', () => sql("select count(*) from job where kind = 'webhook' and attempt > 0 and lease_until = 0") === '1')
  sql("update job set attempt = 1000, run_at = 0 where kind = 'webhook'")
  crowd.server.signal('SIGHUP')
  const row = await until('a dead job', () => /^(\d+) .* webhook .*$/m.exec(tool('jobs', 'list').out))
  const doctor = tool('doctor')
  assert.equal(doctor.status, 1)
  assert.match(doctor.out, /FAULT jobs +1 were given up.*chirograph jobs retry/)
  assert.equal(run([...webhook, '--data', crowd.data]).status, 0)
  assert.equal(tool('jobs', 'retry', '--job', '999999').status, 1)
  assert.equal(tool('jobs', 'retry', '--job', 'x').status, 1)
  assert.match(tool('jobs', 'retry', '--job', row[1]).out, /^1 jobs run again/)
  crowd.server.signal('SIGHUP')
  await until('the webhook after all', () => crowd.receiver.requests.length === 2)
  assert.equal(JSON.parse(crowd.receiver.requests[1].body).id, crowd.envelopes[1].id)
  assert.match(tool('jobs', 'list').out, /no job was given up/)
  assert.equal(tool('doctor').status, 0)
})

test('incidents are listed, and found by the number that a caller was told', () => {
  assert.match(tool('incidents').out, /no incident/)
  sql(`insert into incident (external_id, created_at, route, detail) values ('abc123', ${Date.now()}, 'GET /x', 'STORE')`)
  assert.match(tool('incidents').out, /^abc123 .*GET \/x {2}STORE$/m)
  assert.match(tool('incidents', '--id', 'abc123').out, /GET \/x/)
  assert.equal(tool('incidents', '--id', 'none').status, 1)
  const doctor = tool('doctor')
  assert.equal(doctor.status, 0)
  assert.match(doctor.out, /note +incidents .*abc123/)
  sql("delete from incident where external_id = 'abc123'")
})

test('the outbox is listed and a message printed, and nothing outside of it', () => {
  const names = tool('outbox').out.trim().split('\n')
  assert.deepEqual(names, readdirSync(join(crowd.data, 'outbox')).filter((name) => !name.startsWith('.')).sort())
  assert.match(tool('outbox', '--show', names[0]).out, /^To: /m)
  for (const name of ['../keys/root.key', '.', 'none.eml']) assert.equal(tool('outbox', '--show', name).status, 1)
})

test('an organisation\'s settings and its mail server', () => {
  assert.equal(tool('organization', 'set', '--language', 'en', '--time-zone', 'Europe/Lisbon', '--expiry', 'start_of_day', '--support-email', 'help@example.com', '--redirect-url', 'https://example.com/done').status, 0)
  assert.match(tool('organization', 'show').out, /language: en\ntime_zone: Europe\/Lisbon\nexpiry: start_of_day\nsupport_email: help@example.com\nredirect_url: https:\/\/example.com\/done/)
  for (const wrong of [['--language', 'xx'], ['--time-zone', 'Mars'], ['--expiry', 'never'], ['--support-email', 'x']]) assert.equal(tool('organization', 'set', ...wrong).status, 1, wrong[0])
  writeFileSync(at('secret'), 'geheim\n')
  assert.equal(tool('organization', 'smtp', 'set', '--host', 'smtp.example.com', '--user', 'u', '--password-file', at('secret'), '--ca-file', join(crowd.data, 'keys/tls.crt')).status, 0)
  const shown = tool('organization', 'smtp', 'show').out
  assert.match(shown, /smtp\.ca: \(set\)[\s\S]*smtp\.host: smtp\.example\.com[\s\S]*smtp\.password: \(set\)/)
  assert.doesNotMatch(shown, /geheim/)
  assert.match(sql("select cast(value as text) from setting where name = 'smtp.ca'"), /BEGIN CERTIFICATE/)
  assert.equal(sql("select count(*) from setting where name = 'smtp.password' and instr(value, 'geheim') > 0"), '0')
  assert.equal(tool('organization', 'smtp', 'remove').status, 0)
  assert.match(tool('organization', 'smtp', 'show').out, /^none/)
})

test('every command is in the one help', () => {
  const help = run(['help']).out
  for (const name of ['init', 'serve', 'doctor', 'organization', 'config', 'jobs', 'incidents', 'outbox', 'backup', 'maintenance', 'version']) assert.match(help, new RegExp(`chirograph ${name}( |$)`, 'm'), name)
})

test('a backup beside the running server can be served, and opens its dossiers', async () => {
  const copy = at('copy')
  const made = tool('backup', '--to', copy)
  assert.equal(made.status, 0, made.err)
  assert.match(made.out, /but keys\/root\.key/)
  assert.ok(!existsSync(join(copy, 'keys/root.key')) && !existsSync(join(copy, 'credentials.json')))
  assert.equal(statSync(copy).mode & 0o777, 0o700)
  assert.match(tool('backup', '--to', copy).out, / 0 new and [1-9]\d* older files/)
  assert.equal(sql('pragma integrity_check', copy), 'ok')
  const before = await crowd.dossier(crowd.envelopes[0])
  // The rehearsal: the original is gone, the copy takes its place, the root key comes from its own copy.
  assert.equal(await crowd.stop(), 0)
  copyFileSync(join(crowd.data, 'keys/root.key'), at('root.key'))
  const credentials = readFileSync(join(crowd.data, 'credentials.json'))
  rmSync(crowd.data, { recursive: true })
  renameSync(copy, crowd.data)
  const locked = run(['serve', '--data', crowd.data, '--listen', '127.0.0.1:0'])
  assert.equal(locked.status, 1)
  assert.match(locked.err, /root key keys\/root\.key cannot be used: restore it/)
  copyFileSync(at('root.key'), join(crowd.data, 'keys/root.key'))
  chmodSync(join(crowd.data, 'keys/root.key'), 0o600)
  writeFileSync(join(crowd.data, 'credentials.json'), credentials, { mode: 0o600 })
  writeFileSync(join(crowd.data, 'receiver.pem'), crowd.receiver.ca.ca)
  await crowd.start()
  assert.ok(before.equals(await crowd.dossier(crowd.envelopes[0])))
  assert.equal(tool('doctor').status, 0)
})

test('a backup onto itself or into an open folder is refused', () => {
  assert.equal(tool('backup', '--to', crowd.data).status, 1)
  const open = mkdtempSync(at('open-'))
  chmodSync(open, 0o755)
  const r = tool('backup', '--to', open)
  assert.equal(r.status, 1)
  assert.match(r.err, /0700/)
})

// A time-stamp authority of our own: the openssl command behind a plain HTTP server.
async function startTsa () {
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', at('tsa.key'), '-out', at('tsa.pem'), '-subj', '/CN=TSA', '-days', '2', '-addext', 'extendedKeyUsage=critical,timeStamping')
  writeFileSync(at('tsa.cnf'), `[tsa]\ndefault_tsa=t\n[t]\nserial=${at('serial')}\nsigner_cert=${at('tsa.pem')}\nsigner_key=${at('tsa.key')}\nsigner_digest=sha256\ndefault_policy=1.2.3.4\ndigests=sha256\n`)
  writeFileSync(at('serial'), '01\n')
  const server = http.createServer((request, response) => {
    const pieces = []
    request.on('data', (piece) => pieces.push(piece)).on('end', () => {
      if (request.url === '/away') return response.writeHead(503).end()
      writeFileSync(at('question'), Buffer.concat(pieces))
      const r = spawnSync('openssl', ['ts', '-reply', '-config', at('tsa.cnf'), '-section', 't', '-queryfile', at('question'), '-out', at('answer')], { encoding: 'utf8' })
      response.writeHead(200, { 'Content-Type': 'application/timestamp-reply' }).end(request.url === '/page' ? '<html>' : r.status === 0 ? readFileSync(at('answer')) : r.stderr)
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() }
}

test('doctor asks the time-stamp authority', async (t) => {
  const tsa = await startTsa()
  t.after(() => tsa.stop())
  const ask = (url) => new Promise((resolve) => {
    // Not spawnSync: the authority answers from this process.
    import('node:child_process').then(({ execFile }) => execFile(process.env.CHIROGRAPH ?? built('chirograph'), ['doctor', '--data', crowd.data, '--set', `tsa.url=${url}`], { env: environment() }, (error, out) => resolve({ status: error?.code ?? 0, out })))
  })
  const good = await ask(`${tsa.url}/`)
  assert.match(good.out, /ok +time-stamps .*gives time-stamps/)
  assert.equal(good.status, 0)
  for (const path of ['/away', '/page']) {
    const bad = await ask(tsa.url + path)
    assert.equal(bad.status, 1)
    assert.match(bad.out, /FAULT time-stamps .*check tsa\.url/)
  }
})

test('doctor finds each fault that was made in a folder', () => {
  const faults = [
    ['a key open to others', (d) => chmodSync(join(d, 'keys/tls.key'), 0o640), /FAULT permissions .*chmod 600/],
    ['a folder open to others', (d) => chmodSync(join(d, 'blobs'), 0o755), /FAULT permissions .*chmod 700/],
    ['no root key', (d) => rmSync(join(d, 'keys/root.key')), /FAULT keys /],
    ['no webhook key', (d) => rmSync(join(d, 'keys/webhook.key')), /FAULT keys .*restore keys/],
    ['a broken database', (d) => writeFileSync(join(d, 'db/chirograph.db'), 'x'.repeat(8192)), /FAULT database /],
    ['a newer database', (d) => sql(`insert into schema_migration select max(number) + 1, 'x', x'00', 0 from schema_migration`, d), /FAULT database .*newer/],
    ['a sealing certificate that is not one', (d) => writeFileSync(join(d, 'keys/seal.crt'), 'x'), /FAULT sealing key .*no usable key or certificate/],
    ['TLS key and certificate that do not fit', (d) => copyFileSync(join(d, 'keys/seal.crt'), join(d, 'keys/tls.crt')), /FAULT (TLS|keys) /],
    ['a font folder that is away', () => {}, /FAULT fonts .*fonts\.path/, ['--set', 'fonts.path=/nowhere']],
    ['a password file that is away', () => {}, /FAULT mail /, ['--set', 'mail.host=localhost', '--set', 'mail.user=u', '--set', 'mail.password_file=/nowhere']]
  ]
  if (process.getuid() === 0) faults.push(['a file of another user', (d) => chownSync(join(d, 'keys/root.key'), 12345, 12345), /FAULT permissions .*chown -R/])
  for (const [what, make, expected, args = []] of faults) {
    const data = initData()
    assert.equal(run(['doctor', '--data', data]).status, 0, what)
    make(data)
    const r = run(['doctor', '--data', data, ...args])
    assert.equal(r.status, 1, `${what}: ${r.out}${r.err}`)
    assert.match(r.out, expected, what)
    rmSync(data, { recursive: true })
  }
})

test('doctor notes certificates that end soon, and an uninitialised folder', () => {
  const data = initData()
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '7', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', join(data, 'keys/tls.key'), '-out', join(data, 'keys/tls.crt'))
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '7', '-subj', '/CN=seal', '-addext', 'keyUsage=digitalSignature', '-keyout', join(data, 'keys/seal.key'), '-out', join(data, 'keys/seal.crt'))
  const r = run(['doctor', '--data', data])
  assert.equal(r.status, 0, r.out)
  for (const subject of ['TLS', 'sealing key']) assert.match(r.out, new RegExp(`note +${subject} +its certificate ends within 30 days`))
  rmSync(data, { recursive: true })
  assert.match(run(['doctor', '--data', data]).err, /run chirograph init/)
})
