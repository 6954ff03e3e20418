// PDFs of every kind the verdict table knows, made on the spot by several programs and by hand.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A PDF from numbered objects (strings), with a classic table; options bend it out of shape. */
export function handmade({ objects, junk = '', startxref, size, trailer = '', tail = '%%EOF\n', table = true }) {
	let text = `${junk}%PDF-1.4\n`;
	const offsets = [];
	objects.forEach((body, i) => {
		offsets.push(text.length);
		text += `${i + 1} 0 obj\n${body}\nendobj\n`;
	});
	const at = text.length;
	if (table) {
		text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`;
		text += offsets.map((o) => `${String(o).padStart(10, '0')} 00000 n \n`).join('');
	}
	text += `trailer\n<< /Size ${size ?? objects.length + 1} /Root 1 0 R ${trailer} >>\n`;
	return Buffer.from(`${text}startxref\n${startxref ?? at}\n${tail}`, 'latin1');
}

const content = (text) => `<< /Length ${text.length} >>\nstream\n${text}\nendstream`;

export const plain = [
	'<< /Type /Catalog /Pages 2 0 R >>',
	'<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
	'<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R /Resources << >> >>',
	content('1 0 0 rg 20 20 100 100 re f'),
];

/** Inherited rotation and crop box, indirect /Kids, /Annots, /Fields, an attachment tree with limits. */
export const knotty = [
	'<< /Type /Catalog /Pages 2 0 R /AcroForm 7 0 R /Names << /EmbeddedFiles 9 0 R >> /AF 14 0 R >>',
	'<< /Type /Pages /Kids 5 0 R /Count 6 0 R /Rotate 90 /CropBox [10 10 200 150] /MediaBox [0 0 300 200] >>',
	'<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << >> /Annots 13 0 R >>',
	content('0 0 1 rg 20 20 100 100 re f'),
	'[3 0 R]', '1',
	'<< /Fields 8 0 R /SigFlags 0 >>', '[]',
	'<< /Kids [10 0 R] >>',
	'<< /Limits [(a.txt) (z.txt)] /Names [(a.txt) 11 0 R (z.txt) 11 0 R] >>',
	'<< /Type /Filespec /F (a.txt) /UF (a.txt) /EF << /F 12 0 R >> >>',
	content('hello'),
	'[]', '[11 0 R]',
];

/** A table whose trailer names a cross-reference stream beside it (ISO 32000-1 §7.5.8.4). */
export function hybrid() {
	const body = handmade({ objects: plain }).toString('latin1');
	const cut = body.indexOf('xref\n');
	let text = body.slice(0, cut);
	const streamAt = text.length;
	text += '5 0 obj\n<< /Type /XRef /Size 6 /W [1 2 1] /Index [5 1] /Root 1 0 R /Length 4 >>\nstream\n';
	text += String.fromCharCode(1, streamAt >> 8, streamAt & 255, 0) + '\nendstream\nendobj\n';
	const at = text.length;
	const rows = [1, 2, 3, 4].map((n) => `${String(text.indexOf(`${n} 0 obj`)).padStart(10, '0')} 00000 n \n`).join('');
	text += `xref\n0 5\n0000000000 65535 f \n${rows}trailer\n<< /Size 6 /Root 1 0 R /XRefStm ${streamAt} >>\n`;
	return Buffer.from(`${text}startxref\n${at}\n%%EOF\n`, 'latin1');
}

export function ghostscript(path, level = '1.7') {
	const drawing = '/Helvetica findfont 24 scalefont setfont 72 720 moveto (Contract) show showpage '
		+ '72 700 moveto 200 300 lineto stroke showpage';
	execFileSync('gs', ['-q', '-dNOPAUSE', '-dBATCH', '-sDEVICE=pdfwrite', `-dCompatibilityLevel=${level}`,
		`-sOutputFile=${path}`, '-c', drawing, '-f'], { stdio: 'ignore' });
	return path;
}

export async function pdflib(path, useObjectStreams) {
	const { PDFDocument, StandardFonts } = await import('pdf-lib');
	const document = await PDFDocument.create();
	const font = await document.embedFont(StandardFonts.TimesRoman);
	for (const text of ['First', 'Second', 'Third'])
		document.addPage([400, 300]).drawText(text, { x: 40, y: 200, size: 30, font });
	document.getForm().createTextField('name').addToPage(document.getPage(0), { x: 40, y: 40, width: 100, height: 20 });
	writeFileSync(path, await document.save({ useObjectStreams }));
	return path;
}

export function libreoffice(folder) {
	writeFileSync(join(folder, 'letter.txt'), 'A letter\n\nwith two lines.\n');
	execFileSync('soffice', [`-env:UserInstallation=file://${folder}/profile`, '--headless', '--convert-to', 'pdf',
		'--outdir', folder, join(folder, 'letter.txt')], { stdio: 'ignore', timeout: 110000 });
	return join(folder, 'letter.pdf');
}

/** The same file with a few bytes replaced by as many others. */
export function patched(file, from, to, path) {
	const bytes = readFileSync(file), at = bytes.lastIndexOf(from);
	if (at < 0 || from.length !== to.length) throw new Error(`no ${from} in ${file}`);
	bytes.write(to, at, 'latin1');
	writeFileSync(path, bytes);
	return path;
}
