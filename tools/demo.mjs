// The main job, once, for real: create, upload, submit, open the link, sign, receive the sealed
// dossier, check it with a verifier that is not ours. Leaves demo/original.pdf and demo/dossier.pdf.
// The server goes on running at a terminal; without one it is stopped at the end.
import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';

const folder = process.env.DEMO_DIR ?? 'demo';
const data = join(folder, 'data');
const program = 'build/chirograph';
const listen = process.env.DEMO_LISTEN ?? '127.0.0.1:8443';

const say = (text) => console.log(text);
let server;
const fail = (text) => { console.error(`demo: ${text}`); server?.kill('SIGTERM'); process.exit(1); };
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function run(command, ...args) {
  const done = spawnSync(command, args, { encoding: 'utf8' });
  if (done.status !== 0) fail(`${command} ${args.join(' ')}\n${done.stdout}${done.stderr ?? done.error}`);
  return done.stdout;
}

function start() {
  const child = spawn(program, ['serve', '--data', data, '--listen', listen], { stdio: ['ignore', 'ignore', 'pipe'] });
  server = child;
  const log = [];
  const file = createWriteStream(join(folder, 'server.log'));
  child.stderr.pipe(file);
  return new Promise((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (text) => {
      log.push(text);
      const ready = log.join('').match(/^ready (https:\/\/\S+)/m);
      if (ready) resolve({ child, url: ready[1] });
    });
    child.on('exit', (code) => fail(`the server ended with ${code}\n${log.join('')}`));
  });
}

function client(url) {
  const agent = new Agent({ ca: readFileSync(join(data, 'keys/tls.crt')), keepAlive: true });
  const cookies = new Map(); // the signer's browser
  return (method, path, { key, json, body, type } = {}) => new Promise((resolve, reject) => {
    const bytes = json ? Buffer.from(JSON.stringify(json)) : body;
    const headers = { ...(cookies.size && { Cookie: [...cookies].map((pair) => pair.join('=')).join('; ') }), ...(key && { Authorization: key }), ...(bytes && { 'Content-Type': type ?? 'application/json', 'Content-Length': bytes.length }) };
    const call = request(new URL(path, url), { method, headers, agent }, (answer) => {
      for (const cookie of answer.headers['set-cookie'] ?? []) cookies.set(...cookie.split(';')[0].split('='));
      const parts = [];
      answer.on('data', (part) => parts.push(part)).on('end', () => {
        const all = Buffer.concat(parts);
        const isJson = (answer.headers['content-type'] ?? '').startsWith('application/json');
        if (answer.statusCode >= 400) reject(new Error(`${method} ${path}: ${answer.statusCode} ${all}`));
        else resolve(isJson ? JSON.parse(all) : all);
      });
    });
    call.on('error', reject).end(bytes);
  });
}

/** The newest message in the outbox that holds the pattern; mail bodies may be base64 or quoted-printable. */
async function message(pattern) {
  for (let i = 0; i < 600; i++) {
    const outbox = join(data, 'outbox');
    const messages = (existsSync(outbox) ? readdirSync(outbox) : []).filter((name) => /^[^.].*\.(eml|txt)$/.test(name));
    for (const name of messages.sort().reverse()) {
      const raw = readFileSync(join(outbox, name), 'utf8');
      const text = raw.split(/\r?\n--/).map((part) => decodePart(part)).join('\n');
      const found = text.match(pattern);
      if (found) return found[1];
    }
    await pause(50);
  }
  return fail('no message arrived in the outbox');
}

