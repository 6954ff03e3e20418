// Does an upgraded connection speak RFC 6455 with the ws package, and does it hold what a hostile peer does to it?
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import WebSocket from 'ws';
import { Wire, ask, counts, eventually, get, serve } from './wire.mjs';

const key = 'dGhlIHNhbXBsZSBub25jZQ=='; // RFC 6455 §1.3
const asking = (...lines) => get('/socket', 'Upgrade: websocket', 'Connection: keep-alive, Upgrade', ...lines);
const whole = ['Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${key}`];

// The client of another, who collects what it hears.
async function open(server, t, path = '/socket', options = {}) {
	const ws = new WebSocket(`wss://127.0.0.1:${server.port}${path}`, { rejectUnauthorized: false, ...options });
	ws.heard = [];
	ws.on('message', (data) => ws.heard.push(data.toString()));
	ws.ended = new Promise((resolve) => ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() })));
	ws.says = async (text) => eventually(() => ws.heard.includes(text));
	t.after(() => ws.terminate());
	await once(ws, 'open');
	return ws;
}

function frame(first, payload = '', { mask = randomBytes(4), masked = true, length } = {}) {
	const body = Buffer.from(payload);
	const size = length ?? (body.length < 126 ? [body.length] : [126, body.length >> 8, body.length & 255]);
	const head = Buffer.from([first, size[0] | (masked ? 0x80 : 0), ...size.slice(1), ...(masked ? mask : [])]);
	return Buffer.concat([head, masked ? Buffer.from(body.map((c, i) => c ^ mask[i % 4])) : body]);
}

// A raw one: frames that the server sent.
async function raw(server, more = '') {
	const wire = await Wire.open(server);
	wire.send(asking(...whole) + more);
	await wire.until(() => wire.bytes.includes('\r\n\r\n'));
	const end = wire.bytes.indexOf('\r\n\r\n');
	wire.head = wire.bytes.subarray(0, end).toString();
	wire.bytes = wire.bytes.subarray(end + 4);
	wire.frame = async () => {
		await wire.until(() => wire.bytes.length >= 2 && wire.bytes.length >= 2 + (wire.bytes[1] & 127));
		const size = wire.bytes[1] & 127;
		const one = { op: wire.bytes[0] & 15, body: wire.bytes.subarray(2, 2 + size) };
		wire.bytes = wire.bytes.subarray(2 + size);
		return one;
	};
	return wire;
}

test('the handshake of the RFC is answered as in the RFC', async (t) => {
	const server = await serve(t);
	const wire = await raw(server);
	assert.match(wire.head, /^HTTP\/1\.1 101 Switching Protocols\r\n/);
	assert.match(wire.head, /\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/);
	assert.doesNotMatch(wire.head, /Content-Length|Connection: close|Sec-WebSocket-(Protocol|Extensions)/i);
	assert.equal((await wire.frame()).body.toString(), 'hello');
	wire.destroy();
});

test('what asks for no socket, or not rightly, is refused and the connection goes on', async (t) => {
	const server = await serve(t);
	const refused = [
		[426, get('/socket')],
		[426, get('/socket', 'Upgrade: websocket', ...whole)],
		[426, get('/socket', 'Connection: Upgrade', ...whole)],
		[426, get('/socket', 'Connection: Upgrade', 'Upgrade: h2c', ...whole)],
		[426, asking(`Sec-WebSocket-Key: ${key}`)],
		[426, asking('Sec-WebSocket-Version: 8', `Sec-WebSocket-Key: ${key}`)],
		[426, asking('Sec-WebSocket-Version: 13', 'Sec-WebSocket-Version: 8', `Sec-WebSocket-Key: ${key}`)],
		[400, asking('Sec-WebSocket-Version: 13')],
		[400, asking('Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ')],
		[400, asking('Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQo=')],
		[400, asking(...whole, `Sec-WebSocket-Key: ${key}`)],
	];
	const wire = await Wire.open(server);
	for (const [status, bytes] of refused) {
		const reply = await wire.send(bytes).reply();
		assert.equal(reply.status, status, bytes);
		assert.equal(reply.headers.upgrade, status === 426 ? 'websocket' : undefined);
		assert.equal(reply.headers['sec-websocket-version'], status === 426 ? '13' : undefined);
	}
	assert.equal((await wire.send(get('/health')).reply()).status, 200);
	wire.destroy();
	const old = await ask(server, asking(...whole).replace('HTTP/1.1', 'HTTP/1.0'));
	assert.equal(old.reply.status, 426);
	old.wire.destroy();
	assert.equal((await ask(server, asking(...whole).replace('GET', 'HEAD'), 'HEAD')).reply.status, 426);
	assert.equal((await counts(server)).sockets, 0);
});

