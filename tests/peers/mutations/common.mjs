// Families of mutations that every scheme has: its headers, the request line, the body's bytes, the URL's spelling.
//
// A scheme's kit says: make(options) -> a valid request, fresh each time; HEADERS, its credential headers; bad(what),
// the verdict on a signature that does not fit; gone, the verdict when a header of its is missing, by name.
// A row: { family, name, make: () => made, want }; want: 'ok' or 'STATUS CODE[ REASON]'.
import { randomUUID } from 'node:crypto'
import { day, signer } from '../../contract/world.mjs'

export const MALFORMED = '400 SGN400001'
export const DOUBLE = '400 SGN400003'

export const bodyText = () => JSON.stringify({ subject: 'Contrato de locação', expiration_date: day(30), signers: [signer()], id: randomUUID() })

export const value = (made, name) => made.headers.find(([one]) => one.toLowerCase() === name.toLowerCase())?.[1]
export const replaced = (made, name, text) => ({ ...made, headers: made.headers.map(([one, old]) => one.toLowerCase() === name.toLowerCase() ? [one, typeof text === 'function' ? text(String(old)) : text] : [one, old]) })
export const without = (made, name) => ({ ...made, headers: made.headers.filter(([one]) => one.toLowerCase() !== name.toLowerCase()) })
export const withHeader = (made, ...pairs) => ({ ...made, headers: [...made.headers, ...pairs] })
const renamed = (made, name, to) => ({ ...made, headers: made.headers.map(([one, old]) => one.toLowerCase() === name.toLowerCase() ? [to, old] : [one, old]) })
export const flipped = (bytes, at, bit = 0) => { const out = Buffer.from(bytes); out[at] ^= 1 << bit; return out }

const mixed = (name) => [...name].map((c, i) => i % 2 ? c.toUpperCase() : c.toLowerCase()).join('')

/** Dropped, emptied, doubled, spelled, spaced: each credential header of the scheme. */
function * headerRows (kit) {
  const family = 'headers'
  for (const name of kit.HEADERS) {
    const row = (what, change, want) => ({ family, name: `${name}: ${what}`, make: () => change(kit.make({ base: 'write' })), want })
    yield row('dropped', (made) => without(made, name), kit.gone(name))
    yield row('empty', (made) => replaced(made, name, ''), kit.emptied?.(name) ?? kit.gone(name))
    yield row('spaces only', (made) => replaced(made, name, '  \t '), kit.emptied?.(name) ?? kit.gone(name))
    yield row('lower case name', (made) => renamed(made, name, name.toLowerCase()), 'ok')
    yield row('upper case name', (made) => renamed(made, name, name.toUpperCase()), 'ok')
    yield row('mixed case name', (made) => renamed(made, name, mixed(name)), 'ok')
    yield row('spaces around the value', (made) => replaced(made, name, (old) => `   ${old} \t `), 'ok')
    yield row('doubled', (made) => withHeader(made, [name, value(made, name)]), kit.doubled?.(name) ?? DOUBLE)
    yield row('doubled in another case', (made) => withHeader(made, [mixed(name), value(made, name)]), kit.doubled?.(name) ?? DOUBLE)
    yield row('doubled, the second one empty', (made) => withHeader(made, [name, '']), kit.doubledEmpty?.(name) ?? DOUBLE)
    yield row('doubled, the first one empty', (made) => ({ ...made, headers: [[name, ''], ...made.headers] }), kit.doubledEmpty?.(name) ?? DOUBLE)
    yield row('doubled with another value', (made) => withHeader(made, [name, 'x']), kit.doubled?.(name) ?? DOUBLE)
    yield row('twice in one line', (made) => replaced(made, name, (old) => `${old}, ${old}`), kit.joined(name))
    yield row('in quotes', (made) => replaced(made, name, (old) => `"${old}"`), kit.odd(name, 'quotes'))
    yield row('with a letter that is not ASCII', (made) => replaced(made, name, (old) => `${old}\xe9`), kit.odd(name, 'tail'))
    yield row('with UTF-8 in front', (made) => replaced(made, name, (old) => `\xc3\xa9${old}`), kit.odd(name, 'front'))
    yield row('with a no-break space in front', (made) => replaced(made, name, (old) => `\xa0${old}`), kit.odd(name, 'front'))
    yield row('with a zero-width space behind', (made) => replaced(made, name, (old) => `${old}\xe2\x80\x8b`), kit.odd(name, 'tail'))
    yield row('cut by a byte', (made) => replaced(made, name, (old) => old.slice(0, -1)), kit.odd(name, 'cut'))
    yield row('NUL in the value', (made) => replaced(made, name, (old) => `${old}\0`), MALFORMED)
    yield row('DEL in the value', (made) => replaced(made, name, (old) => `${old}\x7f`), MALFORMED)
    yield row('bare CR in the value', (made) => replaced(made, name, (old) => `${old}\rx`), MALFORMED)
    yield row('bare LF in the value', (made) => replaced(made, name, (old) => `${old}\nx: y`), MALFORMED)
    yield row('folded', (made) => replaced(made, name, (old) => `${old.slice(0, 10)}\r\n ${old.slice(10)}`), MALFORMED)
    yield row('space before the colon', (made) => renamed(made, name, `${name} `), MALFORMED)
    yield row('space before the name', (made) => renamed(made, name, ` ${name}`), MALFORMED)
    yield row('underscores for dashes', (made) => renamed(made, name, `${name.replaceAll('-', '_')}_`), kit.gone(name))
  }
}