function decodePart(part) {
  const [head, ...rest] = part.split(/\r?\n\r?\n/);
  const body = rest.join('\n\n');
  if (/base64/i.test(head)) return Buffer.from(body, 'base64').toString('utf8');
  if (/quoted-printable/i.test(head)) {
    return Buffer.from(body.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1').toString('utf8');
  }
  return body;
}

const strokes = [[...Array(40).keys()].map((i) => [0.1 + i * 0.02, 0.5 + 0.3 * Math.sin(i / 3)]), [[0.1, 0.85], [0.9, 0.8]]];

async function sign(call, link) {
  const path = new URL(link).pathname;
  const step = (name, json) => call('POST', `${path}/${name}`, { json });
  await step('open', { screen: '390x844', language: 'pt-BR', time_zone: 'America/Sao_Paulo' });
  await step('cpf', { cpf: '529.982.247-25' });
  const shown = await call('GET', `${path}/document/0`);
  let state = await step('read', { document: 0, pages: 2, duration_ms: 60000 });
  state = await step('code', {});
  const code = await message(/\b(\d{6})\b/);
  say(`  code ${code} to ${state.code.target}`);
  state = await step('code/check', { code });
  state = await step('sign', { consent_sha256: state.consent.sha256, kind: 'drawn', strokes });
  if (state.step !== 'done') fail(`the signature was not taken: ${JSON.stringify(state)}`);
  return shown;
}

async function main() {
  const started = Date.now();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  run('build/tools/contract', 'tools/contract/contract.txt', join(folder, 'original.pdf'));
  run(program, 'init', '--data', data, '--organization', 'Imobiliária Horizonte');
  const { child, url } = await start();
  const call = client(url);
  const credentials = JSON.parse(readFileSync(join(data, 'credentials.json'), 'utf8'));
  const key = credentials.api_keys?.sandbox ?? credentials.sandbox_api_key;
  const original = readFileSync(join(folder, 'original.pdf'));

  say('1. create');
  const nextYear = `${new Date().getUTCFullYear() + 1}-12-31`;
  const { id } = await call('POST', '/sign/envelope', { key, json: { subject: 'Contrato de locação', expiration_date: nextYear, signers: [{
    id: '1', name: 'Maria José da Conceição', email: 'maria@example.com', birthdate: '1992-09-15', document_number: '529.982.247-25',
    phone: { international_dial_code: '55', area_code: '19', number: '988878722' },
    document_submission_method: 'email', authentication_submission_method: 'email' }] } });
  say('2. document');
  const added = await call('POST', `/sign/envelope/${id}/document?name=Contrato`, { key, body: original, type: 'application/pdf' });
  say(`  ${added.pages} pages, verdict ${added.verdict}`);
  say('3. submit');
  await call('PATCH', `/sign/envelope/${id}`, { key, json: { status: 'submitted' } });
  const link = await message(/(https:\/\/[^\s"<]+\/s\/[A-Za-z0-9_-]+)/);
  say('4. sign');
  const shown = await sign(call, link);
  if (!shown.equals(original)) fail('the signer was shown other bytes');
  say('5. dossier');
  let report;
  for (let i = 0; (report = await call('GET', `/sign/envelope/${id}/report`, { key })).status !== 'available'; i++) {
    if (i > 600) fail('no dossier after a minute');
    await pause(100);
  }
  const dossier = await call('GET', report.documents_reports[0].url);
  writeFileSync(join(folder, 'dossier.pdf'), dossier);
  if (!dossier.subarray(0, original.length).equals(original)) fail('the dossier does not begin with the original');
  say(`  the first ${original.length} bytes are the original`);
  check(join(folder, 'dossier.pdf'));
  await finish({ child, url, link, key, started });
}

function check(path) {
  const verdict = spawnSync('timeout', ['30', 'pdfsig', '-nocert', '-no-ocsp', path], { encoding: 'utf8' });
  const lines = `${verdict.stdout}`.split('\n').filter((line) => /Signature Validation|Total document signed|Signing Hash|Signer Certificate Common/.test(line));
  say(lines.map((line) => `  pdfsig: ${line.trim().replace(/^- /, '')}`).join('\n'));
  if (!/Signature is Valid/.test(verdict.stdout) || !/Total document signed/.test(verdict.stdout)) fail(`pdfsig does not accept the seal\n${verdict.stdout}${verdict.stderr}`);
}

async function finish({ child, url, link, key, started }) {
  say(`\nDone in ${((Date.now() - started) / 1000).toFixed(1)} s: ${folder}/original.pdf, ${folder}/dossier.pdf (${statSync(join(folder, 'dossier.pdf')).size} bytes)`);
  child.removeAllListeners('exit');
  if (!process.stdin.isTTY) {
    child.kill('SIGTERM');
    child.on('exit', (code) => process.exit(code ?? 1));
    return;
  }
  say(`\nThe server runs at ${url} (development certificate: ${data}/keys/tls.crt)`);
  say(`  signer's page   ${link}`);
  say(`  API             curl --cacert ${data}/keys/tls.crt -H "Authorization: ${key}" ${url}/sign/envelope`);
  say(`  messages        ${data}/outbox`);
  say(`Stop it with Ctrl+C, start it again with ${program} serve --data ${data} --listen ${listen}`);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGTERM'));
  child.on('exit', (code) => process.exit(code ?? 1));
}

main().catch((error) => fail(error.message));
