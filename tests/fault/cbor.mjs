// Reads the canonical bytes of an event (RFC 8949), independently of the program that wrote them.
export function cborDecode (bytes) {
  const [value, end] = item(bytes, 0)
  if (end !== bytes.length) throw new Error('bytes after the item')
  return value
}

function argument (bytes, at) {
  const info = bytes[at] & 31
  if (info < 24) return [info, at + 1]
  if (info === 24) return [bytes[at + 1], at + 2]
  if (info === 25) return [bytes.readUInt16BE(at + 1), at + 3]
  if (info === 26) return [bytes.readUInt32BE(at + 1), at + 5]
  if (info === 27) return [Number(bytes.readBigUInt64BE(at + 1)), at + 9]
  throw new Error(`additional information ${info}`)
}

function list (bytes, at, count) {
  const out = []
  for (let i = 0; i < count; i++) {
    const [value, next] = item(bytes, at)
    out.push(value)
    at = next
  }
  return [out, at]
}

function item (bytes, start) {
  const major = bytes[start] >> 5
  const [n, at] = argument(bytes, start)
  switch (major) {
    case 0: return [n, at]
    case 1: return [-1 - n, at]
    case 2: return [bytes.subarray(at, at + n), at + n]
    case 3: return [bytes.toString('utf8', at, at + n), at + n]
    case 4: return list(bytes, at, n)
    case 5: {
      const [pairs, end] = list(bytes, at, 2 * n)
      return [Object.fromEntries(Array.from({ length: n }, (_, i) => [pairs[2 * i], pairs[2 * i + 1]])), end]
    }
    case 7: return [{ 20: false, 21: true, 22: null }[n], at]
  }
  throw new Error(`major type ${major}`)
}