/** Another scheme's headers beside this one's: refused before anything is looked at. */
function * swapRows (kit) {
  const family = 'two schemes'
  for (const [name, other] of Object.entries(kit.others)) {
    yield { family, name: `all of ${name} beside it`, make: () => withHeader(kit.make({ base: 'write' }), ...other.make({ base: 'write' }).headers.filter(([one]) => other.HEADERS.includes(one))), want: DOUBLE }
    yield { family, name: `all of ${name} in front of it`, make: () => { const made = kit.make({ base: 'write' }); return { ...made, headers: [...other.make({ base: 'write' }).headers.filter(([one]) => other.HEADERS.includes(one)), ...made.headers] } }, want: DOUBLE }
    for (const header of other.TELLING.filter((one) => !kit.TELLING.includes(one))) {
      yield { family, name: `${header} of ${name} beside it`, make: () => withHeader(kit.make({ base: 'write' }), [header, value(other.make({ base: 'write' }), header)]), want: DOUBLE }
      yield { family, name: `${header} of ${name} beside it, as garbage`, make: () => withHeader(kit.make({ base: 'write' }), [header, '?']), want: DOUBLE }
      yield { family, name: `${header} of ${name} beside it, empty`, make: () => withHeader(kit.make({ base: 'write' }), [header, '']), want: 'ok' }
    }
  }
}

function * lineRows (kit) {
  const family = 'request line'
  const row = (name, change, want, base = 'read') => ({ family, name, make: () => change(kit.make({ base })), want })
  yield row('get', (made) => ({ ...made, method: 'get' }), '501 SGN501001')
  yield row('an unknown method', (made) => ({ ...made, method: 'GETT' }), '501 SGN501001')
  yield row('PUT', (made) => ({ ...made, method: 'PUT' }), '405 SGN405001')
  yield row('DELETE', (made) => ({ ...made, method: 'DELETE' }), '405 SGN405001')
  yield row('two spaces', (made) => ({ ...made, line: `GET  ${made.target} HTTP/1.1` }), MALFORMED)
  yield row('a tab', (made) => ({ ...made, line: `GET\t${made.target} HTTP/1.1` }), undefined)
  yield row('HTTP/1.2', (made) => ({ ...made, line: `GET ${made.target} HTTP/1.2` }), MALFORMED)
  yield row('the target as a whole URL', (made) => ({ ...made, line: `GET ${kit.url}${made.target} HTTP/1.1` }), 'ok')
  yield row('the target as a URL of another host', (made) => ({ ...made, line: `GET https://evil.example${made.target} HTTP/1.1` }), MALFORMED)
  yield row('POST as GET', (made) => ({ ...made, method: 'GET' }), kit.otherMethod ?? kit.bad('method'), 'write')
  yield row('HEAD for GET', (made) => ({ ...made, method: 'HEAD' }), kit.headForGet ?? '401', kit.headBase ?? 'read')
  yield row('an override of the method', (made) => withHeader(made, ['X-HTTP-Method-Override', 'DELETE']), 'ok')
}

const spell = (target, from, to) => target.replace(from, to)

