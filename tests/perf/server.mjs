// The running server: time to ready, idle memory, durable creations beside the bare disk, reads.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { execFile } from 'node:child_process'
import { run as chirograph, startServer } from '../lib/server.mjs'
import { at, figures, tool } from './tools.mjs'
import { head, median, note, row } from './table.mjs'

const SECONDS = Number(process.env.BENCH_SECONDS ?? 3)
const ROUNDS = 3
const exec = promisify(execFile)
const data = () => at('data')
const unlimited = ['limits.key_rate=0'] // one key sends more than the default allows

const envelope = {
  subject: 'Contrato de locação', expiration_date: `${new Date().getUTCFullYear() + 1}-12-31`,
  signers: [{
    id: '1', name: 'Maria José da Conceição', email: 'maria@example.com', birthdate: '1992-09-15', document_number: '529.982.247-25',
    phone: { international_dial_code: '55', area_code: '19', number: '988878722' },
    document_submission_method: 'email', authentication_submission_method: 'email'
  }]
}

async function load (server, clients, method, path, { key, body } = {}) {
  const { hostname, port } = new URL(server.url)
  const args = [hostname, port, clients, SECONDS, method, path, ...(key ? [key] : []), ...(body ? [body] : [])]
  const { stdout } = await exec(tool('load'), args.map(String))
  return JSON.parse(stdout)
}

const disk = () => figures(tool('disk'), [at(''), 1]).rate

// ---- time to ready ----

async function timeToReady () {
  const took = []
  for (let i = 0; i < 10; i++) {
    const start = performance.now()
    const server = await startServer({ data: data() })
    took.push(performance.now() - start)
    await server.stop()
  }
  row('exec to the line "ready", median of 10', median(took), 'ms', { aim: 300, beside: `least ${Math.min(...took).toFixed(0)}, most ${Math.max(...took).toFixed(0)}` })
}

// ---- memory ----

