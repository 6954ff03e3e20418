// Kills the roles of a running server at moments that a seed decides. What is promised is that each death is a
// real one (SIGKILL) and that the same seed asks for the same deaths in the same order.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { pause } from './crowd.mjs'

// mulberry32: small, and the same everywhere.
export function random (seed) {
  let a = seed >>> 0
  return () => {
    a = a + 0x6D2B79F5 | 0
    let t = Math.imul(a ^ a >>> 15, 1 | a)
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t
    return ((t ^ t >>> 14) >>> 0) / 4294967296
  }
}

export const seed = Number(process.env.CHIROGRAPH_SEED ?? 1)

export function killer (crowd, roles, { from = 150, to = 900, most = 40 } = {}) {
  const next = random(seed)
  const deaths = Object.fromEntries(roles.map((role) => [role, 0]))
  let isOver = false
  // A press lives for one document: wait for the next one.
  const found = async (role) => {
    let pids = []
    for (let i = 0; i < 200 && pids.length === 0 && !isOver; i++) {
      pids = crowd.server.pids(role)
      if (pids.length === 0) await pause(3)
    }
    return pids
  }
  // So much time or so many calls later, whichever is first: a fast machine sees as many deaths as a slow one.
  const moment = async (ms, calls) => {
    const end = Date.now() + ms
    const last = crowd.calls
    while (Date.now() < end && crowd.calls - last < calls && !isOver) await pause(2)
  }
  const run = (async () => {
    const isEnough = () => Object.values(deaths).reduce((sum, n) => sum + n) >= most && roles.every((role) => deaths[role] >= 3)
    while (!isOver && !isEnough()) {
      await moment(from + next() * (to - from), 15 + next() * 45)
      const role = roles[Math.floor(next() * roles.length)]
      const pids = await found(role)
      const pid = pids[Math.floor(next() * pids.length)]
      if (pid === undefined || isOver) continue
      try {
        process.kill(pid, 'SIGKILL')
        deaths[role]++
      } catch { /* it ended by itself */ }
    }
  })()
  return { deaths, async stop () { isOver = true; await run; return deaths } }
}

// Open descriptors and resident kilobytes of a process.
export function resources (pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  // The store opens its readers when they are needed, up to eight: they are not a leak.
  const held = readdirSync(`/proc/${pid}/fd`).filter((fd) => { try { return !readlinkSync(`/proc/${pid}/fd/${fd}`).includes('/db/') } catch { return false } })
  return { descriptors: held.length, kilobytes: Number(/VmRSS:\s+(\d+)/.exec(status)[1]) }
}
