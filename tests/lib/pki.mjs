// An authority with an intermediate one and a sealing certificate, made by the openssl command.
//
//   const pki = makePki({ key: 'rsa' | 'ec', days, notAfter, usage })
//   pki.leaf, pki.key, pki.chain (PEM, leaf first), pki.root, pki.pkcs12(password, legacy) -> file names
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] })

const forms = {
  rsa: ['-newkey', 'rsa:2048'],
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
}

export function makePki ({ key = 'ec', name = 'Selo de Teste', days = 30, usage = 'critical,digitalSignature,nonRepudiation' } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'chirograph-pki-'))
  const at = (file) => join(dir, file)
  const authority = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n'
  const request = (file, subject) => openssl('req', ...forms[key], '-nodes', '-keyout', at(`${file}.key`), '-out', at(`${file}.csr`), '-subj', `/CN=${subject}`)
  const issue = (file, by, extensions, life) => {
    writeFileSync(at('ext'), extensions)
    openssl('x509', '-req', '-in', at(`${file}.csr`), '-out', at(`${file}.pem`), '-days', String(life), '-extfile', at('ext'),
      ...(by ? ['-CA', at(`${by}.pem`), '-CAkey', at(`${by}.key`), '-CAcreateserial'] : ['-signkey', at(`${file}.key`)]))
  }
  request('root', 'Raiz de Teste')
  issue('root', null, authority, 3650)
  request('middle', 'Autoridade de Teste')
  issue('middle', 'root', authority, 3650)
  request('leaf', name)
  issue('leaf', 'middle', `basicConstraints=CA:FALSE\nkeyUsage=${usage}\n`, days)
  const texts = ['leaf', 'middle', 'root'].map((file) => readFileSync(at(`${file}.pem`), 'utf8'))
  writeFileSync(at('chain.pem'), texts.join(''))
  writeFileSync(at('others.pem'), texts.slice(1).reverse().join('')) // root first: not the order it is needed in
  return {
    dir,
    leaf: at('leaf.pem'),
    key: at('leaf.key'),
    chain: at('chain.pem'),
    root: at('root.pem'),
    name,
    pkcs12 (password, extra = []) {
      openssl('pkcs12', '-export', ...extra, '-inkey', at('leaf.key'), '-in', at('leaf.pem'), '-certfile', at('others.pem'),
        '-passout', `pass:${password}`, '-out', at('seal.p12'))
      return at('seal.p12')
    },
    remove: () => rmSync(dir, { recursive: true, force: true })
  }
}

// A secret file, as an operator would put it: whole at once, by a rename, and his alone.
export function putSecret (file, bytes) {
  writeFileSync(file, bytes)
  chmodSync(file, 0o600)
}

// The bytes that the last signature of a PDF covers, and its CMS message.
export function lastSignature (pdf) {
  const text = pdf.toString('latin1')
  const range = [...text.matchAll(/\/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]/g)].at(-1).slice(1).map(Number)
  const [from, size, second, rest] = range
  const hex = text.slice(from + size + 1, second - 1)
  const padded = Buffer.from(hex, 'hex')
  const head = padded[1] & 0x80 ? 2 + (padded[1] & 0x7f) : 2 // DER: the padding is not of the message
  const length = padded[1] & 0x80 ? padded.readUIntBE(2, padded[1] & 0x7f) : padded[1]
  return { cms: padded.subarray(0, head + length), content: Buffer.concat([pdf.subarray(from, from + size), pdf.subarray(second, second + rest)]) }
}
