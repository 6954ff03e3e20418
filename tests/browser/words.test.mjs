// Has every refusal a signer can meet words of its own, and do our modules stay within old browsers?
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

const root = new URL('../../', import.meta.url);
const read = (path) => readFileSync(new URL(path, root), 'utf8');
const files = (folder, pattern) => readdirSync(new URL(folder, root)).filter((name) => pattern.test(name)).map((name) => `${folder}/${name}`);
const rows = Object.fromEntries([...read('api/errors.def').matchAll(/^ERR\((\w+), (\d+), "(\w+)"/gm)].map(([, name, status, code]) => [name, { status: Number(status), code }]));

// What the pages send is right by their making: these would be a fault of ours, not of a person.
const ours = new Set(['FIELD_TYPE', 'FIELD_MISSING', 'FIELD_ID', 'BODY_MISSING', 'CHANNEL', 'BASE']);
// These the page answers by showing the step that is next, in web/signer/main.js.
const moved = new Set([...read('web/signer/main.js').match(/moved = new Set\(([^)]*)\)/)[1].matchAll(/'(\w+)'/g)].map(([, code]) => code));

function signer_errors() {
	const names = new Set();
	for (const path of [...files('src/web', /^(signer_|strokes|visit).*\.c$/), 'src/envelope/steps.c'])
		for (const [, name] of read(path).matchAll(/\bERR_([A-Z_]+)\b/g))
			names.add(name);
	const signing = read('src/envelope/decide.c').match(/static enum err decide_(?:open|cpf|read|code|sign|decline)\w*\([^]*?\n}/g) ?? [];
	for (const [, name] of signing.join('\n').matchAll(/\bERR_([A-Z_]+)\b/g))
		names.add(name);
	for (const name of ['CPF_WRONG', 'CPF_LOCKED', 'CODE_WRONG', 'CODE_EXPIRED', 'CODE_TRIES', 'CODE_WAIT', 'CODE_SENDS', 'CONSENT', 'TEXT', 'FIELD_LENGTH', 'TOO_LARGE', 'RATE', 'CPF_REPEATED'])
		names.add(name);
	return [...names];
}

test('each refusal has words in all three languages', () => {
	const wanted = signer_errors().filter((name) => !ours.has(name)).map((name) => ({ name, ...rows[name] }))
		.filter(({ status, code }) => status >= 400 && status < 500 && status !== 404 && !moved.has(code));
	assert.ok(wanted.length >= 14, String(wanted.length));
	for (const language of ['pt-BR', 'en', 'es']) {
		const { signer } = JSON.parse(read(`web/i18n/${language}.json`));
		assert.deepEqual(wanted.filter(({ code }) => !signer[`error.${code}`]).map(({ name, code }) => `${language} ${code} ${name}`), []);
	}
});

test('words are for codes that exist, and the step that moved on is one of them', () => {
	const codes = new Set(Object.values(rows).map(({ code }) => code));
	const { signer } = JSON.parse(read('web/i18n/en.json'));
	const known = Object.keys(signer).filter((key) => /^error\.[A-Z]/.test(key)).map((key) => key.slice(6));
	assert.deepEqual([...known, ...moved].filter((code) => !codes.has(code)), []);
});

test('the three catalogs have the same blanks', () => {
	const blanks = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort().join();
	const all = ['pt-BR', 'en', 'es'].map((language) => JSON.parse(read(`web/i18n/${language}.json`)));
	for (const [part, texts] of Object.entries(all[0]))
		for (const [key, text] of Object.entries(texts))
			for (const other of all.slice(1))
				assert.equal(blanks(other[part][key]), blanks(text), `${part}.${key}`);
});

// Of what is newer than 2021 nothing is needed before the reader, which has PDF.js's own needs.
test('our modules need nothing that browsers of 2021 lack', () => {
	const newer = /\.at\(-?\d|\bhasOwn\(|\.findLast|structuredClone|\.to(Sorted|Reversed|Spliced)\(|\.replaceAll\(|Promise\.any|withResolvers|static \{|#\w+\s*[=(]|^await /m;
	for (const path of ['shared', 'signer', 'verify'].flatMap((folder) => files(`web/${folder}`, /\.js$/)))
		assert.doesNotMatch(read(path), newer, path);
});

test('no field makes an iPhone zoom in, and heights follow the browser\'s bars', () => {
	const css = ['web/shared/base.css', 'web/signer/signer.css'].map(read).join('\n');
	for (const [, name, rules] of css.matchAll(/([^{}]*(?:\.field|select|\.typed|\.number|\.code)[^{}]*)\{([^}]*)\}/g)) {
		const size = rules.match(/font-size: ([\d.]+)rem/)?.[1];
		if (size !== undefined)
			assert.ok(Number(size) >= 1, `${name.trim()}: ${size}rem`);
	}
	assert.match(css, /min-height: 100vh; min-height: 100dvh/);
	assert.match(css, /env\(safe-area-inset-bottom\)/);
	assert.match(css, /\.pad \{[^}]*touch-action: none/);
});