function family (pid) {
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((name) => {
    try {
      return Number(readFileSync(`/proc/${name}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')[1]) === pid
    } catch { return false }
  })
  return [pid, ...children.map(Number)]
}

const kib = (text, name) => Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(text)?.[1] ?? 0)

// PSS divides a library's pages among all programs of the machine that use it. So that a busy
// machine does not flatter us, the same sum is made as if we were alone: each file's pages count
// once, in the process that has most of them.
function memory (pids) {
  let pss = 0
  let own = 0
  const files = new Map()
  const each = []
  for (const pid of pids) {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
    pss += kib(rollup, 'Pss')
    each.push(`${readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[1]} ${(kib(rollup, 'Pss') / 1024).toFixed(1)}`)
    for (const part of readFileSync(`/proc/${pid}/smaps`, 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
      const [, place, inode, path] = /^\S+ \S+ (\S+) \S+ (\d+) *(.*)$/m.exec(part) ?? []
      const anonymous = kib(part, 'Anonymous')
      own += anonymous
      if (inode > 0) files.set(`${path} ${place}`, Math.max(files.get(`${path} ${place}`) ?? 0, kib(part, 'Rss') - anonymous))
    }
  }
  return { pss: pss / 1024, alone: (own + [...files.values()].reduce((a, b) => a + b, 0)) / 1024, each: each.join(', ') }
}

function memoryRows (server, when) {
  const used = memory(family(server.pid))
  row(`PSS of all processes, ${when}`, used.pss, 'MB', { aim: 40 })
  row(`the same if nobody else shared a library, ${when}`, used.alone, 'MB', { aim: 40 })
  note(used.each)
}

async function idleMemory () {
  const server = await startServer({ data: data(), settings: unlimited })
  await pause(1500)
  memoryRows(server, 'after start')
  await load(server, 32, 'POST', '/sign/envelope', { key: server.keys.sandbox_api_key, body: at('envelope.json') })
  await load(server, 32, 'GET', '/health')
  await pause(3000)
  memoryRows(server, 'after a load')
  await server.stop()
}

// ---- creations ----

async function creations (clients) {
  const bare = [disk()]
  const rounds = []
  const server = await startServer({ data: data(), settings: unlimited })
  const key = server.keys.sandbox_api_key
  await load(server, clients, 'GET', '/health')
  for (let i = 0; i < ROUNDS; i++) {
    rounds.push(await load(server, clients, 'POST', '/sign/envelope', { key, body: at('envelope.json') }))
    bare.push(disk())
  }
  await server.stop()
  const [, commits] = /stopped.* commits=(\d+)/.exec(server.log()) ?? []
  const made = rounds.reduce((sum, r) => sum + r.answers, 0)
  return {
    rate: median(rounds.map((r) => r.rate)), bare: median(bare), rounds, all: bare,
    failed: rounds.reduce((sum, r) => sum + r.failed, 0), syncs: Number(commits ?? NaN) / made
  }
}

const list = (numbers) => numbers.map((n) => n.toFixed(0)).join(' ')

function creationRows (clients, c) {
  const aim = clients === 32 ? c.bare : undefined
  row(`durable creations a second, ${clients} client${clients > 1 ? 's' : ''}`, c.rate, '/s',
    { aim, better: 'more', beside: `${(c.rate / c.bare).toFixed(2)}× the bare disk` })
  row('  the bare disk: append + fdatasync', c.bare, '/s', { beside: `runs: ${list(c.all)}` })
  row('  commits (a sync each) per creation', c.syncs, '', { aim: clients === 32 ? 0.2 : undefined })
  note(`runs: ${list(c.rounds.map((r) => r.rate))} /s; p50 ${(median(c.rounds.map((r) => r.p50_us)) / 1000).toFixed(1)} ms, p99 ${(median(c.rounds.map((r) => r.p99_us)) / 1000).toFixed(1)} ms; ${c.failed} failed`)
}

// ---- reads ----

async function reads () {
  const server = await startServer({ data: data(), settings: unlimited })
  const key = server.keys.sandbox_api_key
  const made = await server.request('POST', '/sign/envelope', { key, json: envelope })
  const path = `/sign/envelope/${made.json.id}`
  const get = await load(server, 32, 'GET', path, { key })
  const healthAlone = await load(server, 1, 'GET', '/health')
  const [get2, post, health] = await Promise.all([
    load(server, 8, 'GET', path, { key }),
    load(server, 8, 'POST', '/sign/envelope', { key, body: at('envelope.json') }),
    load(server, 1, 'GET', '/health')])
  row('GET envelope, 32 clients', get.rate, '/s', { beside: `p50 ${(get.p50_us / 1000).toFixed(1)} ms, p99 ${(get.p99_us / 1000).toFixed(1)} ms` })
  row('/health, p50, idle server', healthAlone.p50_us / 1000, 'ms', { beside: `${healthAlone.rate.toFixed(0)} /s` })
  row('/health, p50, beside 8 writers and 8 readers', health.p50_us / 1000, 'ms', { beside: `p99 ${(health.p99_us / 1000).toFixed(1)} ms` })
  note(`meanwhile ${get2.rate.toFixed(0)} reads and ${post.rate.toFixed(0)} creations a second; failed: ${[get, get2, post, health].map((r) => r.failed).join(' ')}`)
  await server.stop()
}

export async function benchServer () {
  const made = chirograph(['init', '--data', data(), '--organization', 'Bench'])
  if (made.status !== 0) throw new Error(made.err)
  writeFileSync(at('envelope.json'), JSON.stringify(envelope))
  head('Server: start and memory')
  await timeToReady()
  await idleMemory()
  head('Server: durable creations over kept-alive TLS')
  creationRows(1, await creations(1))
  creationRows(32, await creations(32))
  head('Server: reads over kept-alive TLS')
  await reads()
}
