// Is a large body read for those only who may send one, and does it leave workers to everybody else?
import test from 'node:test';
import assert from 'node:assert/strict';
import { serve, get, Wire } from './wire.mjs';

const size = 1000000;
const upload = (more = '') => `POST /upload HTTP/1.1\r\nHost: test\r\n${more}Content-Length: ${size}\r\n\r\n`;
const chunked = (more = '') => `POST /upload HTTP/1.1\r\nHost: test\r\n${more}Transfer-Encoding: chunked\r\n\r\n`;

test('a refusal comes before the body and ends the connection', async (t) => {
	const server = await serve(t);
	for (const head of [upload('X-Refuse: 1\r\n'), chunked('X-Refuse: 1\r\n'), upload('X-Refuse: 1\r\nExpect: 100-continue\r\n')]) {
		const wire = await Wire.open(server);
		wire.send(head);
		const reply = await wire.reply();
		assert.equal(reply.status, 401);
		assert.equal(reply.headers.connection, 'close');
		assert.ok(await wire.closed());
		wire.destroy();
	}
});

test('who may send is read, however the body comes, and may go on', async (t) => {
	const server = await serve(t);
	const wire = await Wire.open(server);
	const body = 'x'.repeat(size);
	wire.send(upload() + body + get('/health'));
	assert.equal((await wire.reply()).json.size, size);
	assert.equal((await wire.reply()).status, 200);
	wire.send(chunked());
	wire.send(`${size.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
	assert.equal((await wire.reply()).json.size, size);
	wire.send(upload('Expect: 100-continue\r\n'));
	assert.equal((await wire.reply()).status, 100);
	wire.send(body);
	assert.equal((await wire.reply()).json.size, size);
	wire.destroy();
});

test('a peer that leaves while it is judged does no harm', async (t) => {
	const server = await serve(t);
	for (let i = 0; i < 50; i++) {
		const wire = await Wire.open(server);
		wire.send(upload(i % 2 ? 'X-Refuse: 1\r\n' : ''));
		wire.destroy();
	}
	const wire = await Wire.open(server);
	wire.send(get('/health'));
	assert.equal((await wire.reply()).status, 200);
	wire.destroy();
});
