// Does a connection end when it must, and only then, and is no acknowledged request lost?
import test from 'node:test';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { serve, ask, get, counts, eventually, Wire, net } from './wire.mjs';

const slow = { head_ms: 300, body_ms: 300, keepalive_ms: 300, body_rate: 100000000 };
const upload = (size) => `POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: ${size}\r\n\r\n`;

test('deadlines are absolute: bytes trickling in do not move them', async (t) => {
	const server = await serve(t, slow);
	const trickle = (wire, byte) => {
		const timer = setInterval(() => wire.ended || wire.send(byte), 20);
		wire.until(() => false).then(() => clearInterval(timer));
	};

	await t.test('no TLS', async () => {
		const socket = net.connect(server.port, '127.0.0.1');
		await once(socket, 'close');
	});
	await t.test('TLS and silence', async () => {
		const wire = await Wire.open(server);
		assert.ok(await wire.closed());
	});
	await t.test('a head that never ends is told so', async () => {
		const wire = await Wire.open(server);
		wire.send('GET /health HTTP/1.1\r\nX: ');
		trickle(wire, 'a');
		const reply = await wire.reply();
		assert.equal(reply.status, 408);
		assert.equal(reply.json.symbol, 'SLOW');
		assert.ok(await wire.closed());
		wire.destroy();
	});
	await t.test('a second head that never ends', async () => {
		const wire = await Wire.open(server);
		wire.send(get('/health') + 'GET /');
		assert.equal((await wire.reply()).status, 200);
		trickle(wire, 'a');
		assert.equal((await wire.reply()).status, 408);
		wire.destroy();
	});
	await t.test('a body that never ends', async () => {
		const wire = await Wire.open(server);
		wire.send(upload(1000));
		trickle(wire, 'a');
		assert.equal((await wire.reply()).status, 408);
		wire.destroy();
	});
	await t.test('chunks that never end', async () => {
		const wire = await Wire.open(server);
		wire.send('POST /upload HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n');
		trickle(wire, '1\r\na\r\n');
		assert.equal((await wire.reply()).status, 408);
		wire.destroy();
	});
	await t.test('a client that promises a body and waits', async () => {
		const wire = await Wire.open(server);
		wire.send('POST /upload HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n');
		assert.equal((await wire.reply()).status, 100);
		assert.equal((await wire.reply()).status, 408);
		wire.destroy();
	});
	await t.test('an idle connection ends without a word', async () => {
		const { wire, reply } = await ask(server, get('/health'));
		assert.equal(reply.status, 200);
		assert.ok(await wire.closed());
	});
	await t.test('a client that does not read its reply', async () => {
		const wire = await Wire.open(server);
		wire.socket.pause();
		const before = (await counts(server)).closed;
		wire.send(get('/file/x').repeat(40));
		await eventually(async () => (await counts(server)).closed > before);
		wire.socket.resume();
		await wire.until(() => false);
		assert.ok(wire.bytes.length < 40 * 1000000);
	});
});

test('pipelined requests are answered in order, one at a time', async (t) => {
	const server = await serve(t);
	const wire = await Wire.open(server);
	const n = 300;
	let bytes = '';
	for (let i = 0; i < n; i++)
		bytes += i % 3 === 0 ? `POST /echo?q=${i} HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nGET /` : get(`/echo?q=${i}`);
	wire.send(bytes);
	for (let i = 0; i < n; i++) {
		const reply = await wire.reply();
		assert.equal(reply.json.q, String(i));
		assert.equal(reply.headers.connection, undefined);
	}
	wire.send(get('/health', 'Connection: close') + get('/health'));
	assert.equal((await wire.reply()).headers.connection, 'close');
	assert.ok(await wire.closed());
	wire.destroy();
});

test('HTTP/1.0 and Connection: close end the connection', async (t) => {
	const server = await serve(t);
	for (const bytes of ['GET /health HTTP/1.0\r\nHost: test\r\n\r\n', get('/health', 'Connection: foo, Close')]) {
		const { wire, reply } = await ask(server, bytes);
		assert.equal(reply.headers.connection, 'close');
		assert.ok(await wire.closed());
	}
});

