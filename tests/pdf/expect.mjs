// What has to hold for every sealed file, whoever made the original.
import assert from 'node:assert/strict';
import { attachment, firstPage, join, pageCount, qpdfCheck, readFileSync, root, run, signatures, startsWith } from './tools.mjs';

const evidence = readFileSync(join(root, 'tests/vectors/evidence/one-pt-BR.json'));

/** Our seal is the last signature, valid, and covers the whole file. */
export function expectSealed(file) {
	const last = signatures(file).at(-1);
	assert.ok(last, 'pdfsig finds a signature');
	assert.equal(last.validation, 'Signature is Valid.');
	assert.equal(last.type, 'ETSI.CAdES.detached');
	assert.ok(last.isTotal, 'Total document signed');
	assert.equal(last.signer, 'Test seal');
}

/** Other programs open it as well as they opened what it was made from. */
export function expectReadable(file, base) {
	const before = qpdfCheck(base), after = qpdfCheck(file);
	assert.ok(after === 0 || after === before, `qpdf --check: ${before} before, ${after} after`);
	assert.equal(run('mutool', ['show', file, 'trailer']).status, 0, 'mutool opens it');
}

/** Two renderers draw the same first page. Where one cannot draw the original, nothing is said. */
export function expectSamePage(file, original) {
	const before = firstPage(original), after = firstPage(file);
	for (const renderer of ['mutool', 'poppler'])
		if (before[renderer]) assert.ok(after[renderer]?.equals(before[renderer]), `page 1 in ${renderer}`);
}

export function expectSameEarlierSignatures(file, original) {
	const before = signatures(original), after = signatures(file);
	assert.equal(after.length, before.length + 1);
	before.forEach((s, i) => {
		const { isTotal: _, ...kept } = s, { isTotal: __, ...found } = after[i];
		assert.deepEqual(found, kept, `signature ${i + 1}`);
	});
}

/** Everything the verdict promises. `original` is what was uploaded. */
export function expectDossier(said, original) {
	assert.equal(said.sealed, 'OK');
	for (const file of said.outputs) expectSealed(file);
	const [first, second] = said.outputs;
	switch (said.verdict) {
	case 'clean':
	case 'normalise':
		assert.ok(startsWith(first, said.verdict === 'clean' ? original : said.base), 'prefix');
		assert.ok(pageCount(first) > said.pages, 'evidence pages follow');
		assert.ok(attachment(first, 'evidence.json')?.equals(evidence), 'evidence.json');
		expectReadable(first, said.base);
		expectSamePage(first, said.verdict === 'clean' ? original : said.base);
		break;
	case 'seal_only':
		assert.ok(startsWith(first, original), 'prefix');
		assert.equal(pageCount(first), said.pages);
		expectSameEarlierSignatures(first, original);
		expectReadable(first, original);
		expectSamePage(first, original);
		assert.equal(said.outputs.length, 2);
		assert.ok(attachment(second, 'evidence.json')?.equals(evidence), 'evidence.json');
		expectReadable(second, second);
		break;
	case 'attach':
		assert.ok(attachment(first, 'original.pdf')?.equals(readFileSync(original)), 'embedded byte for byte');
		assert.ok(attachment(first, 'evidence.json')?.equals(evidence), 'evidence.json');
		assert.equal(qpdfCheck(first), 0);
		break;
	default:
		assert.fail(`nothing is sealed for ${said.verdict}`);
	}
}
