// Messages that landed in DIR/outbox, decoded.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

function decodePart (part) {
  const [head, ...rest] = part.split(/\r?\n\r?\n/)
  const body = rest.join('\n\n')
  if (/base64/i.test(head)) return Buffer.from(body, 'base64').toString('utf8')
  if (!/quoted-printable/i.test(head)) return body
  const bytes = body.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

// The first group of the pattern in the newest message whose file name fits; waits until there is one.
export async function message (data, name, pattern) {
  for (let tries = 0; tries < 600; tries++) {
    for (const file of readdirSync(join(data, 'outbox')).filter((f) => !f.startsWith('.') && name.test(f)).sort().reverse()) {
      const raw = readFileSync(join(data, 'outbox', file), 'utf8')
      const found = raw.split(/\r?\n--/).map(decodePart).join('\n').match(pattern)
      if (found) return found[1]
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`no message ${name} with ${pattern} in the outbox`)
}
