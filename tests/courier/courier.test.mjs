// Does courier carry mails and webhooks to real servers, and nowhere it must not?
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { makeCa } from '../lib/ca.mjs';
import { startCourier } from '../lib/courier.mjs';
import { startReceiver } from '../lib/receiver.mjs';
import { startSmtp } from '../lib/smtp.mjs';

const STARTTLS = 0, TLS = 1, PLAIN = 2;
const subject = 'Contrato nº 7 – 契約書 – עברית';
let courier, ca, smtp;

before(async () => {
	courier = startCourier();
	ca = makeCa();
	smtp = await startSmtp({ ca });
});

after(async () => {
	await smtp.stop();
	assert.equal(await courier.stop(), 0);
});

async function compose(more = {}) {
	const answer = await courier.run('compose', {
		fromName: 'Empresa Ação', from: 'no-reply@example.com', toName: 'José "Zé" da Silva', to: 'jose@example.com',
		subject, text: 'Olá José,\n\n.uma linha que começa com ponto\nfim \n', html: '<p>Olá <b>José</b></p>\n',
		messageId: 'm1@example.com', now: 1767225600000, ...more,
	});
	assert.equal(answer.error, 'OK');
	return Buffer.from(answer.message, 'base64').toString('latin1');
}

async function send(more = {}, server = smtp) {
	return courier.run('mail', {
		host: server.host, port: server.port, security: STARTTLS, user: server.user, password: server.password,
		ca: ca.ca, from: 'no-reply@example.com', to: 'jose@example.com', message: await compose(), ...more,
	});
}

describe('mail', () => {
	test('arrives by STARTTLS and login, and reads as it was written', async () => {
		const answer = await send();
		assert.deepEqual([answer.error, answer.isDone, answer.status], ['OK', true, 250], answer.detail);
		const mail = await smtp.waitFor();
		assert.equal(mail.isTls, true);
		assert.equal(mail.user, smtp.user);
		assert.equal(mail.from, 'no-reply@example.com');
		assert.deepEqual(mail.to, ['jose@example.com']);
		assert.equal(mail.subject, subject);
		assert.equal(mail.fromHeader, 'Empresa Ação <no-reply@example.com>');
		assert.match(mail.toHeader, /José/);
		assert.equal(mail.text.replaceAll('\r\n', '\n').trimEnd(), 'Olá José,\n\n.uma linha que começa com ponto\nfim');
		assert.equal(mail.html.trim(), '<p>Olá <b>José</b></p>');
		assert.deepEqual(mail.defects, []);
		assert.equal(mail.contentType, 'multipart/alternative');
	});

	test('arrives by TLS from the first byte', async () => {
		const server = await startSmtp({ ca, security: 'tls' });
		const answer = await send({ security: TLS }, server);
		assert.equal(answer.isDone, true, answer.detail);
		assert.equal((await server.waitFor()).user, server.user);
		await server.stop();
	});

	test('without TLS only to loopback', async () => {
		const server = await startSmtp({ security: 'plain', user: undefined });
		const plain = { security: PLAIN, user: null, password: null, ca: null };
		assert.equal((await send(plain, server)).isDone, true);
		const answer = await send({ ...plain, host: '203.0.113.9' }, server);
		assert.deepEqual([answer.isDone, answer.isPermanent], [false, true]);
		assert.match(answer.detail, /may not be contacted/);
		assert.equal(server.mails.length, 1);
		await server.stop();
	});

	test('never goes on in clear when STARTTLS is missing', async () => {
		const server = await startSmtp({ security: 'plain', user: undefined });
		const answer = await send({ user: null, password: null }, server);
		assert.deepEqual([answer.isDone, answer.isPermanent], [false, false], answer.detail);
		assert.equal(server.mails.length, 0);
		await server.stop();
	});

	test('refuses a certificate of an unknown authority or another name', async () => {
		const count = smtp.mails.length;
		const unknown = await send({ ca: makeCa().ca });
		assert.deepEqual([unknown.isDone, unknown.isPermanent], [false, false]);
		const other = await startSmtp({ ca: { ...makeCa(['DNS:mail.example.com']) } });
		const wrong = await send({ ca: other.ca.ca }, other);
		assert.equal(wrong.isDone, false);
		assert.equal(smtp.mails.length, count);
		assert.equal(other.mails.length, 0);
		await other.stop();
	});

	test('a wrong password can be mended, so the mail waits, and the password is told to nobody', async () => {
		const answer = await send({ password: 'wr0ng-secret' });
		assert.deepEqual([answer.isDone, answer.isPermanent], [false, false], answer.detail);
		assert.doesNotMatch(answer.detail + courier.log(), /wr0ng-secret/);
	});

	test('a mailbox that does not exist is final, a busy one is not', async () => {
		const gone = await send({ to: 'reject@example.com' });
		assert.deepEqual([gone.isDone, gone.isPermanent, gone.status], [false, true, 550], gone.detail);
		const busy = await send({ to: 'later@example.com' });
		assert.deepEqual([busy.isDone, busy.isPermanent, busy.status], [false, false, 451], busy.detail);
	});

	test('a server that is not there is tried again', async () => {
		const probe = net.createServer().listen(0, '127.0.0.1');
		await new Promise((resolve) => probe.once('listening', resolve));
		const { port } = probe.address();
		await new Promise((resolve) => probe.close(resolve));
		const answer = await send({ port });
		assert.deepEqual([answer.isDone, answer.isPermanent], [false, false], answer.detail);
	});

	test('a host that a tenant chose stays under the deny list', async (t) => {
		const answer = await send({ host: 'localhost', isGuarded: true });
		assert.deepEqual([answer.isDone, answer.isPermanent], [false, true], answer.detail);
		const open = await startSmtp({ security: 'plain', user: undefined });
		t.after(() => open.stop());
		const unprotected = await send({ security: PLAIN, user: null, password: null, ca: null, isGuarded: true }, open);
		assert.deepEqual([unprotected.isDone, unprotected.isPermanent], [false, true], unprotected.detail);
	});

	test('a courier that dies in the middle is told from a server that says no', async () => {
		const other = startCourier();
		const job = { host: smtp.host, port: smtp.port, security: STARTTLS, user: smtp.user, password: smtp.password,
			ca: ca.ca, from: 'no-reply@example.com', to: 'slow@example.com', message: await compose() };
		assert.equal((await other.run('mail', { ...job, to: 'reject@example.com' })).status, 550);
		const [child] = readFileSync(`/proc/${other.pid}/task/${other.pid}/children`, 'utf8').trim().split(' ').map(Number);
		assert.ok(child > 1);
		const answer = other.run('mail', job);
		process.kill(child, 'SIGKILL');
		assert.equal((await answer).error, 'PEER_GONE');
		await other.stop();
	});

	test('a large mail and many at once all arrive', async () => {
		const server = await startSmtp({ ca });
		const text = 'Ünïcode line of a long letter\n'.repeat(20000);
		const message = await compose({ text });
		const answers = await Promise.all(Array.from({ length: 20 }, (_, i) =>
			send({ to: `p${i}@example.com`, message }, server)));
		assert.deepEqual(answers.map((a) => a.isDone), Array(20).fill(true), answers[0].detail);
		assert.equal(new Set(server.mails.map((m) => m.to[0])).size, 20);
		assert.ok(server.mails.every((m) => m.text.replaceAll('\r\n', '\n').trimEnd() === text.trimEnd()));
		await server.stop();
	});
});

