// Does the program keep its processes: made once, answering over TLS 1.2 and 1.3 only, surviving the death of
// each role, each role inside its walls?
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import tls from 'node:tls'
import { initData, program, run, startServer } from '../lib/server.mjs'

function snapshot (folder) {
  return readdirSync(folder, { recursive: true }).sort()
    .map((name) => [name, statSync(join(folder, name))])
    .filter(([name, st]) => st.isFile() && !name.startsWith('db/'))
    .map(([name, st]) => `${name} ${st.mode.toString(8)} ${st.ino} ${st.mtimeMs} ${st.size}`)
}

function openssl (args) {
  const r = spawnSync('openssl', args, { encoding: 'utf8' })
  return r.stdout
}

let server
before(async () => { server = await startServer() })
after(async () => { await server.stop() })

test('init twice changes nothing and says so', () => {
  const data = initData('Uma Empresa')
  const was = snapshot(data)
  assert.equal(statSync(data).mode & 0o777, 0o700)
  for (const name of ['credentials.json', 'keys/root.key', 'keys/seal.key', 'keys/tls.key']) {
    assert.equal(statSync(join(data, name)).mode & 0o777, 0o600, name)
  }
  const again = run(['init', '--data', data, '--organization', 'Other'])
  assert.equal(again.status, 0)
  assert.match(again.out, /nothing was changed/)
  assert.deepEqual(snapshot(data), was)
  rmSync(data, { recursive: true })
})

test('credentials hold a key for each environment', () => {
  const { api_key: production, sandbox_api_key: sandbox } = server.keys
  assert.equal(JSON.parse(Buffer.from(production, 'base64url')).sandbox, undefined)
  assert.equal(JSON.parse(Buffer.from(sandbox, 'base64url')).sandbox, true)
})

for (const version of ['TLSv1.2', 'TLSv1.3']) {
  test(`health over ${version}`, async () => {
    const reply = await server.request('GET', '/health', { tls: { minVersion: version, maxVersion: version } })
    assert.equal(reply.status, 200)
    assert.equal(reply.json.status, 'ok')
    assert.equal(reply.headers['content-type'], 'application/json')
  })
}

test('TLS 1.1 is refused', async () => {
  const { port } = new URL(server.url)
  await assert.rejects(new Promise((resolve, reject) => {
    const socket = tls.connect({ port, host: '127.0.0.1', ca: server.ca, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }, resolve)
    socket.on('error', reject)
  }), /protocol|version|alert/i)
})

test('plain HTTP gets no answer', async () => {
  const { port } = new URL(server.url)
  const got = await new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n'))
    let all = ''
    socket.on('data', (piece) => { all += piece.toString('latin1') })
    socket.on('close', () => resolve(all))
    socket.on('error', () => {})
  })
  assert.doesNotMatch(got, /HTTP\//)
})

for (const role of ['keyd', 'courier', 'front']) {
  test(`answers again after ${role} was killed`, async () => {
    await server.kill(role)
    server.agent.destroy()
    for (let tries = 0; ; tries++) {
      try {
        const reply = await server.request('GET', '/health', { tls: { maxVersion: 'TLSv1.3' } })
        assert.equal(reply.status, 200)
        break
      } catch (e) {
        if (tries === 100) throw e
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  })
}

test('SIGHUP reads the certificate again without a restart', async () => {
  const own = await startServer()
  const fingerprint = () => new Promise((resolve, reject) => {
    const socket = tls.connect({ port: new URL(own.url).port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256)
      socket.end()
    })
    socket.on('error', reject)
  })
  const old = await fingerprint()
  const front = own.pids('front')
  const keys = join(own.data, 'keys')
  openssl(['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', join(keys, 'tls.key'), '-out', join(keys, 'tls.crt')])
  chmodSync(join(keys, 'tls.key'), 0o600)
  own.signal('SIGHUP')
  while (await fingerprint() === old) await new Promise((resolve) => setTimeout(resolve, 20))
  assert.deepEqual(own.pids('front'), front)
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    const reply = await own.request('GET', '/health', { tls: { ca: readFileSync(join(keys, 'tls.crt')), minVersion: version, maxVersion: version } })
    assert.equal(reply.status, 200)
  }
  assert.equal(await own.stop(), 0)
})

