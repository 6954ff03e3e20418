// A whole server in a fresh data folder on a free port, for every black-box test.
//
//   const server = await startServer({ settings: ['mail.host=127.0.0.1', …], organization: 'Name' })
//   server.url, server.keys {api_key, sandbox_api_key, …}, server.data, server.ca, server.log()
//   await server.request('POST', '/sign/envelope', { key, json })  -> { status, headers, body, json }
//   await server.kill('keyd'), await server.stop() -> exit status; the folder is removed
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { built } from './build.mjs'

export const program = process.env.CHIROGRAPH ?? built('chirograph')

// The environment of this process, without settings that a developer's shell may hold.
export function environment (extra = {}) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('CHIROGRAPH_'))
  return { ...Object.fromEntries(own), ...extra }
}

// What a sanitizer says of any of the processes lands in the log of them all. A process that it ended is
// started again, so a test may well not notice: the log decides.
const report = /^==\d+==(ERROR|LeakSanitizer)|: runtime error: |^.* msg="ended" .* status=99$/m

export function assertNoReport (log) {
  if (report.test(log)) throw new Error(`a sanitizer's report:\n${log.slice(log.search(report))}`)
}

// Servers that a test leaves without stop() count too.
const logs = new Set()
process.on('exit', () => {
  for (const log of logs) {
    try { assertNoReport(log()) } catch (error) {
      console.error(error.message)
      process.exitCode = 1
    }
  }
})

export function run (args, { env = {}, input } = {}) {
  const r = spawnSync(program, args, { encoding: 'utf8', env: environment(env), input })
  assertNoReport(r.stderr ?? '')
  return { status: r.status, signal: r.signal, out: r.stdout, err: r.stderr }
}

export function initData (organization = 'Testes Ltda', args = [], parent = tmpdir()) {
  const data = mkdtempSync(join(parent, 'chirograph-'))
  const r = run(['init', '--data', data, '--organization', organization, ...args])
  if (r.status !== 0) throw new Error(`init: ${r.err}`)
  return data
}

// Process ids of a role, found among the supervisor's children.
export function rolePids (supervisor, role) {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
      const parent = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')[1]
      return Number(parent) === supervisor &&
        readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[1] === `--role=${role}`
    } catch { return false }
  }).map(Number)
}

// Tests come from one address, and many of them are wrong on purpose: only those about the limits have limits.
const unlimited = ['limits.guess_rate', 'limits.code_rate', 'limits.check_rate']

// With logFile the lines go there and not through this process, which then costs the server nothing.
export async function startServer ({ data, organization, settings = [], env = {}, args = [], listen = '127.0.0.1:0', logFile } = {}) {
  const isOwn = data === undefined
  data ??= initData(organization)
  const free = unlimited.filter((name) => !settings.some((s) => s.startsWith(`${name}=`))).map((name) => `${name}=0`)
  const set = [...free, ...settings].flatMap((s) => ['--set', s])
  const stderr = logFile ? openSync(logFile, 'w') : 'pipe'
  const child = spawn(program, ['serve', '--data', data, '--listen', listen, ...set, ...args],
    { stdio: ['ignore', 'ignore', stderr], env: environment(env) })
  if (logFile) closeSync(stderr)
  let piped = ''
  const log = () => logFile ? readFileSync(logFile, 'utf8') : piped
  logs.add(log)
  const ended = new Promise((resolve) => child.on('exit', (status, signal) => resolve({ status, signal })))
  const closed = new Promise((resolve) => child.on('close', resolve))
  const url = await new Promise((resolve, reject) => {
    let isReady = false
    const look = () => {
      const [, url] = isReady ? [] : /^ready (https:\S+)$/m.exec(log()) ?? []
      isReady ||= url !== undefined
      if (url) resolve(url)
    }
    child.stderr?.on('data', (piece) => {
      piped += piece
      look()
    })
    const looking = logFile && setInterval(() => isReady ? clearInterval(looking) : look(), 5)
    ended.then((end) => {
      clearInterval(looking)
      reject(new Error(`serve ended with ${JSON.stringify(end)}:\n${log()}`))
    })
  })
  const ca = readFileSync(join(data, 'keys/tls.crt'))
  const agent = new https.Agent({ ca, keepAlive: true })
  const keys = JSON.parse(readFileSync(join(data, 'credentials.json'), 'utf8'))

  // Browsers by name, and what each keeps of the signer's pages; null is one that keeps nothing.
  const jars = new Map()
  function cookiesOf (browser) {
    if (!jars.has(browser)) jars.set(browser, new Map())
    return jars.get(browser)
  }

  function request (method, path, { key, headers = {}, json, body, tls = {}, browser = 'first' } = {}) {
    const payload = json !== undefined ? JSON.stringify(json) : body
    const all = { ...headers }
    const jar = path.startsWith('/s/') && browser !== null ? cookiesOf(browser) : new Map()
    if (jar.size > 0) all.Cookie ??= [...jar].map((pair) => pair.join('=')).join('; ')
    if (key) all.Authorization = key
    if (json !== undefined) all['Content-Type'] ??= 'application/json'
    if (payload !== undefined) all['Content-Length'] = Buffer.byteLength(payload)
    const options = { method, headers: all, ...(Object.keys(tls).length ? { ca, agent: false, ...tls } : { agent }) }
    const once = () => new Promise((resolve, reject) => {
      const req = https.request(url + path, options, (res) => {
        for (const cookie of res.headers['set-cookie'] ?? []) jar.set(...cookie.split(';')[0].split('='))
        const pieces = []
        res.on('data', (piece) => pieces.push(piece))
        res.on('error', reject)
        res.on('end', () => {
          const bytes = Buffer.concat(pieces)
          let parsed
          try { parsed = JSON.parse(bytes.toString()) } catch { /* not JSON */ }
          resolve({ status: res.statusCode, headers: res.headers, body: bytes, json: parsed, socket: res.socket })
        })
      })
      req.on('error', (error) => reject(Object.assign(error, { wasReused: req.reusedSocket })))
      req.end(payload)
    })
    // The server closes a connection that was idle for a minute; a client that takes it up in that
    // very moment sees a reset before any answer, and asks again on a new one.
    return once().catch((error) => error.wasReused && error.code === 'ECONNRESET' ? once() : Promise.reject(error))
  }

  return {
    url, data, keys, ca, agent, request, cookiesOf, pid: child.pid, ended,
    log,
    pids: (role) => rolePids(child.pid, role),
    signal: (name) => child.kill(name),
    // SIGKILL to a role, and the promise that the supervisor has started another.
    async kill (role) {
      const before = rolePids(child.pid, role)
      if (before.length === 0) throw new Error(`no ${role} is running`)
      for (const pid of before) process.kill(pid, 'SIGKILL')
      for (;;) {
        const now = rolePids(child.pid, role)
        if (now.some((pid) => !before.includes(pid))) return
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
    async stop (signal = 'SIGTERM') {
      agent.destroy()
      child.kill(signal)
      const end = await ended
      await closed // the last words of every process
      if (isOwn) rmSync(data, { recursive: true, force: true })
      logs.delete(log)
      assertNoReport(log())
      return end.status
    }
  }
}