describe('what a mail reader makes of a header', () => {
	const hostile = [
		'a\r\nBcc: eve@example.com', '=?utf-8?B?DQpCY2M6IHg=?=', '"q\\" <eve@example.com>',
		'契約書への署名をお願いします。'.repeat(12), 'हिन्दी العربية ไทย 🖊️👩‍👩‍👧‍👦 é', 'plain', 'x'.repeat(200), ' two  spaces ',
	];
	const script = `
import email, email.header, email.policy, email.utils, json, sys
raw = sys.stdin.buffer.read()
m = email.message_from_bytes(raw, policy=email.policy.default)
# Python before 3.13 puts spaces between the encoded-words of a display name when it parses addresses.
name, _ = email.utils.parseaddr(email.message_from_bytes(raw)["to"])
print(json.dumps({"subject": m["subject"], "name": str(email.header.make_header(email.header.decode_header(name))),
  "addresses": [a.addr_spec for a in m["to"].addresses], "keys": m.keys(), "defects": [repr(d) for d in m.defects],
  "date": m["date"].datetime.isoformat()}))`;

	for (const value of hostile) {
		test(JSON.stringify(value.slice(0, 40)), async () => {
			const message = Buffer.from(await compose({ subject: value, toName: value }), 'latin1');
			const read = JSON.parse(execFileSync('/usr/bin/python3', ['-c', script], { input: message }));
			const expected = value.replace(/[\r\n]/g, ' ');
			assert.equal(read.subject, expected);
			assert.equal(read.name, expected);
			assert.deepEqual(read.addresses, ['jose@example.com']);
			assert.ok(!read.keys.includes('Bcc'));
			assert.deepEqual(read.defects, []);
			assert.equal(read.date, '2026-01-01T00:00:00+00:00');
		});
	}
});

