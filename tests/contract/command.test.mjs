// Does a running server see what the command line changes, and does doctor find the faults it should?
import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { run, startServer } from '../lib/server.mjs'
import { until } from './world.mjs'

let server
before(async () => { server = await startServer({ organization: 'Primeira' }) })
after(async () => { await server.stop() })

const organization = (...args) => run(['organization', ...args, '--data', server.data])
const status = async (key) => (await server.request('GET', '/sign/envelope', { key })).status

test('a key made beside the running server works and dies when revoked', async () => {
  const key = organization('key', 'add', '--environment', 'sandbox', '--label', 'test').out.trim()
  assert.equal(await status(key), 200)
  const row = organization('key', 'list').out.split('\n').find((line) => line.endsWith(' test'))
  assert.equal(organization('key', 'revoke', '--key', row.split(' ')[0]).status, 0)
  await until('a refusal', async () => await status(key) === 401, 1000)
  assert.equal(organization('key', 'revoke', '--key', '00').status, 1)
})

test('a second organisation has keys of its own', async () => {
  const made = organization('add', '--name', 'Segunda').out
  assert.equal(await status(/^api_key: (\S+)$/m.exec(made)[1]), 200)
  assert.match(organization('list').out, /Primeira[\s\S]*Segunda/)
})

test('a webhook to a private address is refused, a public one keeps its key to itself', () => {
  const id = organization('list').out.split(' ')[0]
  assert.equal(organization('webhook', 'set', '--organization', id, '--url', 'https://127.0.0.1/x').status, 1)
  const set = organization('webhook', 'set', '--organization', id, '--url', 'https://example.com/x')
  assert.match(set.out, /^whsec_/)
  const shown = organization('webhook', 'show', '--organization', id).out
  assert.doesNotMatch(shown, /whsec_/)
  assert.equal(Buffer.from(/^public_key: whpk_(\S+)$/m.exec(shown)[1], 'base64').length, 32)
})

test('doctor finds nothing in a fresh folder and each fault that was made', () => {
  assert.equal(run(['doctor', '--data', server.data]).status, 0)
  const mail = run(['doctor', '--data', server.data, '--set', 'mail.host=127.0.0.1', '--set', 'mail.port=9'])
  assert.equal(mail.status, 1)
  assert.match(mail.out, /FAULT mail .*mail\.\*/)
  const key = join(server.data, 'keys/webhook.key')
  chmodSync(key, 0o644)
  const open = run(['doctor', '--data', server.data])
  chmodSync(key, 0o600)
  assert.equal(open.status, 1)
  assert.match(open.out, /FAULT permissions .*webhook\.key.*chmod 600/)
})

test('config prints a file that can be read again', () => {
  const printed = run(['config', '--data', server.data, '--set', 'mail.host=smtp.example.com']).out
  assert.match(printed, /^host = smtp\.example\.com$/m)
  writeFileSync(join(server.data, 'chirograph.ini'), printed.split('\n').filter((line) => !line.startsWith(';')).join('\n'))
  assert.match(run(['config', '--data', server.data]).out, /^host = smtp\.example\.com$/m)
})
