// docs/errors.md from api/errors.def, so that the table people read cannot age.
// usage: node tools/errors.mjs [--check]
import { readFileSync, writeFileSync } from 'node:fs';

const root = new URL('../', import.meta.url);
const source = readFileSync(new URL('api/errors.def', root), 'utf8');
const page = new URL('docs/errors.md', root);

export const errors = [];
const lines = ['# Errors', '', '<!-- Made by tools/errors.mjs from api/errors.def. -->', '',
  'Every answer that is not a success carries `{"title","description","translation","code","field"}`. The code is stable, the words may',
  'become better. `{field}` is the member that is wrong, `{detail}` what is known beyond that. Which call may answer which code is said',
  'in [api/openapi.yaml](../api/openapi.yaml) (`x-codes`).', ''];
for (const line of source.split('\n')) {
  const row = /^ERR\((\w+), (\d+), "(\w+)", "(.*)", "(.*)"\)$/.exec(line);
  const head = /^\/\* (.*) \*\/$/.exec(line);
  if (head) lines.push('', `## ${head[1].replace(/[:.].*/, '')}`, '', '| code | status | English | português |', '|---|---|---|---|');
  if (!row) continue;
  const [, symbol, status, code, english, portuguese] = row;
  errors.push({ symbol, status: Number(status), code, english, portuguese });
  lines.push(`| \`${code}\` | ${status} | ${english} | ${portuguese} |`);
}
const text = [...lines, ''].join('\n').replace(/\n{3,}/g, '\n\n');

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const is = (() => { try { return readFileSync(page, 'utf8'); } catch { return ''; } })();
  if (process.argv[2] === '--check' && is !== text) {
    console.error('docs/errors.md is old: run node tools/errors.mjs');
    process.exit(1);
  }
  if (process.argv[2] !== '--check') writeFileSync(page, text);
}
