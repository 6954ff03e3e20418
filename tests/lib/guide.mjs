// Runs a page of the documentation: its ```sh blocks, in their order, in one shell that ends at the first
// failure, in a fresh folder with the built program on the path.
import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, symlinkSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assertNoReport, environment, program } from './server.mjs'

const root = resolve(fileURLToPath(import.meta.url), '../../..')

// Below the ports that the kernel gives away by itself: nobody's outgoing connection takes it meanwhile.
function freePort () {
  return new Promise((resolve) => {
    const port = randomInt(10000, 32000)
    const server = net.createServer().listen(port, '127.0.0.1', () => server.close(() => resolve(port)))
    server.on('error', () => resolve(freePort()))
  })
}

export function blocks (page) {
  return [...readFileSync(join(root, page), 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map((m) => m[1])
}

// A folder as the reader of a page has it: the program on the path, a contract as original.pdf.
export function desk () {
  const folder = mkdtempSync(join(tmpdir(), 'chirograph-guide-'))
  mkdirSync(join(folder, 'bin'))
  symlinkSync(program, join(folder, 'bin/chirograph'))
  const made = spawnSync(join(dirname(program), 'tools/contract'),
    [join(root, 'tools/contract/contract.txt'), join(folder, 'original.pdf')], { encoding: 'utf8' })
  if (made.status !== 0) throw new Error(made.stderr ?? String(made.error))
  return folder
}

// Free ports stand for those of the page, next year's date for its date; background jobs end with the shell.
export async function runGuide (folder, commands, replace = {}) {
  const year = new Date().getUTCFullYear() + 1
  let text = commands.join('\n').replaceAll('2030-12-31', `${year}-12-31`)
  for (const port of ['8443', '9000']) text = text.replaceAll(port, String(await freePort()))
  for (const [from, to] of Object.entries(replace)) text = text.replaceAll(from, to)
  const script = `set -eu -o pipefail\ntrap 'kill $(jobs -p) 2> /dev/null || true; wait' EXIT\n${text}`
  const env = environment({ PATH: `${join(folder, 'bin')}:${process.env.PATH}` })
  const done = spawnSync('bash', ['-c', script], { cwd: folder, env, encoding: 'utf8', timeout: 120000 })
  for (const name of readdirSync(folder)) if (name.endsWith('.log')) assertNoReport(readFileSync(join(folder, name), 'utf8'))
  assertNoReport(done.stderr)
  return { status: done.status, out: done.stdout, err: done.stderr, script }
}

