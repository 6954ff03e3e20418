// Where the bench works, and the programs it measures with.
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { environment } from '../lib/server.mjs'

export const build = resolve(process.env.CHIROGRAPH_BUILD ?? 'build')
export const work = join(build, 'bench')
export const at = (name) => join(work, name)
export const tool = (name) => join(build, 'tests/perf', `perf_${name}`)

export function command (name, args, options = {}) {
  const done = spawnSync(name, args, { encoding: 'utf8', env: environment(), ...options })
  if (done.status !== 0) throw new Error(`${name} ${args.join(' ')}\n${done.stderr || done.error || ''}`)
  return done.stdout
}

export const figures = (name, args) => JSON.parse(command(name, args.map(String)))

// Processor time and memory of a whole process, over some runs.
export const spend = (runs, name, args) => figures(tool('spend'), [runs, name, ...args])
