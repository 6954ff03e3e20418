// What the contract tests share: two organisations on one real server, envelopes as small as the contract allows,
// files made by hand, the signer's way through the same JSON that the pages use, and a look into the store.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run, startServer } from '../lib/server.mjs'

const DAY = 86400000
// 8 × 8 grey pixels, from Ghostscript, without its colour profile.
const SMALL_JPEG = [
  '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAFA3PEY8MlBGQUZaVVBfeMiCeG5uePWvuZHI//////////////////////////////////////////',
  '//////////wAALCAAIAAgBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIh',
  'MUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhI',
  'WGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/ALtf',
  '/9k='
].join('')

export const until = async (what, ask, most = 60000) => {
  for (const end = Date.now() + most; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const found = await ask()
    if (found) return found
  }
  throw new Error(`in vain: ${what}`)
}

/** A PDF of one page, written by hand; `size` pads it with a comment to exactly that many bytes. */
export function pdf (text = 'Contrato', size = 0) {
  const stream = `BT /F1 24 Tf 72 720 Td (${text}) Tj ET`
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 4 0 R >> >> /Contents 5 0 R >>',
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`
  ]
  const build = (padding) => {
    const starts = []
    let body = '%PDF-1.7\n'
    if (padding > 0) body += `%${'x'.repeat(padding - 2)}\n`
    objects.forEach((object, i) => {
      starts.push(body.length)
      body += `${i + 1} 0 obj\n${object}\nendobj\n`
    })
    const rows = starts.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')
    return `${body}xref\n0 6\n0000000000 65535 f \n${rows}trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n${body.length}\n%%EOF\n`
  }
  let padding = 0
  let made = build(0)
  while (size > 0 && made.length !== size) {
    padding += size - made.length
    made = build(padding)
  }
  return Buffer.from(made, 'latin1')
}

/** A JPEG of 8 × 8 grey pixels; `size` lengthens it by comment segments (after SOI) to exactly that many bytes. */
export function jpeg (size = 0, mark = 0) {
  const small = Buffer.from(SMALL_JPEG, 'base64')
  const pieces = [small.subarray(0, 2)]
  if (mark) pieces.push(Buffer.from([0xff, 0xfe, 0, 3, mark]))
  let left = size - small.length - (mark ? 5 : 0)
  while (left > 0) {
    let piece = Math.min(left, 65000)
    if (left - piece > 0 && left - piece < 4) piece -= 4
    const comment = Buffer.alloc(piece, 0x20)
    comment.writeUInt16BE(0xfffe, 0)
    comment.writeUInt16BE(piece - 2, 2)
    pieces.push(comment)
    left -= piece
  }
  return Buffer.concat([...pieces, small.subarray(2)])
}

export const b64 = (bytes) => bytes.toString('base64')
export const day = (days, from = Date.now()) => new Date(from + days * DAY).toISOString().slice(0, 10)

export const signer = (id = '1', more = {}) => ({
  id, name: 'Maria José da Conceição', email: `signer.${id}@example.com`, birthdate: '1992-09-15',
  document_number: '529.982.247-25', phone: { international_dial_code: '55', area_code: '11', number: '988878722' },
  document_submission_method: 'email', authentication_submission_method: 'email', ...more
})
export const envelope = (more = {}) => ({ subject: 'Contrato de teste', expiration_date: day(30), signers: [signer()], ...more })
export const document = (more = {}) => ({ id: 'd1', name: 'Laudo', document_type: 'pdf', document_b64: b64(pdf()), ...more })
export const photo = (template = 'cnh_front', more = {}) => ({ document_b64: b64(jpeg()), template, ...more })

export function multipart (parts) {
  const boundary = 'chirograph-test-boundary'
  const pieces = []
  for (const [name, value] of Object.entries(parts)) {
    const file = Buffer.isBuffer(value) ? '; filename="file.bin"\r\nContent-Type: application/octet-stream' : ''
    pieces.push(Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`), Buffer.from(value), Buffer.from('\r\n'))
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`))
  return { body: Buffer.concat(pieces), headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` } }
}