test('texts come back in order, in parts, of every size, beside pings', async (t) => {
	const server = await serve(t);
	const ws = await open(server, t);
	const texts = Array.from({ length: 300 }, (_, i) => `${i} ${'ç'.repeat(i)}`);
	for (const text of texts) {
		ws.send(text.slice(0, 3), { fin: false });
		ws.ping('x');
		ws.send(text.slice(3), { fin: true });
	}
	const largest = 'l'.repeat(16384);
	ws.send(largest);
	await ws.says(largest);
	assert.deepEqual(ws.heard, ['hello', ...texts, largest]);
	const pong = once(ws, 'pong');
	ws.ping('are you there');
	assert.equal((await pong)[0].toString(), 'are you there');
	ws.close(1000);
	assert.equal((await ws.ended).code, 1000);
	await eventually(async () => (await counts(server)).sockets === 0);
});

test('the app ends a socket with its code, and a peer that never closes is dropped', async (t) => {
	const server = await serve(t, { socket_ms: 300 });
	const ws = await open(server, t);
	ws.send('close 1008');
	assert.equal((await ws.ended).code, 1008);
	const wire = await raw(server);
	await wire.frame();
	wire.send(frame(0x81, 'close 4001'));
	const { op, body } = await wire.frame();
	assert.deepEqual([op, body.readUInt16BE()], [8, 4001]);
	assert.ok(await wire.closed());
});

test('what RFC 6455 forbids ends in its code', async (t) => {
	const server = await serve(t);
	const forbidden = [
		[1002, frame(0x81, 'x', { masked: false })],
		[1002, frame(0xc1, 'x')],
		[1002, frame(0x83, 'x')],
		[1003, frame(0x82, 'x')],
		[1002, frame(0x80, 'x')],
		[1002, frame(0x09, 'x')],
		[1002, Buffer.concat([frame(0x01, 'x'), frame(0x81, 'y')])],
		[1007, frame(0x81, Buffer.from([0xc3, 0x28]))],
		[1009, frame(0x81, 'x'.repeat(16385))],
		[1009, frame(0x81, '', { length: [127, 0x7f, 255, 255, 255, 255, 255, 255, 255] })],
		[1002, frame(0x81, '', { length: [127, 0x80, 0, 0, 0, 0, 0, 0, 0] })],
		[1002, frame(0x81, '', { length: [126, 0, 3] })],
		[1002, frame(0x88, Buffer.from([3]))],
		[1002, frame(0x88, Buffer.from([3, 0xed]))],
		[1002, Buffer.from('GET / HTTP/1.1\r\n\r\n')],
	];
	for (const [code, bytes] of forbidden) {
		const wire = await raw(server);
		await wire.frame();
		wire.send(bytes);
		const { op, body } = await wire.frame();
		assert.deepEqual([op, body.readUInt16BE()], [8, code], bytes.toString('hex').slice(0, 40));
		assert.ok(await wire.closed());
		wire.destroy();
	}
	await eventually(async () => (await counts(server)).sockets === 0);
});

test('what came before a close is told before it is answered', async (t) => {
	const server = await serve(t);
	for (const [end, code] of [[frame(0x88, Buffer.from([3, 232])), 1000], [frame(0x82, 'x'), 1003]]) {
		const wire = await raw(server);
		await wire.frame();
		wire.send(Buffer.concat([frame(0x81, 'first'), frame(0x81, 'last'), end]));
		assert.equal((await wire.frame()).body.toString(), 'first');
		assert.equal((await wire.frame()).body.toString(), 'last');
		assert.equal((await wire.frame()).body.readUInt16BE(), code);
		assert.ok(await wire.closed());
		wire.destroy();
	}
});

