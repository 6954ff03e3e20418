// The real server with a real mail server: envelopes go in through the API, links and codes come
// out of the mails that arrive. A sandbox envelope's messages come out of the outbox instead.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { initData, run, startServer } from '../lib/server.mjs';
import { startSmtp } from '../lib/smtp.mjs';

const day = 86400000;

async function until(what, ask, most = 60000) {
	for (const end = Date.now() + most; Date.now() < end; await new Promise((next) => setTimeout(next, 100))) {
		const found = await ask();
		if (found)
			return found;
	}
	throw new Error(`in vain: ${what}`);
}

function settings_for(smtp, root) {
	const password = path.join(root, 'mail.password');
	writeFileSync(password, smtp.password, { mode: 0o600 });
	return {
		CHIROGRAPH_MAIL_HOST: 'localhost', CHIROGRAPH_MAIL_PORT: String(smtp.port), CHIROGRAPH_MAIL_USER: smtp.user,
		CHIROGRAPH_MAIL_PASSWORD_FILE: password, CHIROGRAPH_MAIL_CA_FILE: smtp.ca.caFile, CHIROGRAPH_MAIL_FROM: 'aurora@example.com',
		CHIROGRAPH_SUPPORT_EMAIL: 'ajuda@example.com',
	};
}

// organisation: what `chirograph organization set` takes, as ['--redirect-url', 'https://…'].
export async function openWorld({ organisation = [] } = {}) {
	const root = mkdtempSync(path.join(tmpdir(), 'chirograph-browser-'));
	const clock = path.join(root, 'clock');
	writeFileSync(clock, Buffer.alloc(8));
	const data = initData('Imobiliária Aurora Ltda.');
	if (organisation.length > 0) {
		const set = run(['organization', 'set', '--data', data, ...organisation]);
		assert.equal(set.status, 0, set.err);
	}
	const smtp = await startSmtp();
	const server = await startServer({ data, env: { ...settings_for(smtp, root), CHIROGRAPH_TEST_CLOCK: clock } });
	return new World(server, smtp, { root, clock });
}

class World {
	constructor(server, smtp, places) {
		Object.assign(this, { server, smtp, ...places, base: server.url });
		this.count = 0;
	}

	async api(method, target, json, sandbox = false) {
		const key = sandbox ? this.server.keys.sandbox_api_key : this.server.keys.api_key;
		const answer = await this.server.request(method, target, { key, json });
		assert.ok(answer.status < 300, `${method} ${target}: ${answer.status} ${answer.body}`);
		return answer.json;
	}

	// channel: how the code is sent; sandbox: whose messages land in the outbox.
	async envelope({ subject, documents, signers, sandbox = false, channel = 'email' }) {
		const number = ++this.count;
		const people = signers.map(({ name, cpf, language }, i) => ({
			id: `s${i}`, name, email: `pessoa.${number}.${i}@example.com`, birthdate: '1990-01-31', document_number: cpf, language,
			phone: { international_dial_code: '55', area_code: '11', number: `98888${String(1000 + number)}` },
			document_submission_method: 'email', authentication_submission_method: channel,
		}));
		const { id } = await this.api('POST', '/sign/envelope', {
			subject, expiration_date: new Date(Date.now() + 5 * day).toISOString().slice(0, 10), signers: people, status: 'submitted',
			documents: documents.map(({ name, data }, i) => ({ id: `d${i}`, name, document_type: 'pdf', document_b64: data.toString('base64') })),
		}, sandbox);
		return {
			id,
			cancel: () => this.api('PATCH', `/sign/envelope/${id}`, { status: 'canceled' }, sandbox),
			signers: await Promise.all(people.map((person) => this.signer(id, person, { sandbox, channel }))),
		};
	}

	// Every message to a person: mails that arrived, or files of the outbox, oldest first.
	messages({ email, phone }, sandbox) {
		if (!sandbox)
			return this.smtp.mails.filter(({ to }) => to.includes(email)).map(({ text }) => text);
		const outbox = path.join(this.server.data, 'outbox');
		return readdirSync(outbox).filter((name) => /^[^.].*\.(eml|txt)$/.test(name)).sort()
			.map((name) => readFileSync(path.join(outbox, name), 'utf8'))
			.filter((text) => text.includes(email) || text.includes(phone.number))
			.map((text) => text.split(/\r?\n--=_/).map(plain).join('\n'));
	}

