// @libpdf/core signing one file. usage: libpdf.mjs KEY.p12 IN OUT
import { readFile, writeFile } from 'node:fs/promises'
import { P12Signer, PDF } from '@libpdf/core'

const [p12, input, output] = process.argv.slice(2)
const signer = await P12Signer.create(await readFile(p12), 'bench')
const pdf = await PDF.load(await readFile(input))
const { bytes } = await pdf.sign({ signer, subFilter: 'ETSI.CAdES.detached' })
await writeFile(output, bytes)