/** Rows of every table that holds an organisation's data, and every blob: what a refused request must not change. */
export function holdings (data) {
  const file = join(data, 'db', readdirSync(join(data, 'db')).find((name) => /\.(db|sqlite3?)$/.test(name)))
  const sql = (text) => execFileSync('sqlite3', ['-batch', `file:${file}?mode=ro`, text], { encoding: 'utf8' }).trim()
  const tables = sql('SELECT name FROM sqlite_master WHERE type = \'table\' AND name NOT LIKE \'sqlite_%\' ORDER BY name').split('\n')
  const kept = tables.filter((name) => !['schema_migration', 'migration', 'job'].includes(name))
  const rows = Object.fromEntries(kept.map((name) => [name, Number(sql(`SELECT count(*) FROM ${name}`))]))
  rows.job = Number(sql('SELECT count(*) FROM job WHERE organisation IS NOT NULL'))
  const blobs = readdirSync(join(data, 'blobs'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => entry.name).sort()
  return { rows, blobs }
}

const decodePart = (part) => {
  const [head, ...rest] = part.split(/\r?\n\r?\n/)
  const body = rest.join('\n\n')
  if (/base64/i.test(head)) return Buffer.from(body, 'base64').toString('utf8')
  if (!/quoted-printable/i.test(head)) return body
  return Buffer.from(body.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1').toString('utf8')
}

/** Opens a server with a second organisation `other`; a build with seams can move its clock with `later`. */
export async function openWorld (options = {}) {
  const root = mkdtempSync(join(tmpdir(), 'chirograph-contract-'))
  const clock = join(root, 'clock')
  writeFileSync(clock, Buffer.alloc(8))
  const settings = [...options.settings ?? [], ...options.setup?.(root) ?? []]
  const server = await startServer({ ...options, settings, env: { ...options.env, CHIROGRAPH_TEST_CLOCK: clock } })
  const added = run(['organization', 'add', '--data', server.data, '--name', 'Outra Ltda'])
  assert.equal(added.status, 0, added.err)
  const line = (name) => new RegExp(`^${name}: (\\S+)$`, 'm').exec(added.out)[1]
  return new World(server, { root, clock, other: { id: line('organization_id'), api_key: line('api_key'), sandbox_api_key: line('sandbox_api_key') } })
}

class World {
  constructor (server, more) {
    Object.assign(this, { server, ...more, key: server.keys.sandbox_api_key, production: server.keys.api_key, offset: 0 })
  }

  /** One call with the sandbox key, unless another (or null: none) is given. */
  call (method, path, options = {}) {
    const key = options.key === undefined ? this.key : options.key ?? undefined
    return this.server.request(method, path, { ...options, key })
  }

  async ok (method, path, options) {
    const answer = await this.call(method, path, options)
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.body}`)
    return answer.json
  }

  /** Documents go in with the envelope; state: created, submitted, canceled, signing, completed, expired. */
  async make (state = 'created', more = {}) {
    const documents = [document()]
    const { id } = await this.ok('POST', '/sign/envelope', { key: more.key, json: envelope({ documents, ...more.json, ...(state === 'created' ? {} : { status: 'submitted' }) }) })
    if (state === 'canceled') await this.ok('PATCH', `/sign/envelope/${id}`, { key: more.key, json: { status: 'canceled' } })
    if (state === 'completed') {
      await this.sign(id, undefined, more)
      await this.completed(id, more.key)
    }
    return id
  }

  completed (id, key) {
    return until(`${id} completed`, async () => (await this.ok('GET', `/sign/envelope/${id}`, { key })).status === 'completed')
  }

  async page (id, signer = '1', key) {
    const found = await this.ok('GET', `/sign/envelope/${id}`, { key })
    return new URL(found.signers.find((one) => one.id === signer).signature_url).pathname
  }

  async step (page, name, json = {}) {
    const answer = await this.server.request('POST', `${page}/${name}`, { json })
    assert.equal(answer.status, 200, `${name}: ${answer.body}`)
    return answer.json
  }

  async sign (id, signer = '1', { key, cpf = '529.982.247-25' } = {}) {
    const page = await this.page(id, signer, key)
    const { documents } = await this.ok('GET', `/sign/envelope/${id}`, { key })
    await this.step(page, 'open')
    await this.step(page, 'cpf', { cpf })
    for (const index of documents.keys()) await this.step(page, 'read', { document: index, pages: 1, duration_ms: 1000 })
    const before = new Set(this.outbox())
    await this.step(page, 'code')
    const code = await this.message(/\b(\d{6})\b/, before, `-code-${signer}.`)
    const { consent } = await this.step(page, 'code/check', { code })
    return this.step(page, 'sign', { consent_sha256: consent.sha256, kind: 'typed', text: 'Assinado' })
  }

  outbox () {
    try { return readdirSync(join(this.server.data, 'outbox')).sort() } catch { return [] }
  }

  /** First group of the pattern in a message that was not there before. */
  message (pattern, before = new Set(), part = '') {
    return until(`a message with ${pattern}`, () => {
      for (const name of this.outbox().filter((one) => !before.has(one) && !one.startsWith('.') && one.includes(part))) {
        const text = readFileSync(join(this.server.data, 'outbox', name), 'utf8')
        const found = text.split(/\r?\n--/).map(decodePart).join('\n').match(pattern)
        if (found) return found[1]
      }
      return undefined
    })
  }

  /** Moves the server's clock forward; false where the build has no seam for it. */
  async later (ms) {
    this.offset += ms
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(BigInt(this.offset))
    writeFileSync(this.clock, bytes, { flag: 'r+' }) // never shorter: the server has it mapped
    const { headers } = await this.server.request('GET', '/health')
    return Date.parse(headers.date) > Date.now() + this.offset - 3600000
  }

  holdings () { return holdings(this.server.data) }

  async close () {
    await this.server.stop()
    rmSync(this.root, { recursive: true, force: true })
  }
}