test('a full queue answers 503 with Retry-After, and goes on when workers are free', async (t) => {
	const server = await serve(t, { workers: 2, queue: 3 });
	const waiting = [];
	for (let i = 0; i < 2; i++)
		waiting.push((await Wire.open(server)).send(get('/wait')));
	await server.says(/waiting 2/);
	const wires = [];
	let busy = 0;
	for (let i = 0; i < 8; i++)
		wires.push((await Wire.open(server)).send(get('/sleep')));
	const replies = Promise.all(wires.map((w) => w.reply().then((r) => {
		if (r.status !== 503) return r;
		busy++;
		assert.equal(r.headers['retry-after'], '1');
		assert.equal(r.json.symbol, 'BUSY');
		return r;
	})));
	await eventually(() => busy === 5);
	server.child.kill('SIGUSR1');
	assert.equal((await replies).filter((r) => r.status === 200).length, 3);
	for (const w of waiting) assert.equal((await w.reply()).body.toString(), 'waited\n');
	for (const w of [...waiting, ...wires]) {
		w.send(get('/health'));
		assert.equal((await w.reply()).status, 200, 'busy does not end the connection');
		w.destroy();
	}
});

test('a request that waited too long for a worker is not begun', async (t) => {
	const server = await serve(t, { workers: 1, queue: 1, queue_ms: 50 });
	const first = (await Wire.open(server)).send(get('/wait'));
	await server.says(/waiting 1/);
	// One of two finds the queue full at once: then the other is in it.
	const pair = [(await Wire.open(server)).send(get('/echo')), (await Wire.open(server)).send(get('/echo'))];
	const replies = pair.map((w) => w.reply());
	assert.equal((await Promise.race(replies)).status, 503);
	await new Promise((r) => setTimeout(r, 100));
	server.child.kill('SIGUSR1');
	assert.equal((await first.reply()).status, 200);
	for (const r of await Promise.all(replies)) assert.equal(r.status, 503);
	assert.equal((await counts(server)).handled, 1);
	for (const w of [first, ...pair]) w.destroy();
});

test('a client that is gone when its job returns harms nobody', async (t) => {
	const server = await serve(t, { workers: 8 });
	const sockets = [];
	for (let i = 0; i < 8; i++) {
		const socket = net.connect(server.port, '127.0.0.1');
		(await Wire.open(server, { socket })).send(get('/wait') + get('/echo'));
		sockets.push(socket);
	}
	await server.says(/waiting 8/);
	for (const [i, socket] of sockets.entries())
		if (i % 2) socket.destroy();
		else socket.resetAndDestroy();
	server.child.kill('SIGUSR1');
	await eventually(async () => (await counts(server)).handled >= 8);
	const { reply, wire } = await ask(server, get('/health'));
	assert.equal(reply.status, 200);
	wire.destroy();
});

test('a client that goes during its upload leaves nothing behind', async (t) => {
	const server = await serve(t, { buffered_bytes: 3000000 });
	for (let i = 0; i < 20; i++) {
		const wire = await Wire.open(server);
		wire.send(Buffer.concat([Buffer.from(upload(2000000)), Buffer.alloc(500000)]));
		await new Promise((r) => wire.socket.write('', r));
		i % 2 ? wire.destroy() : wire.socket.end();
		await once(wire.socket, 'close');
	}
	const { wire, reply } = await ask(server, Buffer.concat([Buffer.from(upload(1000000)), Buffer.alloc(1000000)]));
	assert.equal(reply.json.size, 1000000);
	wire.destroy();
});

test('bodies of all connections together have a cap', async (t) => {
	const server = await serve(t, { buffered_bytes: 7000000 });
	const pair = [await Wire.open(server), await Wire.open(server)];
	for (const w of pair) w.send(Buffer.concat([Buffer.from(upload(3000000)), Buffer.alloc(2900000)]));
	const replies = pair.map(async (w, n) => [n, await w.reply()]);
	const [i, reply] = await Promise.race(replies);
	assert.equal(reply.status, 503);
	assert.equal(reply.json.symbol, 'BUSY');
	pair[1 - i].send(Buffer.alloc(100000));
	const [, other] = await replies[1 - i];
	assert.equal(other.json?.size, 3000000, other.body.toString());
	for (const w of pair) w.destroy();
	const { reply: after, wire } = await ask(server, Buffer.concat([Buffer.from(upload(3000000)), Buffer.alloc(3000000)]));
	assert.equal(after.status, 200, 'what was held was given back');
	wire.destroy();
});

test('at the cap of connections an idle one makes room; busy ones stay', async (t) => {
	const server = await serve(t, { connections: 3 });
	const idle = await Wire.open(server);
	idle.send(get('/health'));
	await idle.reply();
	const busy = [(await Wire.open(server)).send(upload(10)), (await Wire.open(server)).send(upload(10))];
	const fresh = await Wire.open(server);
	fresh.send(get('/health'));
	assert.equal((await fresh.reply()).status, 200);
	assert.ok(await idle.closed());
	for (const w of busy) {
		w.send('0123456789');
		assert.equal((await w.reply()).json.body, '0123456789');
		w.destroy();
	}
	fresh.destroy();
});

