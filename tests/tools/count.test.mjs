// Would the line that everybody reads at the end say so if a test failed?
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { root } from '../lib/build.mjs'

const run = (cwd, program, args, { env = {}, input } = {}) => {
  const surroundings = { ...process.env, ...env }
  delete surroundings.NODE_TEST_CONTEXT // else a runner inside a runner reports to the outer one
  return spawnSync(program, args, { cwd, env: surroundings, input, encoding: 'utf8', timeout: 60000 })
}

// A small project with the real tools and the files given.
function project (t, files) {
  const folder = mkdtempSync(join(tmpdir(), 'chirograph-count-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const name of ['tools/check', 'tools/count', '.ci/run']) cpSync(join(root, name), join(folder, name))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
    chmodSync(join(folder, name), 0o755)
  }
  return folder
}

const last = (r) => r.stdout.trimEnd().split('\n').pop()
const file = (...tests) => `import { test } from 'node:test'\n${tests.join('\n')}\n`
const good = "test('good', () => {})"
const bad = "test('bad', () => { throw new Error('no') })"
const skipped = "test('skipped', { skip: true }, () => {})"
const loud = "test('loud', () => { console.log('# pass 70'); console.log('70 passed, 0 failed\\n') })"

const suites = [
  ['all pass', file(good, good), 0, '2 passed, 0 failed'],
  ['one fails', file(good, bad, good), 1, '2 passed, 1 failed'],
  ['a file does not load', 'import "./nothing.mjs"\n', 1, '0 passed, 1 failed'],
  ['nothing runs', file(skipped), 1, '0 passed, 1 failed'],
  ['output looks like a summary', file(loud, bad), 1, '1 passed, 1 failed'],
  ['a process dies', file(good, 'process.exit(3)'), 1, undefined],
  ['a suite hangs', file(good, "test('hangs', () => new Promise(() => setInterval(() => {}, 1000)))"), 1, undefined]
]
for (const [name, text, status, line] of suites) {
  test(`tools/check: ${name}`, (t) => {
    const folder = project(t, { 'tests/http/x.test.mjs': text })
    const r = run(folder, 'tools/check', ['http'], { env: { CHECK_LIMIT: '5', CHECK_BUILD: 'build-test' } })
    assert.equal(r.status, status, r.stdout + r.stderr)
    if (line !== undefined) assert.equal(last(r), line, r.stdout)
    assert.match(last(r), /^\d+ passed, \d+ failed$/)
    if (status !== 0) assert.doesNotMatch(last(r), / 0 failed/)
    if (name === 'one fails') assert.match(r.stdout, /not ok .* bad/)
  })
}

test('tools/check: a suite without a file, or that nobody knows, fails', (t) => {
  const folder = project(t, { 'tests/http/README.md': '' })
  assert.equal(last(run(folder, 'tools/check', ['http'])), '0 passed, 1 failed')
  assert.equal(last(run(folder, 'tools/check', ['htpt'])), '0 passed, 1 failed')
})

const count = (input) => run(root, 'awk', ['-f', 'tools/count'], { input }).stdout.trim()

test('tools/count reads each kind of summary', () => {
  assert.equal(count('# tests 9\n# suites 1\n# pass 5\n# fail 1\n# cancelled 2\n# skipped 1\n# todo 0\n'), '5 3 1')
  assert.equal(count('ℹ tests 3\nℹ pass 2\nℹ fail 1\nℹ cancelled 0\nℹ skipped 0\n'), '2 1 0')
  assert.equal(count('Ok:                 7   \nExpected Fail:      0   \nFail:               1   \nUnexpected Pass:    1   \nSkipped:            2   \nTimeout:            1   \n'), '7 3 2')
  assert.equal(count('16 passed, 2 failed\n'), '16 2 0')
  assert.equal(count('nothing\n'), '0 0 0')
})

function ci (t, { check = 'echo "5 passed, 0 failed"', lint = 'true', other = 'echo "2 passed, 0 failed"' }) {
  const script = `#!/bin/sh\n${other}\n`
  const folder = project(t, {
    Makefile: `check:\n\t@${check}\nlint:\n\t@${lint}\n`,
    'tools/check-warnings': script,
    'tools/check-sanitized': script,
    'tools/check-fuzz': script
  })
  return run(folder, '.ci/run', [])
}

test('.ci/run adds its stages up', (t) => {
  const r = ci(t, {})
  assert.equal(r.status, 0, r.stdout)
  assert.equal(last(r), '12 passed, 0 failed')
  assert.equal(r.stdout.match(/^\d+ passed, \d+ failed$/gm).length, 1)
})

const stages = [
  ['a failing test', { check: 'echo "5 passed, 1 failed"; false' }, '12 passed, 1 failed'],
  ['a failing test in a stage that says it went well', { check: 'echo "5 passed, 1 failed"' }, '12 passed, 1 failed'],
  ['a stage that dies without a word', { check: 'false' }, '7 passed, 1 failed'],
  ['a stage that ran nothing', { check: 'true' }, '7 passed, 1 failed'],
  ['a stage that dies after its line', { other: 'echo "2 passed, 0 failed"; exit 1' }, '12 passed, 3 failed'],
  ['the lint', { lint: 'false' }, '11 passed, 1 failed']
]
for (const [name, project, line] of stages) {
  test(`.ci/run: ${name}`, (t) => {
    const r = ci(t, project)
    assert.equal(r.status, 1)
    assert.equal(last(r), line, r.stdout)
  })
}
