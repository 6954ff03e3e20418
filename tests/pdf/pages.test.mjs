// Can a person and a machine read on the pages what the evidence says? Poppler and ZBar read them.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { built } from '../lib/build.mjs';

const render = built('tests/pages_render');
const vectors = new URL('../vectors/evidence/', import.meta.url).pathname;
const names = readdirSync(vectors).filter((f) => f.endsWith('.json') && !f.includes('.drawings.'))
  .map((f) => f.slice(0, -'.json'.length));
const folder = mkdtempSync(join(tmpdir(), 'pages-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const run = (program, ...args) => execFileSync(program, args, { encoding: 'utf8', timeout: 60000, maxBuffer: 1 << 26 });
const squeeze = (text) => text.normalize('NFC').replace(/[\s\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g, '');
const evidenceOf = (name) => JSON.parse(readFileSync(join(vectors, `${name}.json`), 'utf8'));

function pdfOf(name) {
  const out = join(folder, `${name}.pdf`);
  run(render, join(vectors, `${name}.json`), join(vectors, `${name}.drawings.json`), out);
  return out;
}

/** Reads a PDF's text, spaces and line ends dropped: a wrapped hash or name is found whole. */
const textOf = (pdf, ...args) => squeeze(run('pdftotext', ...args, pdf, '-'));

function hashesIn(value) {
  if (typeof value === 'string') return /^[0-9a-f]{64}([0-9a-f]{64})?$/.test(value) ? [value] : [];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, v]) => (key === 'previous' ? [] : hashesIn(v)));
}

for (const name of names) {
  const evidence = evidenceOf(name);
  const pdf = pdfOf(name);
  const text = textOf(pdf);

  test(`${name}: every hash is there, whole`, () => {
    const shown = { ...evidence, documents: evidence.documents.length > 1 ? evidence.documents : [] };
    for (const hash of new Set(hashesIn(shown))) assert.ok(text.includes(hash), hash);
  });

  test(`${name}: masked contacts, addresses and ids are there`, () => {
    for (const s of evidence.signers)
      for (const value of [s.cpf, s.phone, s.email, s.network?.ip, s.network?.user_agent, s.declined?.reason, s.signature?.statement])
        if (value) assert.ok(text.includes(squeeze(value)), value);
    for (const value of [evidence.envelope.id, evidence.verification.code, evidence.verification.url])
      assert.ok(text.includes(squeeze(value)), value);
  });

  test(`${name}: the original's length is in the words and in the command`, () => {
    if (evidence.original === null) return assert.ok(!text.includes('head-c'));
    assert.ok(text.includes(`head-c${evidence.original.bytes}dossier.pdf|sha256sum`));
    const grouped = evidence.original.bytes.toLocaleString(evidence.language === 'en' ? 'en-US' : 'de-DE');
    assert.ok(text.includes(`${grouped}bytes`), grouped);
  });

  test(`${name}: each page names the envelope, the document and its number`, () => {
    const count = Number(/^Pages:\s+(\d+)/m.exec(run('pdfinfo', pdf))[1]);
    for (let at = 1; at <= count; at++) {
      const page = textOf(pdf, '-f', String(at), '-l', String(at));
      assert.ok(page.includes(`Chirograph·${at}/${count}`), `page ${at}`);
      assert.ok(page.includes(evidence.envelope.id), `page ${at}`);
      assert.ok(page.includes(evidence.document.sha256.slice(0, 8)), `page ${at}`);
    }
    assert.match(run('pdfinfo', pdf), /Page size:\s+595\.\d+ x 841\.\d+ pts \(A4\)/);
  });

  test(`${name}: every font is embedded`, () => {
    const fonts = run('pdffonts', pdf).trim().split('\n').slice(2);
    assert.ok(fonts.length >= 4);
    for (const font of fonts) assert.match(font, / yes (yes|no ) (yes|no ) +\d+ +\d+$/, font);
  });

  test(`${name}: the QR code says the verification address`, () => {
    run('pdftoppm', '-r', '150', '-f', '1', '-l', '1', '-gray', '-singlefile', pdf, join(folder, name));
    assert.equal(run('zbarimg', '-q', '--raw', '-Sdisable', '-Sqrcode.enable', join(folder, `${name}.pgm`)).trim(), evidence.verification.url);
  });

  test(`${name}: the file is sound`, () => {
    run('qpdf', '--check', pdf);
  });
}

test('names of every script are text, not shapes', () => {
  const text = textOf(join(folder, 'scripts-en.pdf'));
  // Right-to-left and reordering scripts come out of pdftotext in one of two orders.
  for (const { name } of evidenceOf('scripts-en').signers.slice(0, 9)) {
    const words = name.split(' ').map((w) => squeeze(w));
    for (const word of words)
      assert.ok(text.includes(word) || text.includes([...word].reverse().join('')) || /[\u0900-\u0eff]/.test(word), name);
  }
});

test('a character without a font is printed as its number', () => {
  assert.ok(textOf(join(folder, 'scripts-en.pdf')).includes('‹U+1FAE8›'));
});

test('a usual cover, with one or two people and also in the sandbox, is one page', () => {
  for (const count of [1, 2]) {
    const evidence = evidenceOf('one-pt-BR');
    const file = join(folder, `cover-${count}`);
    evidence.sandbox = true;
    evidence.signers = Array.from({ length: count }, () => evidence.signers[0]);
    writeFileSync(`${file}.json`, JSON.stringify(evidence));
    run(render, `${file}.json`, join(vectors, 'one-pt-BR.drawings.json'), `${file}.pdf`);
    assert.ok(textOf(`${file}.pdf`, '-f', '1', '-l', '1').includes('Relógio'));
    assert.ok(textOf(`${file}.pdf`, '-f', '2', '-l', '2').includes(squeeze(`Signatário 1 de ${count}`)));
  }
});

test('the sandbox is marked on every page, production on none', () => {
  const pdf = join(folder, 'scripts-en.pdf');
  const pages = run('pdftotext', '-raw', pdf, '-').split('\f').slice(0, -1);
  for (const page of pages) assert.ok(squeeze(page).includes('SANDBOX—nolegalvalidity'), page.slice(0, 80));
  assert.ok(!textOf(join(folder, 'one-pt-BR.pdf')).includes('SANDBOX'));
});

test('what did not happen is said', () => {
  const text = textOf(join(folder, 'two-es.pdf'));
  for (const words of ['No ocurrió', 'Sin firma', 'No registrado', 'Sin sello de tiempo: ninguna autoridad configurada'])
    assert.ok(text.includes(squeeze(words)), words);
});

test('all catalogs have the same keys and the same blanks', () => {
  const labels = new URL('../../src/pdf/labels/', import.meta.url).pathname;
  const shape = (file) => readFileSync(join(labels, file), 'utf8').split('\n').filter((l) => l && !l.startsWith('#'))
    .map((l) => `${l.split(' = ')[0]} ${(l.match(/\{\w+\}/g) ?? []).sort().join(' ')}`);
  for (const file of ['pt-BR.ini', 'es.ini']) assert.deepEqual(shape(file), shape('en.ini'), file);
});
