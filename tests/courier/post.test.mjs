// Do jobs send what the events of an envelope call for: once, to the right place, and is it recorded?
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import crypto from 'node:crypto';
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { built } from '../lib/build.mjs';
import { makeCa } from '../lib/ca.mjs';
import { startReceiver } from '../lib/receiver.mjs';
import { startSmtp } from '../lib/smtp.mjs';

const secret = 'signature key of the client é';
const subject = 'Contrato nº 7 – 契約書';
let ca, smtp;
const folders = [];

before(async () => {
	ca = makeCa();
	smtp = await startSmtp({ ca });
});

after(async () => {
	await smtp.stop();
	for (const folder of folders)
		rmSync(folder, { recursive: true });
});

async function run(more = {}) {
	const given = { environment: 1, subject, secret, ca: ca.ca, allowed: ['127.0.0.1'], ...more };
	const out = await new Promise((resolve, reject) => execFile(built('tests/courier/post_tool'), [JSON.stringify(given)],
		{ maxBuffer: 1 << 26 }, (error, stdout, stderr) => error ? reject(new Error(stderr)) : resolve(stdout)));
	const kept = JSON.parse(out);
	folders.push(kept.folder);
	kept.outbox = () => {
		try {
			return readdirSync(path.join(kept.folder, 'outbox')).sort();
		} catch {
			return [];
		}
	};
	return kept;
}

const account = (server) => ({ host: server.host, port: server.port, security: 0, user: server.user, password: server.password });
const sent = (kept, kind = 'message_sent') => kept.events.filter((e) => e.kind.includes(kind));
const names = (kept) => kept.events.map((e) => e.kind);

describe('a whole envelope', () => {
	let kept, receiver, gateway, mails;

	before(async () => {
		receiver = await startReceiver({ ca });
		gateway = await startReceiver({ ca, path: '/sms' });
		mails = smtp.mails.length;
		kept = await run({
			...account(smtp), webhook: receiver.url, gateway: gateway.url, walk: true, codes: true,
			types: 'signer_signed envelope_submitted',
		});
		mails = smtp.mails.slice(mails);
	});
	after(async () => {
		await receiver.stop();
		await gateway.stop();
	});

	test('every signer gets an invitation and the news, in his language, with the subject', () => {
		assert.equal(mails.length, 5);
		const to = (address) => mails.filter((m) => m.to[0] === address);
		assert.deepEqual(to('zulmira@example.org').map((m) => m.subject).sort(), [
			`Assinado por todos: ${subject}`, `Cartório do Teste pede sua assinatura: ${subject}`]);
		assert.deepEqual(to('wadih@example.org').map((m) => m.subject).sort(), [
			`Cartório do Teste asks for your signature: ${subject}`, `Signed by everyone: ${subject}`, `Your code to sign: ${subject}`]);
		for (const mail of mails) {
			assert.equal(mail.isTls, true);
			assert.equal(mail.user, smtp.user);
			assert.deepEqual(mail.defects, []);
			assert.match(mail.text, /help@example\.com/);
			assert.match(mail.fromHeader, /Cartório do Teste.*no-reply@example\.com/);
		}
	});

	test('links and codes are in text and HTML', () => {
		const links = new Set();
		for (const mail of mails.filter((m) => !m.subject.startsWith('Your code'))) {
			const [link] = mail.text.match(/https:\/\/sign\.example\.com\/s\/[A-Za-z0-9_-]{22,}/);
			assert.ok(mail.html.includes(`href="${link}"`));
			links.add(link);
		}
		assert.equal(links.size, 2);
		const code = mails.find((m) => m.subject.startsWith('Your code'));
		assert.match(code.text, /123456/);
		assert.match(code.html, /123456/);
	});

	test('a code by SMS goes to the gateway, with its token, to the whole number', () => {
		assert.equal(gateway.requests.length, 1);
		const [request] = gateway.requests;
		const message = JSON.parse(request.body);
		assert.equal(request.headers.authorization, 'Bearer t0ken');
		assert.deepEqual([message.channel, message.to], ['sms', '+5511998877665']);
		assert.match(message.text, /^123456 .{10,153}$/);
	});

	test('the webhook comes once, as the manual has it, and only types that are wanted', () => {
		const bodies = receiver.requests.map((r) => JSON.parse(r.body));
		const completed = bodies.filter((b) => b.webhook_type === 'envelope_completed');
		assert.deepEqual(completed, [
			{ id: 'e1', status: 'completed', webhook_type: 'envelope_completed', signers: [{ id: 's0' }, { id: 's1' }] }]);
		assert.deepEqual(bodies.map((b) => b.webhook_type).sort(),
			['envelope_completed', 'envelope_submitted', 'signer_signed', 'signer_signed']);
		assert.deepEqual(bodies.filter((b) => b.webhook_type === 'signer_signed').map((b) => b.signers[0].id).sort(), ['s0', 's1']);
		assert.equal(new Set(receiver.requests.map((r) => r.headers['webhook-id'])).size, 4);
	});

	test('all three signatures verify', () => {
		for (const request of receiver.requests) {
			const { headers, body } = request;
			const legacy = crypto.createHmac('sha1', Buffer.from(secret)).update(receiver.url + 'POST').update(body).digest('hex');
			assert.equal(headers.signature, legacy);
			new Webhook(Buffer.from(secret).toString('base64')).verify(body.toString(), headers);
			const [v1, v1a] = headers['webhook-signature'].split(' ');
			assert.match(v1, /^v1,/);
			const key = crypto.createPublicKey({
				key: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }, format: 'jwk' });
			const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
			assert.ok(crypto.verify(null, Buffer.from(content), key, Buffer.from(v1a.replace('v1a,', ''), 'base64')));
			assert.ok(Math.abs(headers['webhook-timestamp'] - Date.now() / 1000) < 300);
		}
	});

	test('deliveries are events and rows of the log, targets masked', () => {
		assert.equal(kept.dead.length, 0);
		assert.equal(kept.retryIn, -1);
		assert.deepEqual(kept.outbox(), []);
		assert.equal(kept.deliveries.length, 10);
		assert.ok(kept.deliveries.every((d) => [200, 250].includes(d.status) && d.attempt === 1));
		const targets = new Set(kept.deliveries.map((d) => d.target));
		assert.ok(targets.has('+55 11 *****-7665') && targets.has('z***@e***.org'), [...targets].join());
		assert.doesNotMatch(JSON.stringify(kept.deliveries), /zulmira|998877665|\/hook/);
		assert.equal(sent(kept).length, 6, names(kept).join());
	});
});

