// Does a role that dies at once, again and again, cost pauses instead of a processor? Does a server that has
// answered a thousand requests, or has lost its roles many times, hold more than before?
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { startServer } from '../lib/server.mjs'
import { inParallel, until } from './crowd.mjs'
import { resources } from './killer.mjs'

let server
before(async () => { server = await startServer() })
after(async () => { await server.stop() })

const ticks = (pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ').slice(11, 13).reduce((sum, n) => sum + Number(n), 0)

const health = () => server.request('GET', '/health', { tls: { maxVersion: 'TLSv1.3' } })
const answers = () => until('an answer', () => health().then((reply) => reply.status === 200, () => false))

// Each life of a role as the supervisor tells it: begin, end, and the begin of the next, in milliseconds.
function lives (role) {
  const lines = server.log().split('\n').filter((line) => / child=/.test(line) && line.includes(`child=${role} `))
    .map((line) => ({ at: Date.parse(/ts=(\S+)/.exec(line)[1]), isStart: line.includes('msg="started"') }))
  const found = []
  for (const { at, isStart } of lines) {
    if (isStart) found.push({ begin: at })
    else if (found.length) found.at(-1).end = at
  }
  return found
}

for (const role of ['courier', 'keyd', 'front']) {
  test(`${role} dies as soon as it lives, six times`, async () => {
    const first = lives(role).length - 1
    const before = ticks(server.pid)
    for (let deaths = 0; deaths < 6; deaths++) {
      const pid = await until(`the next ${role}`, () => server.pids(role)[0])
      process.kill(pid, 'SIGKILL')
      await until('the supervisor knows', () => lives(role).filter((life) => life.end).length > first + deaths)
    }
    await answers()
    let pause = 0
    const all = lives(role).slice(first)
    for (let i = 0; i + 1 < all.length; i++) {
      if (all[i].end - all[i].begin > 900) pause = 0
      assert.ok(all[i + 1].begin - all[i].end >= pause - 2, `death ${i}: begun ${all[i + 1].begin - all[i].end} ms later, not ${pause}`)
      pause = Math.min(pause === 0 ? 100 : pause * 2, 5000)
    }
    assert.ok(ticks(server.pid) - before < 100, 'the supervisor used less than a second of a processor')
  })
}

test('thirty deaths leave the supervisor no descriptor and no memory', async () => {
  const before = resources(server.pid)
  for (let i = 0; i < 30; i++) {
    const role = ['courier', 'keyd', 'front'][i % 3]
    const pid = await until(`a ${role}`, () => server.pids(role)[0])
    // A second of life each time, so that none has to wait.
    await until('it has lived', () => Date.now() - lives(role).at(-1).begin > 1100)
    process.kill(pid, 'SIGKILL')
    await until('it is replaced', () => { const now = server.pids(role)[0]; return now && now !== pid })
  }
  await answers()
  const now = resources(server.pid)
  assert.equal(now.descriptors, before.descriptors)
  assert.ok(now.kilobytes - before.kilobytes < 512, `${before.kilobytes} KiB before, ${now.kilobytes} now`)
})

async function thousand () {
  const many = Array.from({ length: 1000 }, (_, i) => i)
  await inParallel(8, many, async (i) => {
    const reply = i % 10 === 0
      ? await health()
      : await server.request(i % 2 ? 'GET' : 'POST', i % 3 ? '/sign/envelope' : '/s/no-such-link/state', { key: server.keys.sandbox_api_key, ...(i % 2 ? {} : { json: { subject: '' } }) })
    assert.ok(reply.status < 500, `${reply.status} ${reply.body}`)
  })
}

// front keeps at most this many connections to keyd; how many it needed so far is chance.
const KEPT = 8

test('a thousand requests leave no descriptor and no memory', async () => {
  server.agent.destroy()
  await thousand()
  await thousand()
  server.agent.destroy()
  const measure = () => ['front', 'keyd', 'courier'].map((role) => resources(server.pids(role)[0]))
  const calm = async () => {
    let last
    return until('connections are closed', () => {
      const now = measure()
      const isSame = last && now.every((one, i) => one.descriptors === last[i].descriptors)
      last = now
      return isSame && now
    })
  }
  const before = await calm()
  for (let i = 0; i < 3; i++) await thousand()
  server.agent.destroy()
  await until('descriptors are as before, but for kept connections', () => measure().every((one, i) => one.descriptors <= before[i].descriptors + KEPT))
  if (process.env.CHIROGRAPH_SANITIZED) return // what was freed stays for a while, to find who still uses it
  measure().forEach((one, i) => {
    assert.ok(one.kilobytes - before[i].kilobytes < 6 * 1024, `process ${i}: ${before[i].kilobytes} KiB before, ${one.kilobytes} now`)
  })
})
