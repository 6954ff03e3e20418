// Many envelopes, their signers and a partner's program on one real server. A patient crowd does what real
// clients do when a connection breaks or the server asks to come back: a write of the partner is repeated
// with its Idempotency-Key, a signer's page asks for its state again and goes on from there.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chownSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { startReceiver } from '../lib/receiver.mjs'
import { initData, program, run, startServer } from '../lib/server.mjs'

const contractTool = join(dirname(program), 'tools/contract')
const patience = 400 // tries of one step, each after a pause: minutes

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

export async function until (what, ask, tries = 6000) {
  for (let i = 0; i < tries; i++) {
    const found = await ask()
    if (found) return found
    await pause(100)
  }
  throw new Error(`in vain: ${what}`)
}

// At most so many of the tasks at a time.
export async function inParallel (most, items, task) {
  const queue = items.entries()
  const results = []
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, async () => {
    for (const [i, item] of queue) results[i] = await task(item, i)
  }))
  return results
}

function cpf (number) {
  const digits = String(100000000 + number).split('').map(Number)
  for (let length = 9; length < 11; length++) {
    const sum = digits.reduce((all, digit, i) => all + digit * (length + 1 - i), 0)
    digits.push(sum * 10 % 11 % 10)
  }
  return digits.join('')
}

function decodeParts (raw) {
  return raw.split(/\r?\n--/).map((part) => {
    const [head, ...rest] = part.split(/\r?\n\r?\n/)
    const body = rest.join('\n\n')
    if (/base64/i.test(head)) return Buffer.from(body, 'base64').toString('utf8')
    if (!/quoted-printable/i.test(head)) return body
    const bytes = body.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)))
    return Buffer.from(bytes, 'latin1').toString('utf8')
  }).join('\n')
}

export function makeContracts (count) {
  const folder = mkdtempSync(join(tmpdir(), 'chirograph-contracts-'))
  const made = Array.from({ length: count }, (_, i) => {
    const text = join(folder, `${i}.txt`)
    const pdf = join(folder, `${i}.pdf`)
    writeFileSync(text, `Contrato ${i}\n\nAs partes assinam o contrato de número ${i}.\n`)
    const r = spawnSync(contractTool, [text, pdf], { encoding: 'utf8' })
    assert.equal(r.status, 0, `${contractTool}: ${r.stderr ?? r.error}`)
    return readFileSync(pdf)
  })
  rmSync(folder, { recursive: true })
  return made
}

export async function openCrowd ({ envelopes = 100, signers = 3, settings = [], webhook, isPatient = false, data = initData('Multidão Ltda') } = {}) {
  const receiver = await startReceiver(webhook)
  writeFileSync(join(data, 'receiver.pem'), receiver.ca.ca)
  chownSync(join(data, 'receiver.pem'), statSync(data).uid, statSync(data).gid)
  const set = run(['organization', 'webhook', 'set', '--data', data, '--url', receiver.url, '--allow', '127.0.0.1'])
  assert.equal(set.status, 0, set.err)
  const crowd = new Crowd({ data, receiver, isPatient, settings: [`webhook.ca_file=${join(data, 'receiver.pem')}`, ...settings] })
  crowd.people(envelopes, signers)
  await crowd.start()
  return crowd
}

class Crowd {
  constructor (given) {
    Object.assign(this, given)
    this.listen = '127.0.0.1:0'
    this.calls = 0
    this.lost = 0 // calls that got no answer, or the answer to come back
    this.logs = []
  }

  people (envelopes, signers) {
    const contracts = makeContracts(envelopes)
    this.envelopes = contracts.map((contract, i) => ({
      id: `envelope-${i}`,
      contract,
      signers: Array.from({ length: signers }, (_, s) => ({
        id: `p${i}x${s}`, name: `Pessoa ${i} ${s}`, email: `pessoa.${i}.${s}@example.com`, cpf: cpf(i * 1000 + s), acknowledged: [], jar: new Map()
      }))
    }))
    this.signers = this.envelopes.flatMap((envelope) => envelope.signers)
  }

  async start () {
    this.server = await startServer({ data: this.data, listen: this.listen, settings: this.settings })
    this.listen = new URL(this.server.url).host
    this.agent?.destroy()
    this.agent = new https.Agent({ ca: this.server.ca, keepAlive: true, maxSockets: 400 })
  }

  async stop () {
    this.agent.destroy()
    this.logs.push(this.server.log())
    return this.server.stop()
  }

