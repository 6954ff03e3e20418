// Do real files of other projects get the verdict they are known to need, and a dossier that other
// people's tools accept? Runs where the collection is: see README.md here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { existsSync, join, readFileSync, root, seal } from './tools.mjs';
import { expectDossier } from './expect.mjs';

const shelf = process.env.PDF_CORPUS ?? join(root, '../shared/pdfs');
const rows = existsSync(join(shelf, 'list.tsv'))
	? readFileSync(join(shelf, 'list.tsv'), 'utf8').trim().split('\n').slice(1).map((l) => l.split('\t'))
	: [];

const wanted = {
	'clean': ['clean'],
	'clean-xref-stream': ['clean'],
	'normalise': ['normalise'],
	'encrypted-empty-password': ['normalise'],
	'needs-password': ['refuse'],
	'refuse': ['refuse'],
	'signed': ['seal_only', 'attach'],
};

test('the collection', { skip: rows.length === 0 && `no ${shelf}` }, () => assert.ok(rows.length >= 60));

for (const [name, , , , expected] of rows) {
	test(`${name}: ${expected}`, (t) => {
		const file = join(shelf, name);
		if (expected === 'encrypted-empty-password') {
			const locked = seal(t, file);
			assert.equal(locked.error, 'PDF_UNLOCK');
			assert.equal(locked.encrypted, '1');
		}
		const said = seal(t, file, ...(expected === 'encrypted-empty-password' ? ['--unlock'] : []));
		assert.ok(wanted[expected].includes(said.verdict), `${said.verdict} (${said.reason})`);
		if (expected === 'needs-password') assert.equal(said.reason, 'needs_password');
		if (said.verdict === 'refuse') assert.equal(said.error, 'PDF_REFUSED');
		else expectDossier(said, file);
	});
}
