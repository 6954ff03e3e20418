// The real server with a real mail server, on a folder of its own: envelopes go in through the
// API, links and codes come out of the mails that arrive.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startSmtp } from '../lib/smtp.mjs';

const build = process.env.CHIROGRAPH_BUILD ?? fileURLToPath(new URL('../../build', import.meta.url));
const program = process.env.CHIROGRAPH ?? path.join(build, 'chirograph');
const day = 86400000;

// The program refuses settings it does not know, and a developer's own are none of its business here.
function surroundings(settings = {}) {
	const own = Object.entries(process.env).filter(([name]) => !name.startsWith('CHIROGRAPH_'));
	return { ...Object.fromEntries(own), ...settings };
}

async function startServer(dir, environment) {
	const child = spawn(program, ['serve', '--data', dir, '--listen', '127.0.0.1:0'], {
		stdio: ['ignore', 'ignore', 'pipe'], env: surroundings(environment),
	});
	let log = '';
	const base = await new Promise((resolve, reject) => {
		createInterface({ input: child.stderr }).on('line', (line) => {
			log += `${line}\n`;
			if (line.startsWith('ready '))
				resolve(line.slice('ready '.length));
		});
		child.once('exit', (code) => reject(new Error(`serve ended with ${code}\n${log}`)));
	});
	return { base, child, log: () => log };
}

function request(base, ca, method, target, { key, body, headers = {} } = {}) {
	const json = body === undefined || Buffer.isBuffer(body) ? body : JSON.stringify(body);
	return new Promise((resolve, reject) => {
		const call = https.request(new URL(target, base), { method, ca, headers: {
			...(key ? { Authorization: key } : {}), ...(json === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers,
		} }, (answer) => {
			const parts = [];
			answer.on('data', (part) => parts.push(part));
			answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }));
		});
		call.on('error', reject);
		call.end(json);
	});
}

async function until(what, ask, most = 60000) {
	for (const end = Date.now() + most; Date.now() < end; await new Promise((next) => setTimeout(next, 200))) {
		const found = await ask();
		if (found)
			return found;
	}
	throw new Error(`in vain: ${what}`);
}

function configuration(smtp, dir) {
	const password = path.join(dir, 'mail.password');
	writeFileSync(password, smtp.password, { mode: 0o600 });
	return {
		CHIROGRAPH_MAIL_HOST: 'localhost', CHIROGRAPH_MAIL_PORT: String(smtp.port), CHIROGRAPH_MAIL_USER: smtp.user,
		CHIROGRAPH_MAIL_PASSWORD_FILE: password, CHIROGRAPH_MAIL_CA_FILE: smtp.ca.caFile, CHIROGRAPH_MAIL_FROM: 'aurora@example.com',
		CHIROGRAPH_SUPPORT_EMAIL: 'ajuda@example.com',
	};
}

export async function openWorld() {
	const root = mkdtempSync(path.join(tmpdir(), 'chirograph-browser-'));
	const dir = path.join(root, 'data');
	const clock = path.join(root, 'clock');
	writeFileSync(clock, Buffer.alloc(8));
	execFileSync(program, ['init', '--data', dir, '--organization', 'Imobiliária Aurora Ltda.'], { stdio: 'ignore', env: surroundings() });
	const credentials = JSON.parse(readFileSync(path.join(dir, 'credentials.json')));
	const smtp = await startSmtp();
	const server = await startServer(dir, { ...configuration(smtp, root), CHIROGRAPH_TEST_CLOCK: clock });
	return new World(server, smtp, credentials, { root, clock });
}

class World {
	constructor(server, smtp, credentials, places) {
		Object.assign(this, { server, smtp, ...places, base: server.base, key: credentials.api_key });
		this.ca = readFileSync(credentials.ca_file);
		this.count = 0;
	}

