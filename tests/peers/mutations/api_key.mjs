// The api-key scheme: nothing is signed, so everything but the key may change, and not one bit of the key may.
import { randomBytes, randomUUID } from 'node:crypto'
import { bodyText, commonRows, replaced, withHeader } from './common.mjs'

const BAD = '401 SGN401002'
const NONE = '401 SGN401001'
const TARGETS = { read: ['GET', '/sign/envelope?page=1&limit=5'], write: ['POST', '/sign/envelope'], echo: ['POST', '/test'], ping: ['GET', '/test'] }

export function apiKeyKit ({ partner, envelope, ...more }) {
  const kit = {
    scheme: 'api-key',
    partner,
    key: partner.key.text,
    ...more,
    HEADERS: ['Authorization'],
    TELLING: ['Authorization'],
    isSigned: (answer, made) => made.method === 'POST' && answer.status < 300,
    checker: () => partner,
    bad: () => 'ok',
    gone: () => NONE,
    joined: () => BAD,
    odd: () => BAD,
    make ({ base = 'write', body, key = partner.key.text } = {}) {
      const [method, target] = base === 'one' ? ['GET', `/sign/envelope/${envelope}`] : TARGETS[base]
      const text = body ?? (method === 'POST' ? (base === 'echo' ? JSON.stringify({ a: randomUUID() }) : bodyText()) : '')
      return { method, target, headers: [['Authorization', key]], body: Buffer.from(text) }
    }
  }
  return kit
}

export function * apiKeyRows (kit) {
  // URLs and bodies are nobody's promise here: only the families about headers and keys have a verdict.
  for (const row of commonRows({ ...kit, badBody: 'x' })) if (row.family === 'headers' || row.family === 'two schemes') yield row
  const row = (family, name, key, want = BAD) => ({ family, name, make: () => replaced(kit.make(), 'Authorization', key), want })
  for (let at = 0; at < kit.key.length; at++) {
    const other = (c, by) => { const all = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'; return all[(all.indexOf(c) + by) % 64] }
    for (const by of [1, 2, 32]) yield row('a letter of the key', `letter ${at}, ${by} further`, (v) => v.slice(0, at) + other(v[at], by) + v.slice(at + 1))
    yield row('a letter of the key', `letter ${at} left out`, (v) => v.slice(0, at) + v.slice(at + 1))
  }
  const object = (change) => (text) => Buffer.from(JSON.stringify(change(JSON.parse(Buffer.from(text, 'base64url'))))).toString('base64url')
  yield row('key', 'as it is', (v) => v, 'ok')
  yield row('key', 'revoked', () => kit.revokedKey)
  yield row('key', 'of another scheme', () => kit.signKey, '401 SGN401003')
  yield row('key', 'of another organisation', () => kit.foreignKey, 'ok')
  for (const word of ['Bearer', 'Basic', 'QIT', 'Token', 'ApiKey']) yield row('key', `${word} in front`, (v) => `${word} ${v}`, word === 'QIT' ? '400 GDF000003' : BAD)
  yield row('key', 'as Basic user', (v) => `Basic ${Buffer.from(`${v}:`).toString('base64')}`)
  yield row('key', 'padded', (v) => `${v}=`)
  yield row('key', 'padded twice', (v) => `${v}==`)
  yield row('key', 'twice', (v) => v + v)
  yield row('key', 'in upper case', (v) => v.toUpperCase())
  yield row('key', 'in lower case', (v) => v.toLowerCase())
  yield row('key', 'a letter more', (v) => `${v}A`)
  yield row('key', 'a dot behind', (v) => `${v}.`)
  yield row('key', 'as a JWT, without API-CLIENT-KEY', (v) => `${v}.${v}.x`, '400 GDF000003')
  yield row('key', 'with one dot', (v) => `${v}.x`)
  yield row('key', 'its JSON', (v) => Buffer.from(v, 'base64url').toString())
  yield row('key', 'base64 of the key', (v) => Buffer.from(v).toString('base64url'))
  yield row('key', 'no sandbox', object(({ sandbox, ...rest }) => rest))
  yield row('key', 'sandbox false', object((o) => ({ ...o, sandbox: false })))
  yield row('key', 'sandbox null', object((o) => ({ ...o, sandbox: null })))
  yield row('key', 'sandbox as text', object((o) => ({ ...o, sandbox: 'true' })))
  yield row('key', 'another secret', object((o) => ({ ...o, key: randomBytes(32).toString('base64url') })))
  yield row('key', 'an empty secret', object((o) => ({ ...o, key: '' })))
  yield row('key', 'a secret of zeros', object((o) => ({ ...o, key: Buffer.alloc(32).toString('base64url') })))
  yield row('key', 'no secret', object(({ key, ...rest }) => rest))
  yield row('key', 'another id', object((o) => ({ ...o, key_id: randomBytes(10).toString('base64url') })))
  yield row('key', 'no id', object(({ key_id: id, ...rest }) => rest))
  yield row('key', 'the id alone', (v) => JSON.parse(Buffer.from(v, 'base64url')).key_id)
  yield row('key', 'members in another order', object(({ key_id: id, key, ...rest }) => ({ key, key_id: id, ...rest })))
  yield row('key', 'a member more', object((o) => ({ ...o, admin: true })))
  yield row('key', 'an array', object((o) => [o]))
  yield row('key', '{}', () => Buffer.from('{}').toString('base64url'))
  yield row('key', 'null', () => Buffer.from('null').toString('base64url'))
  yield row('key', 'a member twice', (v) => Buffer.from(Buffer.from(v, 'base64url').toString().replace('{', '{"key_id":"x",')).toString('base64url'))
  yield row('key', '5,000 letters', () => 'A'.repeat(5000))
  yield row('key', 'SQL', () => "' OR 1=1 --")
  yield { family: 'key', name: 'in x-api-key', make: () => ({ ...kit.make(), headers: [['x-api-key', kit.key]] }), want: '401 401 This key was issued for another scheme. Sign the request as that scheme asks.' }
  yield { family: 'key', name: 'in the query', make: () => { const made = kit.make({ base: 'ping' }); return { ...made, target: `/test?Authorization=${kit.key}`, headers: [] } }, want: '400 GDF000003' }
  yield { family: 'key', name: 'in a cookie', make: () => ({ ...kit.make(), headers: [['Cookie', `Authorization=${kit.key}`]] }), want: NONE }
  yield { family: 'key', name: 'in Proxy-Authorization', make: () => ({ ...kit.make(), headers: [['Proxy-Authorization', kit.key]] }), want: NONE }
  yield { family: 'key', name: 'in X-Forwarded-Authorization', make: () => ({ ...kit.make(), headers: [['X-Forwarded-Authorization', kit.key]] }), want: NONE }
  yield { family: 'key', name: 'x-timestamp beside it, which tells no scheme', make: () => withHeader(kit.make(), ['x-timestamp', '1']), want: 'ok' }
}
