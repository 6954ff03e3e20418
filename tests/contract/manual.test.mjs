// Do the manual pages, the program's own help and its tables say the same, and does mandoc like the pages?
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { run } from '../lib/server.mjs'

const root = new URL('../../', import.meta.url)
const text = (path) => readFileSync(new URL(path, root), 'utf8')
const pages = readdirSync(new URL('docs/man', root)).map((name) => fileURLToPath(new URL(`docs/man/${name}`, root)))
const rendered = (name) => {
  const path = pages.find((page) => page.endsWith(`/${name}`))
  return spawnSync('mandoc', ['-Tascii', '-O', 'width=200', path], { encoding: 'utf8' }).stdout.replace(/.[\b]/g, '')
}
const flat = (page) => page.replace(/\s+/g, ' ')
const optionsOf = (words) => [...new Set(words.match(/--[a-z-]+/g) ?? [])]

test('mandoc has nothing to say about the pages', () => {
  assert.equal(pages.length, 4)
  for (const page of pages) {
    const said = spawnSync('mandoc', ['-Tlint', page], { encoding: 'utf8' })
    assert.equal(said.error, undefined)
    const lines = said.stdout.split('\n').filter((line) => line && !line.includes('referenced manual not found'))
    assert.deepEqual(lines, [])
  }
})

const help = run(['help'])
const rows = [...help.out.matchAll(/^ {2}chirograph (\S+) ?(.*)\n {6}(.*)$/gm)].map(([line, name, args, summary]) => ({ line, name, args, summary }))

test('each command\'s help is its row of the list', () => {
  assert.equal(help.status, 0)
  assert.ok(rows.length >= 8)
  for (const { name, line } of rows.filter((row) => row.name !== 'organization')) {
    for (const word of ['--help', '-h', 'help']) {
      const own = run([name, word])
      assert.equal(own.status, 0, `${name} ${word}`)
      assert.equal(own.out.trimEnd(), line, `${name} ${word}`)
    }
  }
})

test('the synopsis of chirograph(1) has every command with every option, and no more', () => {
  const page = rendered('chirograph.1')
  const synopsis = flat(page.split('SYNOPSIS')[1].split('DESCRIPTION')[0])
  const lines = Object.fromEntries(synopsis.split(/ chirograph /).slice(1).map((line) => [line.trim().split(' ')[0], line]))
  assert.deepEqual(Object.keys(lines).sort(), [...rows.map((row) => row.name), 'help'].sort())
  for (const { name, args } of rows.filter((row) => row.name !== 'organization')) {
    assert.deepEqual(optionsOf(lines[name]).sort(), optionsOf(args).sort(), name)
  }
})

test('chirograph(1) has every verb and option of organization', () => {
  const page = flat(rendered('chirograph.1'))
  const own = run(['organization', 'help'])
  assert.equal(own.status, 0)
  const verbs = [...own.out.matchAll(/^ {2}chirograph (organization [a-z ]+?) --data DIR ?(.*)$/gm)]
  assert.ok(verbs.length >= 11)
  for (const [, verb, args] of verbs) {
    assert.ok(page.includes(verb), verb)
    for (const option of optionsOf(args)) assert.ok(page.includes(`${option} `) || page.includes(`${option},`) || page.includes(`${option}.`), option)
  }
})

test('every option that the program takes is in its help and in chirograph(1)', () => {
  const page = rendered('chirograph.1')
  const all = help.out + run(['organization', 'help']).out
  const sources = ['src/main', 'cli'].flatMap((room) => readdirSync(new URL(room, root)).filter((name) => name.endsWith('.c')).map((name) => text(`${room}/${name}`))).join('\n')
  const options = [...sources.matchAll(/(?:\.name =\s*|[{(,]\s*)"(--[a-z-]+)"/g)].map((m) => m[1]).filter((name) => !['--help', '--version'].includes(name))
  assert.ok(options.length > 20)
  for (const option of options) {
    assert.ok(all.includes(option), `help: ${option}`)
    assert.ok(page.includes(option), `manual: ${option}`)
  }
  assert.deepEqual(optionsOf(page).filter((option) => !options.includes(option) && option !== '--help'), [])
})

test('chirograph.ini(5) is that of the configuration table', () => {
  const made = spawnSync('node', [fileURLToPath(new URL('tools/config_man.mjs', root)), '--check'], { encoding: 'utf8' })
  assert.equal(made.status, 0, made.stderr)
  const page = text('docs/man/chirograph.ini.5')
  const variables = [...run(['config']).out.matchAll(/^; (CHIROGRAPH_\w+), default$/gm)].map((m) => m[1])
  assert.ok(variables.length > 25)
  for (const name of variables) assert.ok(page.includes(`.Ev ${name} .`), name)
  assert.equal(page.match(/^\.Ev /gm).length, variables.length)
})

test('chirograph-webhook(7) has every type of event', () => {
  const page = text('docs/man/chirograph-webhook.7')
  const kinds = [...text('src/store/effects.c').match(/webhook_kinds\[\] = \{([^}]*)\}/)[1].matchAll(/EVENT_(\w+)/g)].map((m) => m[1])
  const names = text('src/envelope/names.c')
  for (const kind of kinds) {
    const [, name] = new RegExp(`\\[EVENT_${kind}\\] = "(\\w+)"`).exec(names) ?? []
    assert.ok(name && page.includes(name), kind)
  }
})
