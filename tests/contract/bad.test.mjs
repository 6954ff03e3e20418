// Is every wrong request refused with exactly the status, code and field that the contract says, and does the store
// hold nothing of it afterwards?
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { rows } from './bad.mjs'
import { openWorld, signer } from './world.mjs'

const titles = { 400: 'Bad Request', 401: 'Unauthorized', 404: 'Not Found', 405: 'Method Not Allowed', 406: 'Not Acceptable', 409: 'Conflict', 417: 'Expectation Failed', 501: 'Not Implemented' }
const english = /\b(the|an|of|is|are|it|its|must|be|has|have|with|from|and|or|to|more|than|most|send|choose|another|expected|appears|twice|only|first|line|column|reason|tries|left|string|list|characters|object|levels|values)\b/i
const numbers = (text) => text.match(/\d+/g) ?? []
let world
let ids

before(async () => {
  world = await openWorld()
  ids = { created: await world.make(), submitted: await world.make('submitted'), canceled: await world.make('canceled') }
  const sms = { signers: [signer('1', { document_submission_method: 'sms' })] }
  ids.sms = await world.make('created', { key: world.production, json: sms })
})
after(async () => { await world.close() })

const fill = (text) => text.replace(/\{(\w+)\}/g, (all, name) => ids[name] ?? all)

function keyOf (name) {
  if (name === undefined || name === null) return name
  if (name === 'production') return world.production
  const own = world.key
  const asProduction = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(own, 'base64url')), sandbox: undefined })).toString('base64url')
  return name.replace('{key}', own).replace('{key-changed}', own.slice(0, -3) + (own.at(-3) === 'A' ? 'B' : 'A') + own.slice(-2)).replace('{key-as-production}', asProduction)
}

function send ({ method, path, request }) {
  const headers = Object.fromEntries(Object.entries(request.headers ?? {}).map(([name, value]) => [name, Array.isArray(value) ? value.map(keyOf) : value]))
  const json = request.json && JSON.parse(fill(JSON.stringify(request.json)))
  return world.call(method, fill(path), { ...request, json, headers, key: keyOf(request.key) })
}

test(`${rows.length} wrong requests leave nothing behind`, async (t) => {
  assert.ok(rows.length >= 150)
  assert.equal(new Set(rows.map((row) => row.name)).size, rows.length, 'names are unique')
  const was = world.holdings()
  for (const row of rows) {
    await t.test(row.name, async () => {
      const answer = await send(row)
      const said = `${answer.status} ${answer.body}`
      assert.equal(answer.status, row.status, said)
      assert.equal(answer.headers['content-type'], 'application/json', said)
      assert.equal(answer.headers['cache-control'], 'no-store', said)
      assert.equal(answer.json.code, row.code, said)
      assert.equal(answer.json.field, row.field, said)
      assert.equal(answer.json.title, titles[row.status], said)
      for (const name of ['description', 'translation']) assert.match(answer.json[name], /^\P{C}+$/u, said)
      assert.doesNotMatch(said, /\{field\}|\{detail\}/)
      assert.doesNotMatch(answer.json.translation, english, said)
      // What is not English in the detail, such as limits, is told in both.
      assert.deepEqual(numbers(answer.json.translation), numbers(answer.json.description.replace(/(column \d+): .*/, '$1')), said)
      if (row.status === 405) assert.match(answer.headers.allow, /^[A-Z]+(, [A-Z]+)*$/)
    })
  }
  assert.deepEqual(world.holdings(), was)
  assert.equal(was.rows.incident, 0)
})
