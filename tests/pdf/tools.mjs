// Our sealing tool, and other people's tools to look at what it made.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { built, root } from '../lib/build.mjs';

export { root };
const sealtool = built('tests/pdf_sealtool');

/** Run a program to its end; never throws. */
export function run(program, args, options = {}) {
	const r = spawnSync(program, args, { cwd: root, maxBuffer: 1 << 28, timeout: 60000, ...options });
	return { status: r.status, out: r.stdout ?? Buffer.alloc(0), err: String(r.stderr ?? ''), error: r.error };
}

export function has(program) {
	return run('sh', ['-c', `command -v ${program}`]).status === 0;
}

/** A folder that is gone when the test is. */
export function folder(t) {
	const path = mkdtempSync(join(tmpdir(), 'chirograph-pdf-'));
	t.after(() => rmSync(path, { recursive: true, force: true }));
	return path;
}

/** Analyse and seal: {error, verdict, reason, pages, …, sealed, outputs: [paths], base}. */
export function seal(t, file, ...flags) {
	const to = folder(t);
	const r = run(sealtool, [...flags, file, to]);
	if (r.status !== 0) throw new Error(`sealtool ${file}: status ${r.status}\n${r.out}${r.err}`);
	const said = Object.fromEntries(String(r.out).trim().split('\n').map((l) => l.split('=')));
	const outputs = [];
	for (let i = 0; i < Number(said.outputs ?? 0); i++) outputs.push(join(to, `out.${i}.pdf`));
	return { ...said, pages: Number(said.pages), signatures: Number(said.signatures), outputs,
		base: join(to, 'base.pdf'), authority: join(to, 'authority.pem'), folder: to };
}

/** What poppler says of each signature, in the file's order. */
export function signatures(file) {
	const r = run('timeout', ['20', 'pdfsig', '-nocert', file]);
	return String(r.out).split(/^Signature #\d+:\n/m).slice(1).map((text) => ({
		type: /Signature Type: (.*)/.exec(text)?.[1],
		validation: /Signature Validation: (.*)/.exec(text)?.[1],
		ranges: /Signed Ranges: (.*)/.exec(text)?.[1],
		signer: /Common Name: (.*)/.exec(text)?.[1],
		isTotal: /- Total document signed/.test(text),
	}));
}

export function pageCount(file) {
	return Number(run('qpdf', ['--show-npages', file]).out);
}

/** 0: no complaint, 3: warnings, 2: errors. */
export function qpdfCheck(file) {
	return run('qpdf', ['--check', file]).status;
}

/** Page one as pixels, by two independent renderers; null where one cannot draw it. */
export function firstPage(file) {
	const mutool = run('mutool', ['draw', '-q', '-r', '50', '-F', 'pnm', '-o', '-', file, '1']);
	const poppler = run('pdftoppm', ['-r', '50', '-f', '1', '-l', '1', file]);
	return {
		mutool: mutool.status === 0 && mutool.out.length > 0 ? mutool.out : null,
		poppler: poppler.status === 0 && poppler.out.length > 0 ? poppler.out : null,
	};
}

export function startsWith(file, prefix) {
	const a = readFileSync(file), b = readFileSync(prefix);
	return a.subarray(0, b.length).equals(b);
}

/** The bytes of an attached file, through qpdf. */
export function attachment(file, name) {
	const list = String(run('qpdf', ['--list-attachments', file]).out);
	const key = list.split('\n').map((l) => l.split(' -> ')[0]).find((k) => k.endsWith(name));
	return key ? run('qpdf', [`--show-attachment=${key}`, file]).out : null;
}

/** The last signature, checked by OpenSSL's command line over the bytes its range names. */
export function opensslVerifies(t, file, authority) {
	const bytes = readFileSync(file);
	const ranges = [...bytes.toString('latin1').matchAll(/\/ByteRange \[ ?(\d+) (\d+) (\d+) (\d+) ?\]/g)];
	const [a, b, c, d] = ranges.at(-1).slice(1).map(Number);
	const to = folder(t);
	writeFileSync(join(to, 'signed'), Buffer.concat([bytes.subarray(a, a + b), bytes.subarray(c, c + d)]));
	const hex = bytes.subarray(b + 1, c - 1).toString('latin1');
	writeFileSync(join(to, 'cms'), trimDer(Buffer.from(hex, 'hex')));
	const verified = run('openssl', ['cms', '-verify', '-binary', '-inform', 'DER', '-in', join(to, 'cms'), '-content',
		join(to, 'signed'), '-CAfile', authority, '-purpose', 'any', '-cades', '-out', '/dev/null']);
	const printed = String(run('openssl', ['cms', '-cmsout', '-print', '-inform', 'DER', '-in', join(to, 'cms')]).out);
	return { isGood: verified.status === 0, said: verified.err, printed };
}

/** A DER value without the zeros that fill its room. */
function trimDer(der) {
	const n = der[1] & 0x7f;
	if (!(der[1] & 0x80)) return der.subarray(0, 2 + der[1]);
	return der.subarray(0, 2 + n + der.readUIntBE(2, n));
}

export { execFileSync, existsSync, join, readFileSync, writeFileSync };