test('SIGTERM ends with status 0 and leaves no process', async () => {
  const own = await startServer()
  const pids = ['front', 'keyd', 'courier'].flatMap(own.pids)
  assert.equal(pids.length, 3)
  assert.equal(await own.stop('SIGTERM'), 0)
  for (const pid of pids) assert.throws(() => process.kill(pid, 0))
})

test('the supervisor\'s death takes all roles with it', async () => {
  const own = await startServer()
  const pids = ['front', 'keyd', 'courier'].flatMap(own.pids)
  await own.stop('SIGKILL')
  for (const pid of pids) {
    for (let tries = 0; ; tries++) {
      try { process.kill(pid, 0) } catch { break }
      assert.ok(tries < 200, `${pid} lives`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
})

test('a role has no environment and no descriptors of its parent', () => {
  for (const role of ['front', 'keyd', 'courier']) {
    const [pid] = server.pids(role)
    const rows = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    assert.deepEqual(rows.filter((row) => row && !/^(A|L|UB)SAN_OPTIONS=/.test(row)), [], role)
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    assert.match(status, /NoNewPrivs:\s+1/)
    if (!process.env.CHIROGRAPH_SANITIZED) assert.match(status, /Seccomp:\s+2/)
  }
})

test('an unknown key refuses to start and names the nearest', () => {
  const data = initData()
  for (const [args, env] of [[['--set', 'mail.hots=x'], {}], [[], { CHIROGRAPH_MAIL_HOTS: 'x' }]]) {
    const r = run(['serve', '--data', data, '--listen', '127.0.0.1:0', ...args], { env })
    assert.equal(r.status, 1)
    assert.match(r.err, /mail\.host/)
  }
  writeFileSync(join(data, 'chirograph.ini'), '[mail]\nhots = x\n')
  const r = run(['serve', '--data', data, '--listen', '127.0.0.1:0'])
  assert.equal(r.status, 1)
  assert.match(r.err, /mail\.host/)
  rmSync(data, { recursive: true })
})

test('a root key that others may read refuses to start', () => {
  const data = initData()
  chmodSync(join(data, 'keys/root.key'), 0o644)
  const r = run(['serve', '--data', data, '--listen', '127.0.0.1:0'])
  assert.equal(r.status, 1)
  assert.match(r.err, /chmod 600/)
  assert.doesNotMatch(r.err, /^ready/m)
  rmSync(data, { recursive: true })
})

test('a sealing key that does not match leaves the server up and not ready to seal', async () => {
  const data = initData()
  openssl(['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', join(data, 'keys/seal.key')])
  chmodSync(join(data, 'keys/seal.key'), 0o600)
  const own = await startServer({ data })
  const reply = await own.request('GET', '/health')
  assert.equal(reply.json.seal, false)
  assert.match(own.log(), /does not match its certificate/)
  await own.stop()
  rmSync(data, { recursive: true })
})

// Builds with test seams can be told to do what a role must not; see sandbox_probe.
const probes = spawnSync(program, ['--role=probe:press:nothing'])
const cannotProbe = process.env.CHIROGRAPH_SANITIZED ? 'sanitizer builds run with a looser filter' : probes.status !== 0 && 'needs -Dtest_seams=true'
test('each role dies of what it must not do', { skip: cannotProbe }, () => {
  const forbidden = {
    front: ['exec', 'socket', 'connect', 'ptrace', 'mount', 'fork'],
    keyd: ['exec', 'socket', 'connect', 'accept', 'open', 'create', 'fork', 'ptrace'],
    press: ['exec', 'socket', 'connect', 'accept', 'fork', 'ptrace'],
    courier: ['exec', 'accept', 'listen', 'create', 'fork', 'ptrace']
  }
  for (const [role, acts] of Object.entries(forbidden)) {
    assert.equal(spawnSync(program, [`--role=probe:${role}:nothing`]).status, 0, role)
    for (const act of acts) {
      const r = spawnSync(program, [`--role=probe:${role}:${act}`])
      assert.equal(r.signal, 'SIGSYS', `${role} ${act}: status ${r.status}`)
    }
  }
  assert.equal(spawnSync(program, ['--role=probe:press:create']).status, 3) // told no, not killed
  assert.equal(spawnSync(program, ['--role=probe:courier:socket']).status, 0)
})
