// Is each detail that a decoder writes told in Portuguese too? Reads the sources: an English sentence given to a fault
// must have its row in api/details.def, and both halves of a row must take the same values.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'

const root = new URL('../../', import.meta.url)
const text = (name) => readFileSync(new URL(name, root), 'utf8')
const rows = [...text('api/details.def').matchAll(/^DETAIL\("(.*)", "(.*)"\)$/gm)].map(([, english, portuguese]) => ({ english, portuguese }))
const places = (pattern) => pattern.split('{}').length - 1
// Rooms whose faults reach an answer of the API.
const rooms = ['api', 'auth', 'envelope', 'store', 'web', 'base']

// "It has %d …" as the row spells it; a value whose form the row fixes fits too.
const asRegExp = (pattern) => new RegExp(`^${pattern.split('{}').map((plain) => plain.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('(.+)')}$`)

test('every sentence of a fault has its row', () => {
  const sentences = []
  for (const room of rooms) {
    for (const file of readdirSync(new URL(`src/${room}`, root)).filter((name) => name.endsWith('.c'))) {
      for (const [call] of text(`src/${room}/${file}`).matchAll(/\b(?:fault_set|fields_fault)\([^;]*?;/gs)) {
        if (call.includes('ERR_CLIENT_TOKEN')) continue // the platform's own words, English in both
        const joined = call.replace(/"\s*\n\s*"/g, '')
        for (const [, quoted] of joined.matchAll(/"((?:[^"\\]|\\.)*)"/g)) if (/^[A-Z%].* .*\.$/.test(quoted)) sentences.push([`${room}/${file}`, quoted.replace(/%(?:\.\*)?(?:ll|z)?[sdu]/g, '{}')])
      }
    }
  }
  assert.ok(sentences.length >= 40, `${sentences.length}`)
  for (const [file, sentence] of sentences) assert.ok(rows.some((row) => asRegExp(row.english).test(sentence)), `${file}: ${sentence}`)
})

test('both halves of a row take the same values', () => {
  assert.ok(rows.length >= 50)
  assert.equal(new Set(rows.map((row) => row.english)).size, rows.length)
  for (const { english, portuguese } of rows) {
    assert.ok(places(english) <= 3, english)
    assert.ok(places(portuguese) <= places(english), english)
    assert.notEqual(english, portuguese)
  }
})
