// Does a command that fails say what is wrong and what to do, in words, never by an error's symbol?
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { initData, run } from '../lib/server.mjs'

const symbols = [...readFileSync(new URL('../../api/errors.def', import.meta.url), 'utf8').matchAll(/^ERR\((\w+),/gm)].map((one) => one[1])
const bare = new RegExp(`(?<![\\w.])(ERR_)?(${symbols.join('|')})(?![\\w.])`)
const good = initData()
const made = [good]
after(() => made.forEach((one) => rmSync(one, { recursive: true, force: true })))

function broken (breakIt) {
  const data = `${good}-${made.length}`
  made.push(data)
  cpSync(good, data, { recursive: true })
  breakIt((name) => join(data, name), data)
  return data
}
const sql = (file, text) => execFileSync('sqlite3', [file, text])

const cases = [
  ['an incident that is not there', ['incidents', '--id', 'none'], /list command/],
  ['a message that is not there', ['outbox', '--show', 'none.eml'], /list command/],
  ['a job that is not there', ['jobs', 'retry', '--job', '99'], /list command/],
  ['a key that is not there', ['organization', 'key', 'revoke', '--key', 'AAAA'], /the list/],
  ['an organisation that is not there', ['organization', 'show', '--organization', 'none'], /chirograph organization list/],
  ['several organisations', ['organization', 'show'], /chirograph organization list/, (at, data) => run(['organization', 'add', '--name', 'Other', '--data', data])],
  ['an organisation without a name', ['organization', 'add'], /--name/],
  ['an environment of no kind', ['organization', 'key', 'add', '--environment', 'moon'], /production or sandbox/],
  ['a database that is none', ['jobs', 'list'], /restore the backup/, (at) => writeFileSync(at('db/chirograph.db'), 'x'.repeat(8192))],
  ['a newer database', ['organization', 'list'], /newer version/, (at) => sql(at('db/chirograph.db'), "insert into schema_migration select max(number) + 1, 'later', checksum, applied_at from schema_migration")],
  ['a changed database', ['organization', 'list'], /restore a backup/, (at) => sql(at('db/chirograph.db'), "update schema_migration set checksum = zeroblob(length(checksum)) where number = 1")],
  ['no root key', ['organization', 'add', '--name', 'Another'], /restore it from its own backup/, (at) => rmSync(at('keys/root.key'))],
  ['a key file open to others', ['keys', 'list'], /chmod 600/, (at) => chmodSync(at('keys/webhook.key'), 0o644)],
  ['doctor without keys', ['doctor'], /restore keys\/ from its backup/, (at) => rmSync(at('keys/root.key'))],
  ['a backup to where nothing can be', ['backup', '--to', '/dev/null/x'], /--to must be a folder/]
]

for (const [what, args, step, breakIt = () => {}] of cases) {
  test(what, () => {
    const data = broken(breakIt)
    const r = run([...args, '--data', data])
    const said = r.out + r.err.split('\n').filter((line) => !line.startsWith('ts=')).join('\n')
    assert.doesNotMatch(said, bare)
    assert.notEqual(r.status, 0, said)
    assert.match(r.out + r.err, step)
  })
}