describe('where there is no server', () => {
	for (const [what, environment, server] of [['sandbox', 0, true], ['no SMTP server', 1, false]]) {
		test(`${what}: messages are files in the outbox`, async () => {
			const before = smtp.mails.length;
			const kept = await run({ environment, ...(server ? account(smtp) : {}), walk: true, codes: true });
			const files = kept.outbox();
			assert.equal(smtp.mails.length, before);
			assert.equal(files.filter((f) => /^\d{8}T\d{9}Z-(invite|code|copy)-s[01]\.\d+\.eml$/.test(f)).length, 5, files.join());
			const [sms] = files.filter((f) => f.endsWith('.txt'));
			assert.match(readFileSync(path.join(kept.folder, 'outbox', sms), 'utf8'), /^sms \+5511998877665\n\n123456 /);
			assert.equal(sent(kept).length, 6);
			assert.ok(kept.deliveries.every((d) => d.target.endsWith('(outbox)')));
			const invite = readFileSync(path.join(kept.folder, 'outbox', files.find((f) => f.includes('invite-s1'))), 'utf8');
			assert.equal(invite.includes('SANDBOX:'), environment === 0);
		});
	}
});

describe('failures', () => {
	test('an organisation\'s own server goes before the global one', async (t) => {
		const own = await startSmtp({ ca, user: 'own', password: 'own secret' });
		t.after(() => own.stop());
		const before = smtp.mails.length;
		const settings = {
			'smtp.host': own.host, 'smtp.port': String(own.port), 'smtp.security': 'starttls', 'smtp.user': 'own',
			'smtp.password': 'own secret', 'smtp.ca': ca.ca, 'smtp.from': 'us@example.net', 'smtp.from_name': 'Nós' };
		const refused = await run({ ...account(smtp), settings });
		assert.equal(own.mails.length, 0, 'a private address that the operator did not name');
		assert.equal(refused.deliveries.filter((d) => /address/.test(d.detail)).length, 2, JSON.stringify(refused.deliveries));
		const kept = await run({ ...account(smtp), settings, mailAllowed: [own.host] });
		assert.equal(own.mails.length, 2, JSON.stringify(kept.deliveries));
		assert.equal(own.mails[0].fromHeader, 'Nós <us@example.net>');
		assert.equal(smtp.mails.length, before);
	});

	test('a code that was typed before its message could leave is not sent any more', async () => {
		const before = smtp.mails.length;
		const kept = await run({ ...account(smtp), walk: true });
		assert.equal(smtp.mails.slice(before).filter((m) => m.text.includes('123456')).length, 0);
		assert.equal(smtp.mails.length - before, 4);
		assert.equal(sent(kept).length, 4);
	});

	test('a mail that cannot go now is tried again, and the envelope goes on', async () => {
		const kept = await run({ ...account(smtp), to: 'later@example.com' });
		assert.ok(kept.retryIn > 20000 && kept.retryIn <= 30000, String(kept.retryIn));
		const failed = kept.deliveries.filter((d) => d.status === 451);
		assert.equal(failed.length, 1);
		assert.equal(sent(kept).length, 1);
		assert.equal(sent(kept, 'message_failed').length, 0);
	});

	test('a mailbox that does not exist is an event, and kept for the operator', async () => {
		const kept = await run({ ...account(smtp), to: 'reject@example.com' });
		assert.equal(kept.dead.length, 1);
		assert.equal(sent(kept, 'message_failed').length, 1);
		assert.equal(kept.retryIn, -1);
	});

	for (const [profile, status, isAccepted] of [['legacy', 200, true], ['legacy', 201, false], ['legacy', 302, false],
		['standard', 204, true], ['standard', 500, false]]) {
		test(`webhook, ${profile} profile: ${status} is ${isAccepted ? 'success' : 'tried again in 30 s'}`, async () => {
			const receiver = await startReceiver({ ca, answer: () => ({ status }) });
			const kept = await run({ webhook: receiver.url, profile, types: 'envelope_submitted' });
			assert.equal(receiver.requests.length, 1);
			if (isAccepted)
				assert.equal(kept.retryIn, -1);
			else
				assert.ok(kept.retryIn > 20000 && kept.retryIn <= 30000, String(kept.retryIn));
			await receiver.stop();
		});
	}

	test('a webhook to a private address that nobody allowed is never sent, and kept', async () => {
		const receiver = await startReceiver({ ca });
		const kept = await run({ webhook: receiver.url.replace('127.0.0.1', 'localhost'), allowed: [], types: 'envelope_submitted' });
		assert.equal(receiver.requests.length, 0);
		assert.match(kept.dead[0], /may not be contacted/);
		await receiver.stop();
	});
});
