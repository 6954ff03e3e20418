// Are replies cut, compared and headed as RFC 9110 says, and does every one carry its defaults?
import test from 'node:test';
import assert from 'node:assert/strict';
import { serve, ask, get, counts, eventually, Wire } from './wire.mjs';

const SIZE = 1000000;
const file = Buffer.from(Array.from({ length: SIZE }, (_, i) => (i * 7) % 251));

test('replies', async (t) => {
	const server = await serve(t);
	const one = async (...args) => {
		const { wire, reply } = await ask(server, ...args);
		wire.destroy();
		return reply;
	};

	await t.test('a file comes whole from its source, which is closed once', async () => {
		const before = (await counts(server)).closed;
		const reply = await one(get('/file/x'));
		assert.equal(reply.status, 200);
		assert.ok(reply.body.equals(file));
		assert.equal(reply.headers['accept-ranges'], 'bytes');
		assert.equal(reply.headers['content-type'], 'application/pdf');
		await eventually(async () => (await counts(server)).closed === before + 1);
	});

	const ranges = [
		['bytes=0-0', 0, 1], ['bytes=0-9', 0, 10], ['bytes=999990-', 999990, SIZE], ['bytes=-5', SIZE - 5, SIZE],
		['bytes=999999-2000000', SIZE - 1, SIZE], ['bytes=-2000000', 0, SIZE], ['Bytes=5-6', 5, 7],
		['bytes=262140-524300', 262140, 524301], ['bytes= 1-2', 1, 3],
	];
	for (const [range, from, to] of ranges) {
		await t.test(`Range: ${range}`, async () => {
			const reply = await one(get('/file/x', `Range: ${range}`));
			assert.equal(reply.status, 206);
			assert.equal(reply.headers['content-range'], `bytes ${from}-${to - 1}/${SIZE}`);
			assert.ok(reply.body.equals(file.subarray(from, to)));
		});
	}
	for (const range of ['bytes=1000000-', 'bytes=1000000-1000001', 'bytes=-0', 'bytes=999999999999999999-']) {
		await t.test(`Range: ${range} lies outside`, async () => {
			const reply = await one(get('/file/x', `Range: ${range}`));
			assert.equal(reply.status, 416);
			assert.equal(reply.headers['content-range'], `bytes */${SIZE}`);
			assert.equal(reply.json.symbol, 'RANGE');
		});
	}
	for (const range of ['bytes=0-1,3-4', 'bytes=a-b', 'bytes=', 'bytes=-', 'bytes=5-4', 'lines=0-1', '0-1', 'bytes=+1-2', 'bytes=1-2-3', 'bytes=5']) {
		await t.test(`Range: ${range} is ignored`, async () => {
			const reply = await one(get('/file/x', `Range: ${range}`));
			assert.equal(reply.status, 200);
			assert.equal(reply.body.length, SIZE);
		});
	}
	await t.test('an empty file has no range', async () => {
		assert.equal((await one(get('/file/empty'))).body.length, 0);
		assert.equal((await one(get('/file/empty', 'Range: bytes=0-'))).status, 416);
	});
	await t.test('If-Range: the same ETag gives the part, another or a date the whole', async () => {
		const ask = (v) => one(get('/file/x', 'Range: bytes=0-1', `If-Range: ${v}`));
		assert.equal((await ask('"v1"')).status, 206);
		assert.equal((await ask('"v2"')).status, 200);
		assert.equal((await ask('W/"v1"')).status, 200);
		assert.equal((await ask('Mon, 02 Nov 2026 12:00:00 GMT')).status, 200);
	});
	await t.test('a page from memory takes a range too; JSON does not', async () => {
		const reply = await one(get('/page', 'Range: bytes=2-4'));
		assert.equal(reply.status, 206);
		assert.equal(reply.body.toString(), '234');
		assert.equal(reply.headers['x-finish'], '206 3', 'finish sees the bytes that are sent');
		assert.equal((await one(get('/echo', 'Range: bytes=0-1'))).status, 200);
	});
	await t.test('HEAD: the head of GET, no body, and the connection goes on', async () => {
		const wire = await Wire.open(server);
		wire.send('HEAD /file/x HTTP/1.1\r\nHost: test\r\n\r\n' + 'HEAD /page HTTP/1.1\r\nHost: test\r\nRange: bytes=0-1\r\n\r\n' + get('/health'));
		const first = await wire.reply('HEAD');
		assert.equal(first.headers['content-length'], String(SIZE));
		const second = await wire.reply('HEAD');
		assert.equal(second.status, 200);
		assert.equal(second.headers['content-length'], '10');
		assert.equal((await wire.reply()).body.toString(), 'ok\n');
		wire.destroy();
	});
	for (const [value, status] of [['W/"page"', 304], ['"page"', 304], ['*', 304], ['"x", W/"page"', 304], ['"other"', 200], ['page', 200], ['"', 200]]) {
		await t.test(`If-None-Match: ${value} gives ${status}`, async () => {
			const reply = await one(get('/page', `If-None-Match: ${value}`));
			assert.equal(reply.status, status);
			assert.equal(reply.headers.etag, 'W/"page"');
			if (status === 304) assert.equal(reply.headers['content-length'], undefined);
		});
	}
	await t.test('304 leaves the connection in step, also for a source, which is closed', async () => {
		const before = (await counts(server)).closed;
		const wire = await Wire.open(server);
		wire.send(get('/file/x', 'If-None-Match: "v1"') + get('/health'));
		assert.equal((await wire.reply()).status, 304);
		assert.equal((await wire.reply()).body.toString(), 'ok\n');
		wire.destroy();
		assert.equal((await counts(server)).closed, before + 1);
	});
	await t.test('204 has neither body nor length', async () => {
		const wire = await Wire.open(server);
		wire.send('POST /created HTTP/1.1\r\nHost: test\r\n\r\n' + get('/health'));
		const reply = await wire.reply();
		assert.equal(reply.status, 204);
		assert.equal(reply.headers['content-length'], undefined);
		assert.equal((await wire.reply()).body.toString(), 'ok\n');
		wire.destroy();
	});
	await t.test('a source that fails at the start is a 500, later it cuts the connection', async () => {
		const { wire, reply } = await ask(server, get('/file/torn'));
		assert.equal(reply.status, 200);
		assert.equal(reply.whole, false);
		wire.destroy();
		const early = await one(get('/file/torn', 'Range: bytes=5-'));
		assert.equal(early.status, 500);
		assert.equal(early.json.symbol, 'IO');
	});
	await t.test('a body that could not be built is a fault', async () => {
		const reply = await one(get('/failed'));
		assert.equal(reply.status, 500);
		assert.equal(reply.json.symbol, 'LIMIT');
	});
	await t.test('8 MB from memory', async () => {
		const reply = await one(get('/large'));
		assert.equal(reply.body.length, 8000000);
		assert.equal(reply.body.subarray(-8).toString(), '0999999\n');
	});
	await t.test('defaults on every reply, a handler\'s value first, nothing injected', async () => {
		for (const path of ['/health', '/none', '/page', '/file/x']) {
			const { headers } = await one(get(path));
			assert.equal(headers['x-content-type-options'], 'nosniff');
			assert.match(headers['strict-transport-security'], /^max-age=\d{8}/);
			assert.equal(headers['referrer-policy'], 'no-referrer');
			assert.equal(headers['cache-control'], path === '/page' ? 'private' : 'no-store');
			assert.match(headers.date, /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
			assert.equal(headers.connection, undefined);
			if (path === '/page') assert.equal(headers['content-security-policy'], "default-src 'self'");
			else if (path === '/file/x') assert.equal(headers['content-security-policy'], undefined);
			else assert.match(headers['content-security-policy'], /default-src 'none'/);
		}
		const echo = await one(get('/echo'));
		assert.equal(echo.headers['x-test'], 'good');
		assert.equal(echo.headers['x-bad'], undefined);
		assert.equal(echo.headers.injected, undefined);
		assert.equal(echo.headers['content-type'], 'application/json');
	});
});

test('routes', async (t) => {
	const server = await serve(t);
	const one = async (bytes) => {
		const { wire, reply } = await ask(server, bytes);
		wire.destroy();
		return reply;
	};
	const fit = [
		['/test', '/test/?', ''], ['/test/', '/test/?', ''], ['/a/1/b/2', '/a/:one/b/:two', '1'],
		['/a/x%20y/b/2', '/a/:one/b/:two', 'x y'], ['/a/x%2Fy/b/2', '/a/:one/b/:two', 'x/y'],
		['/a/literal/b/x', '/a/:one/b/:two', 'literal'], ['/a/1/b/2?q=c+d%26e&z=1', '/a/:one/b/:two', '1'],
	];
	for (const [path, route, param] of fit) {
		await t.test(path, async () => {
			const reply = await one(get(path));
			assert.equal(reply.json.route, route);
			assert.equal(reply.json.param, param);
			if (path.includes('?')) assert.equal(reply.json.q, 'c d&e');
		});
	}
	for (const path of ['/', '/none', '/test//', '/health/', '/a//b/2', '/a/1/b', '/a/1/b/', '/a/1/b/2/3', '/Health', '/%68ealth', '/echo/..']) {
		await t.test(`${path} is nothing`, async () => {
			const reply = await one(get(path));
			assert.equal(reply.status, 404);
			assert.equal(reply.json.symbol, 'NOT_FOUND');
		});
	}
	await t.test('a wrong method is told the right ones', async () => {
		const reply = await one('DELETE /echo HTTP/1.1\r\nHost: test\r\n\r\n');
		assert.equal(reply.status, 405);
		assert.equal(reply.headers.allow, 'GET, HEAD, POST, PATCH');
		const put = await one(get('/put'));
		assert.equal(put.headers.allow, 'PUT, DELETE');
	});
	await t.test('404 and 405 with a small body keep the connection', async () => {
		const wire = await Wire.open(server);
		wire.send('POST /none HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nabc' +
			'PUT /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n' + get('/health'));
		assert.equal((await wire.reply()).status, 404);
		assert.equal((await wire.reply()).status, 405);
		assert.equal((await wire.reply()).status, 200);
		wire.destroy();
	});
});

test('the client behind trusted proxies', async (t) => {
	const server = await serve(t);
	const cases = [
		[[], '127.0.0.1'], [['203.0.113.7'], '203.0.113.7'], [['198.51.100.1, 203.0.113.7'], '203.0.113.7'],
		[['203.0.113.7, 10.1.2.3'], '203.0.113.7'], [['203.0.113.7', '10.1.2.3, 127.0.0.9'], '203.0.113.7'],
		[['203.0.113.7, 10.1.2.4'], '10.1.2.4'], [['2001:db9::1, 2001:db8::5'], '2001:db9::1'],
		[['[2001:db9::1]:443'], '2001:db9::1'], [['203.0.113.7:1234'], '203.0.113.7'],
		[['203.0.113.7, unknown'], '127.0.0.1'], [['203.0.113.7, evil, 10.1.2.3'], '10.1.2.3'], [['10.1.2.3'], '10.1.2.3'],
		[[''], '127.0.0.1'], [['203.0.113.7,'], '203.0.113.7'], [['::ffff:203.0.113.7'], '203.0.113.7'],
	];
	for (const [lines, client] of cases) {
		await t.test(`${JSON.stringify(lines)} is ${client}`, async () => {
			const { wire, reply } = await ask(server, get('/echo', ...lines.map((l) => `X-Forwarded-For: ${l}`)));
			assert.equal(reply.json.client, client);
			wire.destroy();
		});
	}
	await t.test('an untrusted peer is not believed', async () => {
		const wire = await Wire.open(server, { host: '::1' });
		wire.send(get('/echo', 'X-Forwarded-For: 203.0.113.7'));
		assert.equal((await wire.reply()).json.client, '::1');
		wire.destroy();
	});
});

test('multipart as real clients write it', async (t) => {
	const server = await serve(t);
	const one = async (type, body) => {
		const { wire, reply } = await ask(server, `POST /parts HTTP/1.1\r\nHost: test\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
		wire.destroy();
		return JSON.parse(reply.body);
	};
	const form = new FormData();
	form.set('a', 'one');
	form.set('file', new Blob(['two']), 'x.pdf');
	const made = new Response(form);
	assert.deepEqual(await one(made.headers.get('content-type'), await made.text()), { result: 'OK', field: 'one', file: 'two' });
	assert.deepEqual(await one('multipart/form-data; boundary=b', 'nothing'), { result: 'MULTIPART' });
});