test('when connections run short, one address cannot take them all', async (t) => {
	const server = await serve(t, { connections: 16 });
	const wires = [];
	for (let i = 0; i < 8; i++) wires.push(await Wire.open(server, { host: '::1' }));
	await assert.rejects(Wire.open(server, { host: '::1' }));
	const { wire, reply } = await ask(server, get('/health'));
	assert.equal(reply.status, 200);
	for (const w of [wire, ...wires]) w.destroy();
});

test('a drain answers all that is in flight', async (t) => {
	const server = await serve(t, { workers: 8, drain_idle_ms: 500 });
	const asked = 300;
	const wires = [];
	for (let i = 0; i < asked; i++) wires.push(await Wire.open(server));
	const idle = await Wire.open(server);
	idle.send(get('/health'));
	await idle.reply();
	const halfway = await Wire.open(server);
	halfway.send(upload(10) + '01234');
	for (const [i, w] of wires.entries())
		w.send(i % 2 ? get('/sleep?ms=5') : 'POST /sleep HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nabc');
	const replies = wires.map((w) => w.reply());
	await Promise.race(replies);
	server.child.kill('SIGTERM');
	await eventually(() => /draining/.test(server.log));
	idle.send(get('/echo'));
	halfway.send('56789');
	for (const r of await Promise.all(replies)) assert.equal(r?.status, 200);
	const last = await idle.reply();
	assert.equal(last.status, 200);
	assert.equal(last.headers.connection, 'close');
	assert.equal((await halfway.reply()).json.body, '0123456789');
	const [code] = await server.exited;
	assert.equal(code, 0, server.log);
});

test('a drain does not wait for ever', async (t) => {
	const server = await serve(t, { drain_ms: 300 });
	const wire = await Wire.open(server);
	wire.send(upload(10) + '01234');
	await counts(server);
	server.child.kill('SIGTERM');
	const [code] = await server.exited;
	assert.equal(code, 0, server.log);
	wire.destroy();
});

test('a new certificate serves new connections and leaves the old ones alone', async (t) => {
	const server = await serve(t);
	const before = await Wire.open(server);
	const key = (w) => w.socket.getPeerCertificate().pubkey.toString('hex');
	server.child.stdin.write('t');
	await server.says(/command t/);
	const after = await Wire.open(server);
	assert.notEqual(key(after), key(before));
	for (const w of [before, after]) {
		w.send(get('/health'));
		assert.equal((await w.reply()).status, 200);
		w.destroy();
	}
});

test('a watched descriptor that ends is unwatched, and the server goes on', async (t) => {
	const server = await serve(t);
	server.child.stdin.end();
	await server.says(/command e/);
	const { wire, reply } = await ask(server, get('/health'));
	assert.equal(reply.status, 200);
	wire.destroy();
	assert.equal(server.log.match(/command e/g).length, 1);
});

test('TLS 1.2 and renegotiation: the first is spoken, the second refused', async (t) => {
	const server = await serve(t);
	const wire = await Wire.open(server, { maxVersion: 'TLSv1.2' });
	wire.send(get('/health'));
	assert.equal((await wire.reply()).status, 200);
	const refused = await new Promise((resolve) => {
		wire.socket.on('error', () => resolve(true));
		wire.socket.on('close', () => resolve(true));
		wire.socket.renegotiate({ rejectUnauthorized: false }, (e) => resolve(e !== null));
	});
	assert.ok(refused);
	wire.destroy();
});

test('every allocation of a request fails once: an answer or an end, never a crash or a leak', async (t) => {
	const server = await serve(t, { workers: 1 });
	const parts = '--b\r\nContent-Disposition: form-data; name="a\\"b"\r\n\r\none\r\n--b--\r\n';
	const requests = [get('/a/x%20y/b/2?q=c', 'X-Forwarded-For: 1.2.3.4', 'X-Forwarded-For: 1.2.3.5'), get('/file/x', 'Range: bytes=5-300000'), get('/none'),
		'POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
		`POST /parts HTTP/1.1\r\nHost: test\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${parts.length}\r\n\r\n${parts}`];
	let failed = 0;
	for (let n = 1; n <= 100; n++) {
		const wire = await Wire.open(server);
		server.child.stdin.write('m');
		await server.says(new RegExp(`command m ${n}$`, 'm'));
		wire.send(requests[n % requests.length]);
		const reply = await wire.reply();
		if (reply === null || reply.status >= 500) failed++;
		wire.destroy();
		server.child.stdin.write('o');
		await eventually(() => server.log.match(/command o/g)?.length === n);
	}
	assert.ok(failed > 0);
	const { wire, reply } = await ask(server, get('/health'));
	assert.equal(reply.status, 200);
	wire.destroy();
});
