// Requests written byte by byte, over one TLS connection that is kept while the server keeps it.
//
//   made: { method, target, headers: [[name, value], …], body: Buffer, line? }   line: the whole request line
import tls from 'node:tls'
import { once } from 'node:events'

export function bytesOf (made, host) {
  const has = (name) => made.headers.some(([one]) => one.toLowerCase() === name)
  const headers = [...(has('host') ? [] : [['Host', host]]), ...made.headers]
  if (made.body.length > 0 && !has('content-length') && !has('transfer-encoding')) headers.push(['Content-Length', made.body.length])
  const head = [made.line ?? `${made.method} ${made.target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`), '', '']
  return Buffer.concat([Buffer.from(head.join('\r\n'), 'latin1'), made.body])
}

export class Wire {
  constructor (server) {
    this.server = server
    this.host = new URL(server.url).host
  }

  async open () {
    const { hostname, port } = new URL(this.server.url)
    const socket = tls.connect({ host: hostname, port, ca: this.server.ca, checkServerIdentity: () => undefined })
    const line = { socket, bytes: Buffer.alloc(0), isEnded: false, wake: () => {} }
    socket.setNoDelay(true)
    socket.on('data', (piece) => { line.bytes = Buffer.concat([line.bytes, piece]); line.wake() })
    for (const name of ['end', 'close', 'error']) socket.on(name, () => { line.isEnded = true; line.wake() })
    this.line = line
    await once(socket, 'secureConnect')
  }

  async until (isReady) {
    const line = this.line
    while (!isReady(line) && !line.isEnded) await new Promise((resolve) => { line.wake = resolve })
    if (!isReady(line)) throw new Error(`the connection ended after ${line.bytes.length} bytes`)
  }

  /** { status, headers, all, body, json } of the answer; an answer that closes the connection is followed by a new one. */
  async exchange (made) {
    if (this.line === undefined || this.line.isEnded) await this.open()
    this.line.bytes = Buffer.alloc(0)
    this.line.socket.write(bytesOf(made, this.host))
    await this.until((line) => line.bytes.includes('\r\n\r\n'))
    const end = this.line.bytes.indexOf('\r\n\r\n')
    const [first, ...lines] = this.line.bytes.subarray(0, end).toString('latin1').split('\r\n')
    const all = lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()])
    const headers = Object.fromEntries(all)
    const size = made.method === 'HEAD' ? 0 : Number(headers['content-length'] ?? 0)
    await this.until((line) => line.bytes.length >= end + 4 + size)
    const body = this.line.bytes.subarray(end + 4, end + 4 + size)
    if (/close/i.test(headers.connection ?? '')) this.close()
    let json
    try { json = JSON.parse(body) } catch { /* not JSON */ }
    return { status: Number(first.split(' ')[1]), headers, all, body, json }
  }

  close () {
    this.line?.socket.destroy()
    this.line = undefined
  }
}