	async signer(envelope, person, { sandbox, channel }) {
		const find = (pattern) => until(String(pattern), () =>
			this.messages(person, sandbox).map((text) => text.match(pattern)?.[1]).filter(Boolean).at(-1));
		const token = await find(/\/s\/([\w-]+)/);
		const codes = () => this.messages(person, sandbox).filter((text) => !/\/s\//.test(text))
			.map((text) => text.match(channel === 'email' ? /^ *(\d{6}) *\r?$/m : /\b(\d{6})\b/)?.[1]).filter(Boolean);
		return {
			url: `${this.base}/s/${token}`,
			status: async () => (await this.api('GET', `/sign/envelope/${envelope}/signer/${person.id}`, undefined, sandbox)).status,
			// The code of the message number so many, 1 being the first.
			code: (number = 1) => until(`code ${number}`, () => codes()[number - 1]),
		};
	}

	// Signed by everybody through the same JSON the pages use; then the dossiers and their code.
	async completed(given) {
		const envelope = await this.envelope(given);
		for (const [i, signer] of envelope.signers.entries())
			await this.sign(signer, given.signers[i].cpf, given.documents.length);
		const report = await until('the dossier', async () => {
			const answer = await this.api('GET', `/sign/envelope/${envelope.id}/report`, undefined, given.sandbox);
			return answer.status === 'available' && answer;
		});
		const [{ body: dossier }] = await Promise.all(report.documents_reports.map(({ url }) =>
			this.server.request('GET', new URL(url).pathname + new URL(url).search)));
		const { dossiers } = await this.below(envelope.signers[0], 'GET', 'state');
		const evidence = dossiers[0].evidence_url && (await this.server.request('GET', dossiers[0].evidence_url)).body;
		const text = execFileSync('pdftotext', ['-', '-'], { input: evidence ?? dossier }).toString().replace(/\s+/g, ' ');
		return { ...envelope, dossier, evidence, code: text.match(/\/v\/([A-Za-z0-9-]+)/)[1] };
	}

	async below(signer, method, step, json) {
		const answer = await this.server.request(method, `${new URL(signer.url).pathname}/${step}`, { json });
		assert.equal(answer.status, 200, `${step}: ${answer.body}`);
		return answer.json;
	}

	// By the pages' JSON, up to a step (or the end).
	async sign(signer, cpf, documents, end = 'done') {
		const answers = {
			open: () => this.below(signer, 'POST', 'open', {}),
			cpf: () => this.below(signer, 'POST', 'cpf', { cpf }),
			read: async () => {
				let state;
				for (let document = 0; document < documents; document++)
					state = await this.below(signer, 'POST', 'read', { document, pages: 1, duration_ms: 1000 });
				return state;
			},
			code: async () => {
				await this.below(signer, 'POST', 'code', {});
				return this.below(signer, 'POST', 'code/check', { code: await signer.code() });
			},
			sign: (state) => this.below(signer, 'POST', 'sign', { consent_sha256: state.consent.sha256, kind: 'typed', text: 'Assinado' }),
		};
		let state = await this.below(signer, 'GET', 'state');
		while (state.step !== end)
			state = await answers[state.step](state);
		return state;
	}

	// What was proved by the JSON counts in this page's browser too.
	async hand_over(page) {
		const cookies = [...this.server.cookiesOf('first')];
		await page.context().addCookies(cookies.map(([name, value]) =>
			({ name, value, url: this.base, secure: true, httpOnly: true, sameSite: 'Strict' })));
	}

	// The server's clock, so many milliseconds ahead; false where the build has no seam for it.
	async later(ms) {
		const offset = Buffer.alloc(8);
		offset.writeBigInt64LE(BigInt(ms));
		writeFileSync(this.clock, offset, { flag: 'r+' }); // never shorter: the server has it mapped
		const { headers } = await this.server.request('GET', '/health');
		return Math.abs(Date.parse(headers.date) - Date.now() - ms) < 30000;
	}

	async close() {
		await this.server.stop();
		await this.smtp.stop();
		for (const folder of [this.root, this.server.data])
			rmSync(folder, { recursive: true, force: true });
	}
}

// One part of a message as text.
function plain(part) {
	const [head, ...rest] = part.split(/\r?\n\r?\n/);
	const body = rest.join('\n\n');
	if (/base64/i.test(head))
		return Buffer.from(body, 'base64').toString();
	if (!/quoted-printable/i.test(head))
		return part;
	return Buffer.from(body.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1').toString();
}