/** Same resource or another, spelled otherwise than it was signed. */
function * urlRows (kit) {
  const family = 'URL spelling'
  const row = (name, change, want = kit.bad('url')) => ({ family, name, make: () => { const made = kit.make({ base: 'read' }); return { ...made, target: change(made.target) } }, want })
  const none = '404 SGN404001'
  const decoded = kit.decodesQuery ? 'ok' : kit.bad('url')
  yield row('query in another order', () => '/sign/envelope?limit=5&page=1')
  yield row('a pair more', (t) => `${t}&q=a`)
  yield row('a pair less', () => '/sign/envelope?page=1')
  yield row('no query', () => '/sign/envelope')
  yield row('an empty query', () => '/sign/envelope?')
  yield row('& at the end', (t) => `${t}&`)
  yield row('& in front', (t) => spell(t, '?', '?&'))
  yield row('&& between', (t) => spell(t, '&', '&&'))
  yield row('; for &', (t) => spell(t, '&', ';'))
  yield row('a value percent-encoded', (t) => spell(t, 'limit=5', 'limit=%35'), decoded)
  yield row('a name percent-encoded', (t) => spell(t, 'limit', 'l%69mit'), decoded)
  yield row('= percent-encoded', (t) => spell(t, 'limit=5', 'limit%3D5'))
  yield row('& percent-encoded', (t) => spell(t, '&', '%26'))
  yield row('a zero in front', (t) => spell(t, 'limit=5', 'limit=05'))
  yield row('another value', (t) => spell(t, 'limit=5', 'limit=6'))
  yield row('name in upper case', (t) => spell(t, 'limit', 'LIMIT'))
  yield row('a pair twice', (t) => `${t}&limit=5`)
  yield row('a second ?', (t) => spell(t, '?', '??'))
  yield row('alias of the route', (t) => `/api/v1/p${t}`)
  yield row('slash at the end', (t) => spell(t, '?', '/?'))
  yield row('two slashes', (t) => `/${t}`, none)
  yield row('two slashes inside', (t) => spell(t, '/envelope', '//envelope'), none)
  yield row('a dot segment', (t) => spell(t, '/envelope', '/./envelope'), none)
  yield row('two dot segments', (t) => spell(t, '/envelope', '/x/../envelope'), none)
  yield row('encoded dot segments', (t) => spell(t, '/envelope', '/x/%2e%2e/envelope'), none)
  yield row('path in upper case', (t) => spell(t, '/sign', '/SIGN'), none)
  yield row('a letter of the path percent-encoded', (t) => spell(t, '/envelope', '/%65nvelope'), none)
  yield row('a slash percent-encoded', (t) => spell(t, 'sign/envelope', 'sign%2Fenvelope'), none)
  yield row('a parameter of the path', (t) => spell(t, '?', ';v=1?'), none)
  yield row('a fragment', (t) => `${t}#x`, MALFORMED)
  yield row('broken percent-encoding', (t) => `${t}%`, MALFORMED)
  yield row('%00', (t) => `${t}%00`, MALFORMED)
  yield row('a letter that is not ASCII', (t) => `${t}\xe9`, MALFORMED)
  yield row('a backslash', (t) => spell(t, '/sign/', '/sign\\'), none)
  const one = (name, change, want = kit.bad('url')) => ({ family, name: `one envelope: ${name}`, make: () => { const made = kit.make({ base: 'one' }); return { ...made, target: change(made.target) } }, want })
  yield one('as signed', (t) => t, 'ok')
  yield one('its last letter percent-encoded', (t) => `${t.slice(0, -1)}%${t.charCodeAt(t.length - 1).toString(16)}`)
  yield one('a dash percent-encoded', (t) => t.replace('-', '%2D'))
  yield one('in upper case', (t) => `/sign/envelope/${t.slice(15).toUpperCase()}`)
  yield one('an empty query', (t) => `${t}?`)
  yield one('a query', (t) => `${t}?a=1`)
  yield one('another envelope', () => `/sign/envelope/${randomUUID()}`)
  yield one('slash at the end', (t) => `${t}/`)
  yield one('its signer', (t) => `${t}/signer/1`)
}

/** One bit of each byte of the body as sent, and what can be put around it. */
function * bodyRows (kit) {
  const family = 'body bytes'
  const size = kit.make({ base: 'write' }).body.length
  const step = Math.max(1, Math.floor(size / 75))
  for (let at = 0, n = 0; at < size; at += step, n++) {
    yield { family, name: `bit ${n % 8} of byte ${at}`, make: () => { const made = kit.make({ base: 'write' }); return { ...made, body: flipped(made.body, Math.min(at, made.body.length - 1), n % 8) } }, want: kit.badBody }
  }
  const row = (name, change, want = kit.badBody) => ({ family, name, make: () => { const made = kit.make({ base: 'write' }); return { ...made, body: Buffer.from(change(made.body)) } }, want })
  yield row('none', () => '', kit.noBody ?? kit.badBody)
  yield row('a byte less', (b) => b.subarray(0, -1))
  yield row('a byte less in front', (b) => b.subarray(1))
  yield row('a space behind', (b) => `${b} `, kit.spacedBody ?? kit.badBody)
  yield row('a space in front', (b) => ` ${b}`, kit.spacedBody ?? kit.badBody)
  yield row('a line feed behind', (b) => `${b}\n`, kit.spacedBody ?? kit.badBody)
  yield row('CRLF behind', (b) => `${b}\r\n`, kit.spacedBody ?? kit.badBody)
  yield row('NUL behind', (b) => `${b}\0`)
  yield row('a BOM in front', (b) => `\ufeff${b}`)
  yield row('a space after the first colon', (b) => b.toString().replace(':', ': '), kit.spacedBody ?? kit.badBody)
  yield row('twice', (b) => `${b}${b}`)
  yield row('{}', () => '{}', kit.noBody ?? kit.badBody)
  yield row('null', () => 'null', kit.noBody ?? kit.badBody)
  yield row('a member more', (b) => b.toString().replace('}', ',"x":1}'))
  yield row('as UTF-16', (b) => Buffer.from(b.toString(), 'utf16le'))
}

export function * commonRows (kit) {
  yield * headerRows(kit)
  yield * swapRows(kit)
  yield * lineRows(kit)
  yield * urlRows(kit)
  yield * bodyRows(kit)
}
