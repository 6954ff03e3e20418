// The work of one dossier on three inputs, beside other programs that sign a PDF.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { at, build, command, figures, spend, tool, work } from './tools.mjs'
import { head, median, note, row, times } from './table.mjs'

const RUNS = Number(process.env.BENCH_RUNS ?? 9)

function contract (name, text, repeat) {
  const source = at(`${name}.txt`)
  writeFileSync(source, text)
  command(join(build, 'tools/contract'), [source, at(`${name}.pdf`), String(repeat)])
}

// A page with one image of noise, which no filter could make smaller: a scan of about 10 MB.
function scan (name, side) {
  const noise = Buffer.alloc(side * side * 3)
  for (let i = 0, x = 12345; i < noise.length; i++) {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0
    noise[i] = x >>> 24
  }
  const text = 'q 500 0 0 500 50 200 cm /I Do Q'
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>',
    `<< /Length ${text.length} >>\nstream\n${text}\nendstream`,
    [`<< /Type /XObject /Subtype /Image /Width ${side} /Height ${side} /ColorSpace /DeviceRGB /BitsPerComponent 8 /Length ${noise.length} >>\nstream\n`, noise, '\nendstream']]
  const pieces = [Buffer.from('%PDF-1.7\n')]
  const offsets = []
  let size = pieces[0].length
  const put = (piece) => { const b = Buffer.from(piece); pieces.push(b); size += b.length }
  objects.forEach((object, i) => {
    offsets.push(size)
    for (const part of [`${i + 1} 0 obj\n`, ...[object].flat(), '\nendobj\n']) put(part)
  })
  const start = size
  put(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.map((o) => `${String(o).padStart(10, '0')} 00000 n \n`).join('')}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`)
  writeFileSync(at(`${name}.pdf`), Buffer.concat(pieces))
}

function makeInputs () {
  const text = readFileSync('tools/contract/contract.txt', 'utf8')
  contract('one', text.split('\n').slice(0, 12).join('\n'), 1)
  contract('many', text, 120)
  scan('large', 1850)
  command(tool('seal'), ['key', work])
  command(tool('seal'), ['pages', at('pages.pdf')])
}

function makePeerKey () {
  const openssl = (...args) => command('openssl', args)
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=bench', '-days', '30', '-keyout', at('key.pem'), '-out', at('cert.pem'))
  openssl('pkcs12', '-export', '-inkey', at('key.pem'), '-in', at('cert.pem'), '-name', 'bench', '-passout', 'pass:bench', '-out', at('key.p12'))
}

function makeNss () {
  command('mkdir', ['-p', at('nss')])
  command('certutil', ['-N', '-d', `sql:${at('nss')}`, '--empty-password'])
  command('pk12util', ['-i', at('key.p12'), '-d', `sql:${at('nss')}`, '-W', 'bench', '-K', ''])
}

const peers = [
  {
    name: 'pdfsig -add-signature',
    prepare: makeNss,
    run: (input) => ['pdfsig', [at(input), at('peer.pdf'), '-add-signature', '-nick', 'bench', '-nssdir', `sql:${at('nss')}`, '-digest', 'SHA256', '-new-signature-field-name', 'bench']]
  },
  { name: '@libpdf/core', run: (input) => [process.execPath, ['tests/perf/peers/libpdf.mjs', at('key.p12'), at(input), at('peer.pdf')]] },
  { name: '@signpdf/signpdf, pdf-lib', run: (input) => [process.execPath, ['tests/perf/peers/signpdf.mjs', at('key.p12'), at(input), at('peer.pdf')]] }
]

function findPeers () {
  return peers.filter((peer) => {
    try {
      peer.prepare?.()
      command(...peer.run('one.pdf'))
      return true
    } catch (error) {
      note(`${peer.name} is not here: ${String(error.message).split('\n').slice(1).find((l) => /rror|not|ENOENT/.test(l)) ?? error.code ?? 'it fails'}`)
      return false
    }
  })
}

// What the server starts for one dossier: a press that builds, a press that verifies.
function serverPress (input) {
  const runs = Array.from({ length: RUNS }, () => figures(tool('seal'), ['server', join(build, 'chirograph'), at(input), at('out.pdf')]))
  return {
    build: median(runs.map((r) => r.build_ms)), verify: median(runs.map((r) => r.verify_ms)),
    peak: Math.max(...runs.flatMap((r) => [r.build_mib, r.verify_mib]))
  }
}

function measure (title, input, aims, found) {
  head(title)
  const append = spend(RUNS, tool('seal'), ['append', work, at(input), at('pages.pdf'), at('out.pdf')])
  const whole = spend(RUNS, tool('seal'), ['whole', work, at(input), at('out.pdf')])
  const start = spend(RUNS, tool('seal'), ['start'])
  const press = serverPress(input)
  row('append + seal: CPU', append.cpu_ms, 'ms', { aim: aims.ms })
  row('of it the start of the process: CPU', start.cpu_ms, 'ms')
  row('append + seal: peak memory', append.peak_mib, 'MiB', { aim: aims.mib })
  row('evidence pages: CPU they add', whole.cpu_ms - append.cpu_ms, 'ms', { aim: 60 })
  row('append + seal with evidence pages: CPU', whole.cpu_ms, 'ms')
  row('append + seal with evidence pages: peak memory', whole.peak_mib, 'MiB')
  row('in the server: the press that builds: CPU', press.build, 'ms')
  row('in the server: the press that verifies: CPU', press.verify, 'ms')
  row('in the server: peak memory of either', press.peak, 'MiB')
  for (const peer of found) {
    const [name, args] = peer.run(input)
    const cost = spend(Math.min(RUNS, 5), name, args)
    row(`${peer.name}: CPU`, cost.cpu_ms, 'ms', { beside: `${times(cost.cpu_ms, append.cpu_ms)} ours, ${times(cost.cpu_ms, whole.cpu_ms)} with pages` })
    row(`${peer.name}: peak memory`, cost.peak_mib, 'MiB', { beside: `${times(cost.peak_mib, append.peak_mib)} ours, ${times(cost.peak_mib, whole.peak_mib)} with pages` })
  }
}

export function benchSeal () {
  makeInputs()
  makePeerKey()
  const found = findPeers()
  measure('Seal, 1 page', 'one.pdf', { ms: 20, mib: 25 }, found)
  measure('Seal, 200 pages', 'many.pdf', { ms: 50, mib: 25 }, found)
  measure('Seal, 10 MB', 'large.pdf', { ms: 70, mib: 35 }, found)
  note('The peers sign (RSA-2048) and add no pages; ours also attaches the evidence and imports its pages (P-256).')
}
