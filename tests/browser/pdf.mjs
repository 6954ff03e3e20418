// A PDF of so many pages, each with words of its own; filler makes each page heavier.
export function makePdf(pages, { title = 'Contrato', filler = 0 } = {}) {
	const parts = [];
	const offsets = [];
	let at = 0;
	const put = (text) => {
		const bytes = Buffer.isBuffer(text) ? text : Buffer.from(text, 'latin1');
		parts.push(bytes);
		at += bytes.length;
	};
	const object = (number, ...body) => {
		offsets[number] = at;
		put(`${number} 0 obj\n`);
		body.forEach(put);
		put('\nendobj\n');
	};
	const kids = Array.from({ length: pages }, (_, i) => `${4 + 2 * i} 0 R`).join(' ');
	put('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n');
	object(1, '<</Type/Catalog/Pages 2 0 R>>');
	object(2, `<</Type/Pages/Count ${pages}/Kids[${kids}]>>`);
	object(3, '<</Type/Font/Subtype/Type1/BaseFont/Times-Roman/Encoding/WinAnsiEncoding>>');
	for (let i = 1; i <= pages; i++) {
		const lines = Array.from({ length: 28 }, (_, k) => `(${title}, cl\xe1usula ${i}.${k + 1}: o pagamento vence no quinto dia \xfatil.) Tj T*`);
		const text = `BT /F1 20 Tf 72 770 Td (${title}, p\xe1gina ${i}) Tj ET BT /F1 12 Tf 16 TL 72 735 Td ${lines.join('\n')} ET`;
		const pad = filler > 0 ? Buffer.concat([Buffer.from('\n% '), Buffer.alloc(filler, 'x')]) : Buffer.alloc(0);
		object(2 + 2 * i, `<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>/Contents ${3 + 2 * i} 0 R>>`);
		object(3 + 2 * i, `<</Length ${text.length + pad.length}>>stream\n${text}`, pad, '\nendstream');
	}
	const xref = at;
	const count = 4 + 2 * pages;
	put(`xref\n0 ${count}\n0000000000 65535 f \n`);
	for (let i = 1; i < count; i++)
		put(`${String(offsets[i]).padStart(10, '0')} 00000 n \n`);
	put(`trailer\n<</Size ${count}/Root 1 0 R>>\nstartxref\n${xref}\n%%EOF\n`);
	return Buffer.concat(parts);
}
