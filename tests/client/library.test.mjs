// Is the library what its header says, and nothing more: its symbols, no state, and alone?
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { built, root } from '../lib/build.mjs'

const place = mkdtempSync(join(tmpdir(), 'chirograph-library-'))
after(() => rmSync(place, { recursive: true, force: true }))
const run = (program, ...args) => execFileSync(program, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
const shared = built('lib/libchirograph.so')
const header = readFileSync(join(root, 'include/chirograph.h'), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
const declared = [...new Set([...header.replace(/typedef[^;]*;/g, '').matchAll(/\b(chg_[a-z0-9_]+)\(/g)].map((m) => m[1]))].sort()
const names = (text) => text.trim().split('\n').map((line) => line.trim().split(/\s+/)).filter((f) => f.length >= 2)

test('the shared library exports what the header declares, and nothing else', () => {
  const exported = names(run('nm', '-D', '--defined-only', shared)).map((f) => f.at(-1)).sort()
  assert.ok(declared.length > 40)
  assert.deepEqual(exported, declared)
})

test('the static library gives a program no other name either', () => {
  const given = names(run('nm', '--defined-only', '--extern-only', built('lib/libchirograph.a'))).filter((f) => f.length === 3).map((f) => f[2])
  assert.deepEqual([...new Set(given)].sort(), declared)
})

test('no state: its writable sections hold what the compiler itself puts there', { skip: process.env.CHIROGRAPH_SANITIZED && 'sanitizers keep their own state in every library' }, () => {
  const sections = Object.fromEntries(run('size', '-A', shared).split('\n').map((l) => l.split(/\s+/)).filter((f) => f[0]?.startsWith('.')).map((f) => [f[0], Number(f[1])]))
  assert.ok(sections['.data'] <= 8 && sections['.bss'] <= 8, JSON.stringify(sections))
})

test('make client builds the client without the libraries of the server', { timeout: 300000 }, () => {
  run('make', '--no-print-directory', 'client', `CLIENT=${join(place, 'client')}`)
  const program = join(place, 'client/chirograph')
  const needed = [...run('readelf', '-d', program).matchAll(/NEEDED.*\[(.*?)\]/g)].map((m) => m[1])
  assert.ok(needed.some((one) => one.startsWith('libcrypto')), String(needed))
  assert.deepEqual(needed.filter((one) => /sqlite|event|seccomp|qpdf|pango|cairo|jpeg|inih|qrencode/.test(one)), [])
  assert.match(run(program, '--version'), /chirograph/)
})

test('installed, pkg-config is enough to build and run a program', () => {
  const installed = join(place, 'root')
  run('meson', 'install', '--no-rebuild', '--quiet', '-C', join(place, 'client'), '--destdir', installed)
  const pc = run('find', installed, '-name', 'libchirograph.pc').trim()
  const env = { ...process.env, PKG_CONFIG_PATH: dirname(pc), PKG_CONFIG_SYSROOT_DIR: installed }
  const flags = execFileSync('pkg-config', ['--cflags', '--libs', 'libchirograph'], { encoding: 'utf8', env }).trim().split(/\s+/)
  writeFileSync(join(place, 'one.c'), '#include <chirograph.h>\n#include <stdio.h>\nint main(void) { struct chg_key *key = 0; chg_key_free(key); puts("linked"); return 0; }\n')
  run('cc', '-Wall', '-Werror', '-o', join(place, 'one'), join(place, 'one.c'), ...flags, `-Wl,-rpath,${dirname(dirname(pc))}`)
  assert.equal(run(join(place, 'one')), 'linked\n')
})

test('the published vectors, through the library itself', { skip: process.env.CHIROGRAPH_SANITIZED !== undefined }, () => {
  const said = run(process.env.CHIROGRAPH_PYTHON ?? '/usr/bin/python3', join(root, 'tests/client/vectors.py'), shared, join(root, 'tests/vectors'))
  assert.deepEqual(['reproduced', 'verified', 'refused'].map((word) => said.match(new RegExp(`^${word} `, 'gm'))?.length), [5, 1, 4])
})