test('frames that come with the handshake are read, and a close without a code is answered', async (t) => {
	const server = await serve(t);
	const wire = await Wire.open(server);
	wire.send(Buffer.concat([Buffer.from(asking(...whole)), frame(0x81, 'early'), frame(0x88)]));
	await wire.until(() => wire.ended);
	const text = wire.bytes.toString('latin1');
	assert.ok(text.startsWith('HTTP/1.1 101'));
	assert.ok(text.endsWith('\x88\x00'), JSON.stringify(text.slice(-40)));
});

test('a poke reaches the sockets it means, at once', async (t) => {
	const server = await serve(t);
	const mine = [await open(server, t), await open(server, t)];
	const other = await open(server, t, '/socket?other');
	for (const ws of [...mine, other]) await ws.says('hello');
	server.child.stdin.write('p');
	for (const ws of mine) await ws.says('poked');
	other.send('done');
	await other.says('done');
	assert.deepEqual(other.heard.filter((text) => text !== 'poked'), ['hello', 'done']);
	assert.deepEqual(mine[0].heard, ['hello', 'poked']);
});

test('pings come, and a silent peer is cut', async (t) => {
	const server = await serve(t, { ping_ms: 50, socket_ms: 300 });
	const ws = await open(server, t);
	for (let i = 0; i < 8; i++) await once(ws, 'ping'); // longer than a silent one may stay
	const mute = await open(server, t, '/socket', { autoPong: false });
	assert.equal((await mute.ended).code, 1006);
	await server.says(/peer was cut" peer=\S+ why=silent/);
	ws.send('still');
	await ws.says('still');
});

test('who does not read is cut, and holds little until then', async (t) => {
	const server = await serve(t, { socket_ms: 500 });
	const wire = await raw(server);
	await wire.frame();
	wire.socket.pause();
	wire.send(frame(0x81, 'more 1000000')); // and each turn only when the last was written
	await server.says(/peer was cut" peer=\S+ why=slow/);
	const { turns, sockets } = await counts(server);
	assert.equal(sockets, 0);
	assert.ok(turns < 500000);
	wire.destroy();
});

test('a drain says 1001, also to one that is at work', async (t) => {
	const server = await serve(t);
	const all = [await open(server, t), await open(server, t), await open(server, t)];
	all[0].send('more 20000');
	await all[0].says('more 20000');
	server.child.kill('SIGTERM');
	for (const ws of all) assert.equal((await ws.ended).code, 1001);
	assert.equal((await server.exited)[0], 0);
});

test('many that come and go leave nothing', async (t) => {
	const server = await serve(t);
	for (let round = 0; round < 4; round++) {
		const wires = await Promise.all(Array.from({ length: 25 }, () => raw(server)));
		wires.forEach((wire, i) => {
			if (i % 3 === 1) wire.send(frame(0x01, 'half'));
			if (i % 3 === 2) wire.send(frame(0x81, 'more 50'));
			wire.destroy();
		});
	}
	await eventually(async () => (await counts(server)).sockets === 0);
});

test('frames of a fixed dice never stop the server', async (t) => {
	const server = await serve(t);
	let seed = 20261123;
	const dice = (n) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % n;
	for (let i = 0; i < 60; i++) {
		const wire = await raw(server);
		for (let n = 0; n < 20; n++) {
			const bytes = createHash('sha256').update(`${seed}`).digest().subarray(0, dice(33));
			wire.send(dice(4) === 0 ? bytes : frame([0x81, 0x01, 0x80, 0x00, 0x89, 0x8a][dice(6)], 'x'.repeat(dice(200))));
		}
		wire.destroy();
	}
	await eventually(async () => (await counts(server)).sockets === 0);
	assert.equal((await ask(server, get('/health'))).reply.status, 200);
});
