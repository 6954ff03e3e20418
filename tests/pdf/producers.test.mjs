// Does every row of the verdict table come out as it says, whoever produced the file, and do
// programs that are not ours accept what we made of it?
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { execFileSync, folder, has, join, opensslVerifies, pageCount, readFileSync, root, run, seal, signatures, writeFileSync } from './tools.mjs';
import { expectDossier } from './expect.mjs';
import { built } from '../lib/build.mjs';
import { ghostscript, handmade, hybrid, knotty, libreoffice, patched, pdflib, plain } from './producers.mjs';

function file(t, bytes) {
	const path = join(folder(t), 'in.pdf');
	writeFileSync(path, bytes);
	return path;
}

function expectVerdict(t, path, verdict, reason, ...flags) {
	const said = seal(t, path, ...flags);
	assert.equal(said.verdict, verdict, `${said.error} ${said.reason}`);
	if (reason !== undefined) assert.equal(said.reason, reason);
	if (verdict !== 'refuse') expectDossier(said, path);
	return said;
}

const handmadeRows = [
	['plain', 'clean', '', { objects: plain }],
	['inherited and indirect everything', 'clean', '', { objects: knotty }],
	['size too large by a little', 'clean', '', { objects: plain, size: 40 }],
	['no newline at the end', 'clean', '', { objects: plain, tail: '%%EOF' }],
	['other trailer keys', 'clean', '', { objects: plain, trailer: '/ID [<01> <02>] /Mine (kept)' }],
	['junk before the header', 'normalise', 'junk_before_header', { objects: plain, junk: 'MIME: x\r\n\r\n' }],
	['startxref points elsewhere', 'normalise', 'startxref_wrong', { objects: plain, startxref: 7 }],
	['no table', 'normalise', 'startxref_wrong', { objects: plain, table: false, startxref: 0 }],
	['absurd size', 'normalise', 'size_absurd', { objects: plain, size: 2147483640 }],
	['size too small', 'normalise', 'structure_repaired', { objects: plain, size: 3 }],
	['no pages', 'refuse', 'no_pages', { objects: [plain[0], '<< /Type /Pages /Kids [] /Count 0 >>'] }],
	['page tree that loops', 'refuse', 'page_tree_loop',
		{ objects: [plain[0], '<< /Type /Pages /Kids [3 0 R] /Count 1 >>', '<< /Type /Pages /Parent 2 0 R /Kids [2 0 R] /Count 1 >>'] }],
	['form that only XFA can draw', 'refuse', 'dynamic_form',
		{ objects: ['<< /Type /Catalog /Pages 2 0 R /NeedsRendering true /AcroForm << /Fields [] >> >>', ...plain.slice(1)] }],
	['dynamic form without the flag', 'refuse', 'dynamic_form', { objects: [
		'<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [] /XFA [(config) 5 0 R] >> >>', ...plain.slice(1),
		'<< /Length 48 >>\nstream\n<config><dynamicRender>required</dynamicRender> \nendstream'] }],
	['public-key encryption', 'refuse', 'unsupported_encryption',
		{ objects: plain, trailer: '/ID [<01> <02>] /Encrypt << /Filter /Adobe.PubSec /SubFilter /adbe.pkcs7.s4 /V 2 >>' }],
];

for (const [name, verdict, reason, shape] of handmadeRows)
	test(`by hand: ${name}`, (t) => void expectVerdict(t, file(t, handmade(shape)), verdict, reason));

test('by hand: not a PDF at all', (t) => void expectVerdict(t, file(t, Buffer.from('GIF89a')), 'refuse', 'not_pdf'));
test('by hand: lost trailer', (t) => {
	const text = handmade({ objects: plain }).toString('latin1');
	expectVerdict(t, file(t, Buffer.from(text.slice(0, text.indexOf('xref')).replace('/Type /Catalog', '/Type /Cat'))), 'refuse');
});
test('by hand: hybrid cross-references', (t) => void expectVerdict(t, file(t, hybrid()), 'clean', ''));

test('trailer keys are kept, the first half of the ID too', (t) => {
	const said = seal(t, file(t, handmade({ objects: plain, trailer: '/ID [<0102> <0102>] /Mine (kept)' })));
	const trailer = String(run('qpdf', ['--show-object=trailer', said.outputs[0]]).out);
	assert.match(trailer, /\/Mine \(kept\)/);
	const [, first, second] = /\/ID \[ (\S+) (\S+) \]/.exec(trailer);
	assert.equal(first, '<0102>');
	assert.notEqual(second, '<0102>');
});

test('attachments stay in order and reachable', (t) => {
	const said = seal(t, file(t, handmade({ objects: knotty })));
	for (const key of ['a.txt', 'z.txt'])
		assert.equal(String(run('qpdf', [`--show-attachment=${key}`, said.outputs[0]]).out), 'hello');
});