  async close () {
    await this.receiver.stop()
    rmSync(this.data, { recursive: true, force: true })
  }

  // Both, whatever the first finds: a receiver left listening would keep the file from ending.
  async end () {
    try {
      return await this.stop()
    } finally {
      await this.close()
    }
  }

  once (method, path, options) {
    this.calls++
    return this.exchange(method, path, options)
  }

  exchange (method, path, { key, json, headers = {}, jar } = {}) {
    const body = json && JSON.stringify(json)
    const cookies = [...jar ?? []].map((pair) => pair.join('=')).join('; ')
    const all = { ...headers, ...(cookies && { Cookie: cookies }), ...(key && { Authorization: key }), ...(body && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }) }
    return new Promise((resolve, reject) => {
      const req = https.request(`https://${this.listen}${path}`, { method, headers: all, agent: this.agent, timeout: 60000 }, (res) => {
        for (const cookie of jar ? res.headers['set-cookie'] ?? [] : []) jar.set(...cookie.split(';')[0].split('='))
        const pieces = []
        res.on('data', (piece) => pieces.push(piece)).on('error', reject).on('end', () => {
          const bytes = Buffer.concat(pieces)
          let parsed
          try { parsed = JSON.parse(bytes) } catch { /* not JSON */ }
          if (!res.complete) reject(new Error('cut short'))
          else resolve({ status: res.statusCode, headers: res.headers, body: bytes, json: parsed })
        })
      })
      req.on('timeout', () => req.destroy(new Error('no answer')))
      req.on('error', reject)
      req.end(body)
    })
  }

  // An answer, or undefined when a patient client should come back.
  async attempt (...args) {
    let answer
    try {
      answer = await this.once(...args)
    } catch (error) {
      if (!this.isPatient) throw error
      this.lost++
      return undefined
    }
    if (this.isPatient && answer.status === 503) {
      this.lost++
      return undefined
    }
    return answer
  }

  // Again and again until there is an answer: for what may be repeated.
  async call (...args) {
    for (let i = 0; i < patience; i++) {
      const answer = await this.attempt(...args)
      if (answer) return answer
      await pause(100 + 10 * Math.min(i, 40))
    }
    throw new Error(`no answer: ${args[0]} ${args[1]}`)
  }

  creation (envelope) {
    return {
      id: envelope.id,
      subject: `Contrato ${envelope.id}`,
      expiration_date: `${new Date().getUTCFullYear() + 1}-12-31`,
      status: 'submitted',
      signers: envelope.signers.map(({ id, name, email, cpf }) => ({
        id, name, email, birthdate: '1990-01-31', document_number: cpf, document_submission_method: 'email', authentication_submission_method: 'email'
      })),
      documents: [{ id: 'd0', name: 'contrato.pdf', document_type: 'pdf', document_b64: envelope.contract.toString('base64') }]
    }
  }

  async create (envelope) {
    const json = this.creation(envelope)
    const answer = await this.call('POST', '/sign/envelope', { key: this.key, json, headers: { 'Idempotency-Key': `create-${envelope.id}` } })
    assert.equal(answer.status, 201, answer.body.toString())
    assert.deepEqual(answer.json, { id: envelope.id, status: 'submitted' })
    envelope.isAcknowledged = true
  }

  get key () { return this.server.keys.api_key }

  // From here on mails are read where a server took them instead of in the outbox.
  readMailFrom (smtp) {
    const patterns = { invite: /\/s\/[\w-]+/, code: /\b\d{6}\b/ }
    this.messages = (purpose, signer) => smtp.mails.filter((mail) => mail.to === signer.email)
      .map((mail) => decodeParts(mail.text.replaceAll('\n', '\r\n')).replace(/^(?:[\w-]+:.*\r?\n(?:[ \t].*\r?\n)*)+/gm, ''))
      .filter((text) => patterns[purpose].test(text) && (purpose === 'invite' || !patterns.invite.test(text)))
  }

  // The messages of one kind to one signer, as they lie in the outbox.
  messages (purpose, signer) {
    const folder = join(this.data, 'outbox')
    mkdirSync(folder, { recursive: true })
    return readdirSync(folder).filter((name) => !name.startsWith('.') && name.includes(`-${purpose}-${signer.id}.`))
      .map((name) => decodeParts(readFileSync(join(folder, name), 'utf8')))
  }

  async invited (signer) {
    const [mail] = await until(`the invitation of ${signer.id}`, () => { const all = this.messages('invite', signer); return all.length && all })
    signer.link = mail.match(/\/s\/[\w-]+/)[0]
  }

  async code (signer) {
    const [mail] = await until(`the code of ${signer.id}`, () => { const all = this.messages('code', signer); return all.length && all })
    return mail.match(/\b(\d{6})\b/)[1]
  }

  async request (signer, state) {
    switch (state.step) {
      case 'open': return ['open', {}]
      case 'cpf': return ['cpf', { cpf: signer.cpf }]
      case 'read': return ['read', { document: 0, pages: 1, duration_ms: 1000 }]
      case 'code': return state.code.sent_at ? ['code/check', { code: await this.code(signer) }] : ['code', {}]
      case 'sign': return ['sign', { consent_sha256: state.consent.sha256, kind: 'typed', text: signer.name }]
    }
    throw new Error(`${signer.id} is at ${state.step}`)
  }

  // One step; after an answer that never came the page asks where it stands.
  async step (signer, state) {
    const [step, json] = await this.request(signer, state)
    const answer = await this.attempt('POST', `${signer.link}/${step}`, { json, jar: signer.jar })
    if (!answer) return this.state(signer)
    assert.equal(answer.status, 200, `${signer.id} ${step}: ${answer.body}`)
    signer.acknowledged.push(step)
    return answer.json
  }

  async state (signer) {
    const answer = await this.call('GET', `${signer.link}/state`, { jar: signer.jar })
    assert.equal(answer.status, 200, `${signer.id}: ${answer.body}`)
    return answer.json
  }

  async bringTo (signer, wanted) {
    signer.state ??= await this.state(signer)
    for (let i = 0; signer.state.step !== wanted; i++) {
      assert.ok(i < patience, `${signer.id} is stuck at ${signer.state.step}`)
      if (i > 8) await pause(100)
      signer.state = await this.step(signer, signer.state)
    }
  }

  // Everybody but the last click.
  async prepare (parallel = 16) {
    await inParallel(parallel, this.envelopes, (envelope) => this.create(envelope))
    await inParallel(parallel, this.signers, async (signer) => {
      await this.invited(signer)
      await this.bringTo(signer, 'sign')
    })
  }

  async lastClicks () {
    await Promise.all(this.signers.map((signer) => this.bringTo(signer, 'done')))
  }

  async completed () {
    await inParallel(8, this.envelopes, (envelope) => until(`${envelope.id} completed`, async () => {
      const answer = await this.call('GET', `/sign/envelope/${envelope.id}`, { key: this.key })
      assert.equal(answer.status, 200, answer.body.toString())
      return answer.json.status === 'completed' && (envelope.view = answer.json)
    }))
  }

  async dossier (envelope) {
    const report = await this.call('GET', `/sign/envelope/${envelope.id}/report`, { key: this.key })
    assert.equal(report.json.status, 'available')
    const answer = await this.call('GET', new URL(report.json.documents_reports[0].url).pathname)
    assert.equal(answer.status, 200)
    return answer.body
  }

  // Lines that no fault from outside excuses.
  assertLogIsClean () {
    const lines = this.logs.join('').split('\n').filter((line) => /incident=|result=buried|killed by its sandbox|malformed frame|signal=11|signal=6/.test(line))
    assert.deepEqual(lines, [])
  }

  webhooks () {
    const byEnvelope = new Map(this.envelopes.map(({ id }) => [id, []]))
    for (const request of this.receiver.requests) {
      const body = JSON.parse(request.body)
      assert.equal(body.webhook_type, 'envelope_completed')
      byEnvelope.get(body.id).push(request.headers['webhook-id'])
    }
    return byEnvelope
  }
}

// A verifier that is not ours.
export function assertSealed (dossier, contract, what) {
  assert.ok(dossier.length > contract.length && dossier.subarray(0, contract.length).equals(contract), `${what}: begins with the original`)
  const file = join(mkdtempSync(join(tmpdir(), 'chirograph-dossier-')), 'dossier.pdf')
  writeFileSync(file, dossier)
  const r = spawnSync('pdfsig', ['-nocert', '-no-ocsp', file], { encoding: 'utf8' })
  rmSync(dirname(file), { recursive: true })
  assert.match(r.stdout, /Signature is Valid/, `${what}: ${r.stdout}${r.stderr}`)
  assert.match(r.stdout, /Total document signed/, what)
}