describe('post', () => {
	const body = JSON.stringify({ id: 'é', status: 'completed' });
	const post = (url, more = {}) => courier.run('post', {
		url, headers: ['Content-Type: application/json', 'X-Test: 1'], body, ca: ca.ca, allowed: ['127.0.0.1'], ...more,
	});

	test('arrives by HTTPS with headers and body, and the answer comes back cut', async () => {
		const receiver = await startReceiver({ ca, path: '/hook?a=1&b=%20', answer: () => ({ status: 200, body: 'y'.repeat(100000) }) });
		const answer = await post(receiver.url);
		assert.deepEqual([answer.isDone, answer.status, answer.answer.length], [true, 200, 4096], answer.detail);
		const [request] = receiver.requests;
		assert.deepEqual([request.method, request.url], ['POST', '/hook?a=1&b=%20']);
		assert.equal(request.body.toString(), body);
		assert.equal(request.headers['content-type'], 'application/json');
		assert.equal(request.headers['x-test'], '1');
		assert.equal(request.headers.expect, undefined);
		assert.equal(receiver.requests.length, 1);
		await receiver.stop();
	});

	test('other statuses come back, a redirect is not followed', async () => {
		const target = await startReceiver({ ca });
		const answers = [[201], [204], [302, { location: target.url }], [307, { location: target.url }], [500], [503]];
		const receiver = await startReceiver({ ca, answer: (_, n) => ({ status: answers[n - 1][0], headers: answers[n - 1][1] }) });
		for (const [status] of answers) {
			const answer = await post(receiver.url);
			assert.deepEqual([answer.isDone, answer.status], [true, status], answer.detail);
		}
		assert.equal(target.requests.length, 0);
		await receiver.stop();
		await target.stop();
	});

	test('a private address is reached only when allowed by name', async () => {
		const receiver = await startReceiver({ ca });
		const byName = receiver.url.replace('127.0.0.1', 'localhost');
		for (const [url, allowed] of [[receiver.url, []], [byName, []], [byName, ['127.0.0.1']], [receiver.url, ['localhost']]]) {
			const answer = await post(url, { allowed });
			assert.deepEqual([answer.isDone, answer.isPermanent], [false, true], `${url} ${allowed}: ${answer.detail}`);
		}
		assert.equal(receiver.requests.length, 0);
		assert.equal((await post(byName, { allowed: ['LOCALHOST'] })).status, 200);
		await receiver.stop();
	});

	test('without TLS only to an allowed name', async () => {
		const receiver = await startReceiver({ isTls: false });
		assert.equal((await post(receiver.url)).status, 200);
		assert.equal((await post(receiver.url, { allowed: [] })).isPermanent, true);
		assert.equal(receiver.requests.length, 1);
		await receiver.stop();
	});

	test('refuses a certificate of an unknown authority', async () => {
		const receiver = await startReceiver({ ca });
		const answer = await post(receiver.url, { ca: makeCa().ca });
		assert.deepEqual([answer.isDone, answer.isPermanent], [false, false], answer.detail);
		assert.equal(receiver.requests.length, 0);
		await receiver.stop();
	});

	test('a proxy of the environment is not used', async () => {
		const receiver = await startReceiver({ ca });
		const before = process.env.https_proxy;
		process.env.https_proxy = 'http://127.0.0.1:9';
		const other = startCourier();
		const answer = await other.run('post', { url: receiver.url, headers: [], body, ca: ca.ca, allowed: ['127.0.0.1'] });
		if (before === undefined)
			delete process.env.https_proxy;
		assert.equal(answer.status, 200, answer.detail);
		await other.stop();
		await receiver.stop();
	});
});

describe('webhook signatures', () => {
	const url = 'https://client.example/hook?a=1';
	const key = 'k'.repeat(32);
	const body = JSON.stringify({ id: 'ação', status: 'completed' });

	test('the legacy one is what the manual\'s Python computes', async () => {
		const { legacy } = await courier.run('sign', { key, url, body, messageId: 'm', timestamp: 1 });
		const script = 'import hmac,hashlib,sys\nk,u,p=sys.argv[1:]\nprint(hmac.new(k.encode("utf-8"),(u+"POST"+p).encode("utf-8"),hashlib.sha1).hexdigest())';
		const expected = execFileSync('/usr/bin/python3', ['-c', script, key, url, body]).toString().trim();
		assert.equal(legacy, expected);
	});

	test('v1 is what Standard Webhooks receivers compute', async () => {
		const timestamp = Math.floor(Date.now() / 1000);
		const { v1 } = await courier.run('sign', { key, url, body, messageId: 'msg_2', timestamp });
		const mac = crypto.createHmac('sha256', key).update(`msg_2.${timestamp}.${body}`).digest('base64');
		assert.equal(v1, `v1,${mac}`);
		const library = await import('standardwebhooks').catch(() => null);
		if (library) {
			const webhook = new library.Webhook(Buffer.from(key).toString('base64'));
			webhook.verify(body, { 'webhook-id': 'msg_2', 'webhook-timestamp': String(timestamp), 'webhook-signature': v1 });
			assert.throws(() => webhook.verify(body + ' ',
				{ 'webhook-id': 'msg_2', 'webhook-timestamp': String(timestamp), 'webhook-signature': v1 }));
		}
	});
});