test('evidence pages inherit nothing', (t) => {
	const said = seal(t, file(t, handmade({ objects: knotty })));
	const json = JSON.parse(run('qpdf', ['--json=1', '--json-key=pages', '--json-key=objects', said.outputs[0]]).out);
	for (const page of json.pages.slice(1)) {
		const object = json.objects[page.object];
		assert.equal(object['/Rotate'], 0);
		for (const key of ['/MediaBox', '/CropBox', '/Resources']) assert.ok(object[key], key);
	}
});

test('Ghostscript', (t) => {
	const made = ghostscript(join(folder(t), 'gs.pdf'));
	assert.equal(expectVerdict(t, made, 'clean', '').pages, 2);
	expectVerdict(t, ghostscript(join(folder(t), 'old.pdf'), '1.3'), 'clean', '');
});

test('qpdf: linearized, object streams, QDF', (t) => {
	const made = ghostscript(join(folder(t), 'gs.pdf'));
	for (const flags of [['--linearize'], ['--object-streams=generate'], ['--qdf'], ['--linearize', '--object-streams=generate']]) {
		const out = join(folder(t), 'q.pdf');
		execFileSync('qpdf', [...flags, made, out]);
		expectVerdict(t, out, 'clean', '');
	}
});

test('qpdf: encrypted', (t) => {
	const made = ghostscript(join(folder(t), 'gs.pdf'));
	for (const bits of ['128', '256']) {
		const out = join(folder(t), 'q.pdf');
		execFileSync('qpdf', ['--encrypt', '', 'owner', bits, ...(bits === '128' ? ['--use-aes=y'] : []), '--', made, out]);
		const locked = seal(t, out);
		assert.equal(locked.error, 'PDF_UNLOCK');
		assert.equal(locked.verdict, 'refuse');
		expectVerdict(t, out, 'normalise', 'encrypted', '--unlock');
		execFileSync('qpdf', ['--encrypt', 'secret', 'owner', bits, ...(bits === '128' ? ['--use-aes=y'] : []), '--', made, out]);
		expectVerdict(t, out, 'refuse', 'needs_password', '--unlock');
	}
});

test('pdf-lib', async (t) => {
	for (const useObjectStreams of [true, false])
		assert.equal(expectVerdict(t, await pdflib(join(folder(t), 'lib.pdf'), useObjectStreams), 'clean', '').pages, 3);
});

test('LibreOffice', { skip: !has('soffice') && 'soffice is not installed' }, (t) => {
	expectVerdict(t, libreoffice(folder(t)), 'clean', '');
});

test('cairo', (t) => {
	const made = join(folder(t), 'cairo.pdf'), vectors = join(root, 'tests/vectors/evidence');
	execFileSync(built('tests/pages_render'), [join(vectors, 'two-es.json'), join(vectors, 'two-es.drawings.json'), made]);
	expectVerdict(t, made, 'clean', '');
});

test('a dossier of our own: sealed again, the first seal stays valid', (t) => {
	const first = expectVerdict(t, ghostscript(join(folder(t), 'gs.pdf')), 'clean', '');
	const again = expectVerdict(t, first.outputs[0], 'seal_only', 'signed');
	assert.deepEqual(signatures(again.outputs[0]).map((s) => s.validation), ['Signature is Valid.', 'Signature is Valid.']);
	assert.equal(seal(t, again.outputs[1]).verdict, 'seal_only');
});

test('signed and locked: embedded, not touched', (t) => {
	const signed = seal(t, file(t, handmade({ objects: plain }))).outputs[0];
	const locked = patched(signed, '/P 2 /V', '/P 1 /V', join(folder(t), 'locked.pdf'));
	const said = expectVerdict(t, locked, 'attach', 'signed_locked');
	assert.equal(said.outputs.length, 1);
	assert.ok(pageCount(said.outputs[0]) > 0);
});

test('signed and broken: embedded, never repaired', (t) => {
	const signed = seal(t, file(t, handmade({ objects: plain }))).outputs[0];
	const bytes = Buffer.concat([Buffer.from('junk\n'), readFileSync(signed)]);
	expectVerdict(t, file(t, bytes), 'attach', 'signed_damaged');
});

for (const flags of [[], ['--rsa']])
	test(`OpenSSL verifies the CMS: no signing time, certificate named ${flags}`, (t) => {
		const said = seal(t, file(t, handmade({ objects: plain })), ...flags);
		const seen = opensslVerifies(t, said.outputs[0], said.authority);
		assert.ok(seen.isGood, seen.said);
		assert.match(seen.printed, /id-smime-aa-signingCertificateV2/);
		assert.doesNotMatch(seen.printed, /signingTime|SMIMECapabilities|S\/MIME Capabilities/);
	});

test('one flipped byte anywhere in the signed ranges is noticed', (t) => {
	const said = seal(t, file(t, handmade({ objects: plain })));
	const bytes = readFileSync(said.outputs[0]);
	for (const at of [60, bytes.length - 200]) {
		const changed = Buffer.from(bytes);
		changed[at] ^= 1;
		const path = file(t, changed);
		assert.ok(!signatures(path).some((s) => s.validation === 'Signature is Valid.' && s.isTotal));
	}
});
