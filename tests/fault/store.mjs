// What the database file holds, read with sqlite3 beside the server or after it.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { cborDecode } from './cbor.mjs'

export function query (data, sql) {
  const r = spawnSync('sqlite3', ['-readonly', '-json', '-cmd', '.timeout 10000', join(data, 'db/chirograph.db'), sql],
    { encoding: 'utf8', maxBuffer: 1 << 29 })
  if (r.status !== 0) throw new Error(`sqlite3: ${r.stderr}${r.error ?? ''}`)
  return r.stdout.trim() === '' ? [] : JSON.parse(r.stdout)
}

// Jobs that still have something to do, and those that were given up.
export function openJobs (data) {
  return query(data, `select kind, attempt, run_at, dead_at, last_error from job
    where dedupe is null or dedupe not like 'periodic:%'`)
}

export function events (data) {
  return query(data, `select e.id, e.envelope as row, v.external_id as envelope, e.sequence, hex(e.body) as body,
      hex(e.hash) as hash, hex(e.leaf) as leaf, v.version, hex(v.head) as head
    from event e join envelope v on v.id = e.envelope order by e.id`).map((row) => {
    const body = Buffer.from(row.body, 'hex')
    return { ...row, body, hash: Buffer.from(row.hash, 'hex'), leaf: Buffer.from(row.leaf, 'hex'), said: cborDecode(body) }
  })
}

// The chain of every envelope and the one log: no gap, no event twice, every hash names the one before.
export function assertChains (all) {
  const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest()
  const last = new Map()
  all.forEach((event, i) => {
    assert.equal(event.id, i + 1, 'the log has no gap')
    const before = last.get(event.row)
    assert.equal(event.sequence, (before?.sequence ?? event.sequence - 1) + 1, `${event.envelope}: sequence`)
    assert.equal(event.said.sequence, event.sequence)
    assert.equal(event.said.envelope, event.envelope)
    assert.ok(event.hash.equals(sha256(event.body)), `${event.envelope}: hash of ${event.sequence}`)
    assert.ok(event.leaf.equals(sha256(Buffer.from([0]), event.body)), `${event.envelope}: leaf of ${event.sequence}`)
    if (before) assert.ok(event.said.previous.equals(before.hash), `${event.envelope}: chain at ${event.sequence}`)
    last.set(event.row, event)
  })
  for (const event of last.values()) {
    assert.equal(event.head, event.hash.toString('hex').toUpperCase(), `${event.envelope}: head`)
    assert.equal(event.version, all.filter((e) => e.row === event.row).length, `${event.envelope}: version`)
  }
}

const columns = ['original_blob', 'normalised_blob', 'dossier_blob', 'second_blob']

export function blobs (data) {
  const named = query(data, columns.map((c) => `select ${c} as blob from document where ${c} is not null`)
    .concat('select blob from photo').join(' union all ')).map((row) => row.blob)
  const folder = join(data, 'blobs')
  const kept = existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true }).filter((d) => d.isDirectory())
      .flatMap((d) => readdirSync(join(folder, d.name)))
    : []
  return { named, kept }
}
