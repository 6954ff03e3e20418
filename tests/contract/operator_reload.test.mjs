// After a SIGHUP, do messages go by what the files say now, and do mistakes in them leave the server as it was?
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { makeContracts, pause, until } from '../fault/crowd.mjs'
import { putSecret } from '../lib/pki.mjs'
import { initData, startServer } from '../lib/server.mjs'
import { startSmtp } from '../lib/smtp.mjs'

const folder = mkdtempSync(join(tmpdir(), 'chirograph-reload-'))
const password = join(folder, 'password')
const contract = makeContracts(1)[0]
let smtp, server, data, count = 0
const ini = (mail, rest = '') => writeFileSync(join(data, 'chirograph.ini'), `[mail]\n${mail}\n${rest}`)
const account = () => `host = localhost\nport = ${smtp.port}\nuser = ${smtp.user}\npassword_file = ${password}\nca_file = ${smtp.ca.caFile}\nfrom = sign@example.com`

before(async () => {
  smtp = await startSmtp()
  data = initData()
  putSecret(password, 'wrong\n')
  ini(account())
  server = await startServer({ data })
})
after(async () => {
  await server.stop()
  await smtp.stop()
  for (const dir of [folder, data]) rmSync(dir, { recursive: true, force: true })
})

async function reload () {
  const times = () => server.log().split('certificates read again').length
  const was = times()
  server.signal('SIGHUP')
  await until('SIGHUP', () => times() > was)
}

async function invite () {
  const email = `ana.${++count}@example.com`
  const reply = await server.request('POST', '/sign/envelope', {
    key: server.keys.api_key,
    json: { subject: 'x', expiration_date: `${new Date().getUTCFullYear() + 1}-12-31`, status: 'submitted',
      signers: [{ id: '1', name: 'Ana', email, birthdate: '1990-01-31', document_number: '529.982.247-25', document_submission_method: 'email', authentication_submission_method: 'email' }],
      documents: [{ id: 'd', name: 'x.pdf', document_type: 'pdf', document_b64: contract.toString('base64') }] }
  })
  assert.equal(reply.status, 201, reply.body.toString())
  return email
}

const arrives = (email) => smtp.waitFor((mail) => mail.to[0] === email)
const inOutbox = () => readdirSync(join(data, 'outbox')).filter((name) => /^[^.].*\.eml$/.test(name)).length

test('a mail password that was wrong is read again', async () => {
  await invite()
  await until('the server said no', () => /kind=mail done=0|kind=message .*(535|auth|login)/i.test(server.log()))
  assert.equal(smtp.mails.length, 0)
  putSecret(password, `${smtp.password}\n`)
  await reload()
  await arrives(await invite())
})

test('a mistake in the configuration leaves everything as it was, and is named', async () => {
  ini(account().replace('host', 'hots'))
  await reload()
  assert.match(server.log(), /configuration is not read again.*mail\.host/)
  await arrives(await invite())
})

test('a secret file that is away leaves everything as it was, and is named', async () => {
  ini(account())
  rmSync(password)
  await reload()
  assert.match(server.log(), /cannot be read.*key=mail\.password_file/)
  await arrives(await invite())
})

test('no mail server any more: messages go to the outbox; what waits for a restart is named', async () => {
  assert.equal(inOutbox(), 0)
  ini('', '[server]\nworkers = 3\n[seal]\npkcs12_file = /nowhere\n')
  await reload()
  for (const key of ['server.workers', 'seal.pkcs12_file']) assert.match(server.log(), new RegExp(`waits for a restart" key=${key}`))
  await invite()
  await until('a message in the outbox', () => inOutbox() > 0)
})

test('a front that is started again has the new settings too', async () => {
  putSecret(password, `${smtp.password}\n`)
  ini(account())
  await reload()
  await server.kill('front')
  server.agent.destroy()
  for (let i = 0; ; i++) {
    try {
      await arrives(await invite())
      break
    } catch (error) {
      if (i === 50 || error.code === 'ERR_ASSERTION') throw error
      await pause(100)
    }
  }
})

test('ten signals in a row do no harm', async () => {
  for (let i = 0; i < 10; i++) server.signal('SIGHUP')
  await reload()
  await arrives(await invite())
})