	async api(method, target, body) {
		const answer = await request(this.base, this.ca, method, target, { key: this.key, body });
		assert.ok(answer.status < 300, `${method} ${target}: ${answer.status} ${answer.body}`);
		return JSON.parse(answer.body);
	}

	async envelope({ subject, documents, signers }) {
		const number = ++this.count;
		const people = signers.map(({ name, cpf, language }, i) => ({
			id: `s${i}`, name, email: `pessoa.${number}.${i}@example.com`, birthdate: '1990-01-31', document_number: cpf, language,
			document_submission_method: 'email', authentication_submission_method: 'email',
		}));
		const { id } = await this.api('POST', '/sign/envelope', {
			subject, expiration_date: new Date(Date.now() + 5 * day).toISOString().slice(0, 10), signers: people, status: 'submitted',
			documents: documents.map(({ name, data }, i) => ({ id: `d${i}`, name, document_type: 'pdf', document_b64: data.toString('base64') })),
		});
		return {
			id,
			cancel: () => this.api('PATCH', `/sign/envelope/${id}`, { status: 'canceled' }),
			signers: await Promise.all(people.map((person) => this.signer(id, person))),
		};
	}

	async signer(envelope, { id, email }) {
		const mail = await this.smtp.waitFor((one) => one.to.includes(email) && /\/s\/[\w-]+/.test(one.text));
		const [token] = mail.text.match(/\/s\/[\w-]+/);
		return {
			url: this.base + token,
			status: async () => (await this.api('GET', `/sign/envelope/${envelope}/signer/${id}`)).status,
			code: async () => {
				const sent = await this.smtp.waitFor((one) => one.to.includes(email) && /\b\d{6}\b/.test(one.text) && !/\/s\//.test(one.text));
				return sent.text.match(/\b(\d{6})\b/)[1];
			},
		};
	}

	// Signed by everybody through the same JSON the pages use; then the dossier and its code.
	async completed(given) {
		const envelope = await this.envelope(given);
		for (const [i, signer] of envelope.signers.entries())
			await this.sign(signer, given.signers[i].cpf, given.documents.length);
		const report = await until('the dossier', async () => {
			const answer = await this.api('GET', `/sign/envelope/${envelope.id}/report`);
			return answer.status === 'available' && answer;
		});
		const { body: dossier } = await request(this.base, this.ca, 'GET', report.documents_reports[0].url);
		const text = execFileSync('pdftotext', ['-', '-'], { input: dossier }).toString().replace(/\s+/g, ' ');
		return { dossier, code: text.match(/\/v\/([A-Za-z0-9-]+)/)[1] };
	}

	async sign(signer, cpf, documents) {
		const below = async (method, step, body) => {
			const answer = await request(this.base, this.ca, method, `${signer.url}/${step}`, { body });
			assert.equal(answer.status, 200, `${step}: ${answer.body}`);
			return JSON.parse(answer.body);
		};
		await below('POST', 'open', {});
		await below('POST', 'cpf', { cpf });
		for (let document = 0; document < documents; document++)
			await below('POST', 'read', { document, pages: 1, duration_ms: 1000 });
		await below('POST', 'code', {});
		const { consent } = await below('POST', 'code/check', { code: await signer.code() });
		await below('POST', 'sign', { consent_sha256: consent.sha256, kind: 'typed', text: 'Assinado' });
	}

	// The server's clock, days ahead; false where the build has no seam for it.
	async later(days) {
		const offset = Buffer.alloc(8);
		offset.writeBigInt64LE(BigInt(days * day));
		writeFileSync(this.clock, offset);
		const { headers } = await request(this.base, this.ca, 'GET', '/health');
		return Date.parse(headers.date) > Date.now() + day / 2;
	}

	async close() {
		const { child } = this.server;
		const gone = new Promise((resolve) => child.once('exit', resolve));
		child.kill('SIGTERM');
		await gone;
		await this.smtp.stop();
		rmSync(this.root, { recursive: true, force: true });
	}
}
