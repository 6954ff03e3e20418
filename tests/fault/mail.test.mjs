// Does a mail server that hangs, defers or drops connections delay mail, and nothing but mail?
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { assertSealed, openCrowd, until } from './crowd.mjs'
import { startMoody } from './mailserver.mjs'
import { openJobs } from './store.mjs'

let smtp
let crowd
before(async () => {
  smtp = await startMoody()
  crowd = await openCrowd({
    envelopes: 20,
    signers: 1,
    settings: ['mail.host=127.0.0.1', `mail.port=${smtp.port}`, 'mail.security=plain', 'mail.from=nao-responda@example.com']
  })
  crowd.readMailFrom(smtp)
})
after(async () => {
  await smtp.stop().finally(() => crowd.end())
})

const few = () => crowd.envelopes.slice(0, 3)
const deferred = () => crowd.envelopes.slice(3, 6)
const dropped = () => crowd.envelopes.slice(6, 9)
const hung = () => crowd.envelopes.slice(9)

test('three come as far as the last click while mail works', async () => {
  for (const envelope of few()) {
    await crowd.create(envelope)
    await crowd.invited(envelope.signers[0])
    await crowd.bringTo(envelope.signers[0], 'sign')
  }
})

test('a recipient is deferred, a connection dropped in the middle of a mail', async () => {
  smtp.mood = 'later'
  for (const envelope of deferred()) await crowd.create(envelope)
  await until('three are deferred', () => smtp.counts.deferred === 3)
  smtp.mood = 'drop'
  for (const envelope of dropped()) await crowd.create(envelope)
  await until('three are dropped', () => smtp.counts.dropped === 3)
})

test('the mail server hangs: envelopes are taken, signed, sealed and announced all the same', async () => {
  smtp.mood = 'hang'
  for (const envelope of hung()) await crowd.create(envelope)
  await until('every place for messages hangs', () => smtp.counts.hung >= 8)
  for (const envelope of few()) await crowd.bringTo(envelope.signers[0], 'done')
  for (const { id } of few()) {
    await until(`${id} completed`, async () => (await crowd.call('GET', `/sign/envelope/${id}`, { key: crowd.key })).json.status === 'completed')
    await crowd.receiver.waitFor((request) => JSON.parse(request.body).id === id, 60000)
  }
  assert.equal(smtp.counts.ended, 0, 'not one message had to give up first')
  for (const envelope of few()) assertSealed(await crowd.dossier(envelope), envelope.contract, envelope.id)
})

test('what was hung up on, deferred and dropped arrives later, once', async () => {
  smtp.mood = 'good'
  smtp.dropAll()
  await until('every message has gone', () => openJobs(crowd.data).length === 0)
  const count = (to, pattern) => smtp.mails.filter((mail) => mail.to === to && pattern.test(mail.text)).length
  for (const { signers: [{ email }] } of crowd.envelopes) assert.equal(count(email, /Subject:/), few().some((e) => e.signers[0].email === email) ? 3 : 1, email)
  assert.equal(smtp.mails.length, 3 * 3 + 17)
})
