// @signpdf/signpdf with pdf-lib's placeholder signing one file. usage: signpdf.mjs KEY.p12 IN OUT
import { readFile, writeFile } from 'node:fs/promises'
import { pdflibAddPlaceholder } from '@signpdf/placeholder-pdf-lib'
import { P12Signer } from '@signpdf/signer-p12'
import { SignPdf } from '@signpdf/signpdf'
import { PDFDocument } from 'pdf-lib'

const [p12, input, output] = process.argv.slice(2)
const pdfDoc = await PDFDocument.load(await readFile(input))
pdflibAddPlaceholder({ pdfDoc, reason: 'bench', contactInfo: '', name: 'bench', location: '' })
const bytes = await pdfDoc.save({ useObjectStreams: false })
const signer = new P12Signer(await readFile(p12), { passphrase: 'bench' })
await writeFile(output, await new SignPdf().sign(Buffer.from(bytes), signer))
