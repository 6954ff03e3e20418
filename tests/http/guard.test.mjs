// Which heads and bodies are refused, how, and does the connection end with them?
import test from 'node:test';
import assert from 'node:assert/strict';
import { serve, ask, get, counts, Wire, net } from './wire.mjs';

const head = (...lines) => [...lines, '', ''].join('\r\n');
const post = (...lines) => head('POST /echo HTTP/1.1', 'Host: test', ...lines);
const line = (text) => get('/echo', text);
const many = (n) => Array.from({ length: n }, (_, i) => `X-${i}: 1`);

// [name, bytes, status, symbol]
const refused = [
	['Content-Length with a sign', post('Content-Length: +4') + 'abcd', 400, 'BAD_REQUEST'],
	['negative Content-Length', post('Content-Length: -1'), 400, 'BAD_REQUEST'],
	['Content-Length in hex', post('Content-Length: 0x4') + 'abcd', 400, 'BAD_REQUEST'],
	['Content-Length with inner space', post('Content-Length: 1 1'), 400, 'BAD_REQUEST'],
	['empty Content-Length', post('Content-Length:'), 400, 'BAD_REQUEST'],
	['Content-Length beyond 64 bits', post('Content-Length: 99999999999999999999'), 400, 'BAD_REQUEST'],
	['two Content-Lengths', post('Content-Length: 4', 'Content-Length: 5') + 'abcde', 400, 'BAD_REQUEST'],
	['two equal Content-Lengths', post('Content-Length: 4', 'content-length: 4') + 'abcd', 400, 'BAD_REQUEST'],
	['a list of Content-Lengths', post('Content-Length: 4, 4') + 'abcd', 400, 'BAD_REQUEST'],
	['unknown Transfer-Encoding', post('Transfer-Encoding: gzip'), 501, 'NOT_IMPLEMENTED'],
	['combined Transfer-Encoding', post('Transfer-Encoding: gzip, chunked'), 501, 'NOT_IMPLEMENTED'],
	['chunked twice', post('Transfer-Encoding: chunked, chunked'), 501, 'NOT_IMPLEMENTED'],
	['chunked and identity', post('Transfer-Encoding: chunked', 'Transfer-Encoding: identity'), 400, 'BAD_REQUEST'],
	['vertical tab before chunked', post('Transfer-Encoding: \x0bchunked'), 400, 'BAD_REQUEST'],
	['xchunked', post('Transfer-Encoding: xchunked'), 501, 'NOT_IMPLEMENTED'],
	['quoted chunked', post('Transfer-Encoding: "chunked"'), 501, 'NOT_IMPLEMENTED'],
	['CL and TE', post('Content-Length: 4', 'Transfer-Encoding: chunked') + '0\r\n\r\n', 400, 'BAD_REQUEST'],
	['TE and CL', post('Transfer-Encoding: chunked', 'Content-Length: 4') + '0\r\n\r\n', 400, 'BAD_REQUEST'],
	['chunked in HTTP/1.0', head('POST /echo HTTP/1.0', 'Host: test', 'Transfer-Encoding: chunked'), 400, 'BAD_REQUEST'],
	['space in a header name', line('Bad Name: 1'), 400, 'BAD_REQUEST'],
	['space before the colon', post('Content-Length : 4') + 'abcd', 400, 'BAD_REQUEST'],
	['tab before the colon', post('Transfer-Encoding\t: chunked'), 400, 'BAD_REQUEST'],
	['empty header name', line(': 1'), 400, 'BAD_REQUEST'],
	['header without colon', line('Nothing'), 400, 'BAD_REQUEST'],
	['NUL in a header name', line('X\0Y: 1'), 400, 'BAD_REQUEST'],
	['byte above 127 in a header name', line('X\xe9: 1'), 400, 'BAD_REQUEST'],
	['no Host', head('GET /echo HTTP/1.1', 'Accept: */*'), 400, 'BAD_REQUEST'],
	['no Host in HTTP/1.0', head('GET /echo HTTP/1.0'), 400, 'BAD_REQUEST'],
	['two Hosts', get('/echo', 'Host: test'), 400, 'BAD_REQUEST'],
	['empty Host', head('GET /echo HTTP/1.1', 'Host:'), 400, 'BAD_REQUEST'],
	['Host with a slash', head('GET /echo HTTP/1.1', 'Host: a/b'), 400, 'BAD_REQUEST'],
	['Host with user', head('GET /echo HTTP/1.1', 'Host: a@b'), 400, 'BAD_REQUEST'],
	['two Authorization', get('/echo', 'Authorization: a', 'authorization: b'), 400, 'AUTH_DOUBLE'],
	['two API-CLIENT-KEY', get('/echo', 'API-CLIENT-KEY: a', 'Api-Client-Key: a'), 400, 'AUTH_DOUBLE'],
	['two x-sign', get('/echo', 'x-sign: a', 'X-Sign: b'), 400, 'AUTH_DOUBLE'],
	['two x-timestamp', get('/echo', 'x-timestamp: 1', 'x-timestamp: 1'), 400, 'AUTH_DOUBLE'],
	['two x-nonce', get('/echo', 'x-nonce:', 'x-nonce: 1'), 400, 'AUTH_DOUBLE'],
	['two x-api-key', get('/echo', 'x-api-key: a', 'x-api-key: b'), 400, 'AUTH_DOUBLE'],
	['two Content-Types', post('Content-Type: a/b', 'Content-Type: c/d'), 400, 'BAD_REQUEST'],
	['two Idempotency-Keys', post('Idempotency-Key: a', 'Idempotency-Key: b'), 400, 'IDEMPOTENCY_DOUBLE'],
	['101 header lines', get('/echo', ...many(100)), 431, 'HEAD_TOO_LARGE'],
	['a header of 17 KB', line('X: ' + 'a'.repeat(17 * 1024)), 431, 'HEAD_TOO_LARGE'],
	['a target of 17 KB', get('/' + 'a'.repeat(17 * 1024)), 431, 'HEAD_TOO_LARGE'],
	['17 KB without any line end', 'GET /' + 'a'.repeat(17 * 1024), 431, 'HEAD_TOO_LARGE'],
	['NUL in the path', get('/ec\0ho'), 400, 'BAD_REQUEST'],
	['%00 in the path', get('/echo%00'), 400, 'BAD_REQUEST'],
	['%00 in the query', get('/echo?a=%00'), 400, 'BAD_REQUEST'],
	['broken percent-encoding', get('/echo%z1'), 400, 'BAD_REQUEST'],
	['cut percent-encoding', get('/echo%1'), 400, 'BAD_REQUEST'],
	['raw UTF-8 in the path', get('/ech\xc3\xb3'), 400, 'BAD_REQUEST'],
	['tab in the path', get('/ec\tho'), 400, 'BAD_REQUEST'],
	['a fragment', get('/echo#a'), 400, 'BAD_REQUEST'],
	['a folded line', get('/echo', 'X: a', ' b'), 400, 'BAD_REQUEST'],
	['a folded first line', get('/echo').replace('\r\nHost', '\r\n Host'), 400, 'BAD_REQUEST'],
	['a line folded by a tab', get('/echo', 'X: a', '\tb'), 400, 'BAD_REQUEST'],
	['bare LF after a header', `GET /echo HTTP/1.1\r\nHost: test\nX: 1\r\n\r\n`, 400, 'BAD_REQUEST'],
	['bare LF at the end', `GET /echo HTTP/1.1\r\nHost: test\r\n\n`, 400, 'BAD_REQUEST'],
	['bare LF everywhere', `GET /echo HTTP/1.1\nHost: test\n\n`, 400, 'BAD_REQUEST'],
	['bare CR in a value', line('X: a\rb'), 400, 'BAD_REQUEST'],
	['bare CR in the request line', 'GET /echo\rHTTP/1.1\r\nHost: test\r\n\r\n', 400, 'BAD_REQUEST'],
	['NUL in a value', line('X: a\0b'), 400, 'BAD_REQUEST'],
	['escape in a value', line('X: a\x1bb'), 400, 'BAD_REQUEST'],
	['DEL in a value', line('X: a\x7fb'), 400, 'BAD_REQUEST'],
	['HTTP/0.9', 'GET /echo\r\n', 400, 'BAD_REQUEST'],
	['HTTP/2.0', head('GET /echo HTTP/2.0', 'Host: test'), 400, 'BAD_REQUEST'],
	['HTTP/1.2', head('GET /echo HTTP/1.2', 'Host: test'), 400, 'BAD_REQUEST'],
	['http/1.1 in lower case', head('GET /echo http/1.1', 'Host: test'), 400, 'BAD_REQUEST'],
	['space after the version', head('GET /echo HTTP/1.1 ', 'Host: test'), 400, 'BAD_REQUEST'],
	['two spaces', head('GET  /echo HTTP/1.1', 'Host: test'), 400, 'BAD_REQUEST'],
	['space in the target', head('GET /ec ho HTTP/1.1', 'Host: test'), 400, 'BAD_REQUEST'],
	['a target without slash', get('echo'), 400, 'BAD_REQUEST'],
	['another URL scheme', get('ftp://test/echo'), 400, 'BAD_REQUEST'],
	['absolute form with another host', get('https://other/echo'), 400, 'BAD_REQUEST'],
	['absolute form with user', get('https://a@test/echo'), 400, 'BAD_REQUEST'],
	['two empty lines first', '\r\n\r\n' + get('/echo'), 400, 'BAD_REQUEST'],
	['OPTIONS', head('OPTIONS * HTTP/1.1', 'Host: test'), 501, 'NOT_IMPLEMENTED'],
	['TRACE', head('TRACE /echo HTTP/1.1', 'Host: test'), 501, 'NOT_IMPLEMENTED'],
	['CONNECT', head('CONNECT test:443 HTTP/1.1', 'Host: test'), 501, 'NOT_IMPLEMENTED'],
	['get in lower case', head('get /echo HTTP/1.1', 'Host: test'), 501, 'NOT_IMPLEMENTED'],
	['a made-up method', head('HACK /echo HTTP/1.1', 'Host: test'), 501, 'NOT_IMPLEMENTED'],
	['a method with a bracket', head('G(T /echo HTTP/1.1', 'Host: test'), 400, 'BAD_REQUEST'],
	['the HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'BAD_REQUEST'],
	['another expectation', post('Expect: 200-ok', 'Content-Length: 1'), 417, 'EXPECTATION'],
	['body over the route\'s limit', post('Content-Length: 65537'), 400, 'TOO_LARGE'],
	['body where none is taken', get('/health', 'Content-Length: 1') + 'a', 400, 'TOO_LARGE'],
	['upload over its limit', head('POST /upload HTTP/1.1', 'Host: test', 'Content-Length: 20971521'), 400, 'TOO_LARGE'],
	['large body to no route', head('POST /none HTTP/1.1', 'Host: test', 'Content-Length: 20971521'), 404, 'NOT_FOUND'],
	['expectation of a body too large', post('Expect: 100-continue', 'Content-Length: 65537'), 400, 'TOO_LARGE'],
	['expectation to no route', head('POST /none HTTP/1.1', 'Host: test', 'Expect: 100-continue', 'Content-Length: 5'), 404, 'NOT_FOUND'],
	['expectation by a wrong method', head('PUT /echo HTTP/1.1', 'Host: test', 'Expect: 100-continue', 'Content-Length: 5'), 405, 'METHOD'],
];

const chunked = (body) => post('Transfer-Encoding: chunked') + body;
const refusedChunks = [
	['chunk size with a sign', '+1\r\na\r\n0\r\n\r\n', 'BAD_REQUEST'],
	['chunk size in 0x form', '0x1\r\na\r\n0\r\n\r\n', 'BAD_REQUEST'],
	['space before the size', ' 1\r\na\r\n0\r\n\r\n', 'BAD_REQUEST'],
	['space after the size', '1 \r\na\r\n0\r\n\r\n', 'BAD_REQUEST'],
	['empty size', '\r\na\r\n0\r\n\r\n', 'BAD_REQUEST'],
	['size ended by LF', '1\na\r\n0\r\n\r\n', 'BAD_REQUEST'],
	['size ended by CR and a letter', '1\rXa\r\n0\r\n\r\n', 'BAD_REQUEST'],
	['data longer than said', '1\r\nab\r\n0\r\n\r\n', 'BAD_REQUEST'],
	['data ended by LF', '1\r\na\n0\r\n\r\n', 'BAD_REQUEST'],
	['size that wraps around', '10000000000000001\r\na\r\n0\r\n\r\n', 'BAD_REQUEST'],
	['control byte in an extension', '1;a=\x01\r\na\r\n0\r\n\r\n', 'BAD_REQUEST'],
	['bare LF in an extension', '1;a\nb\r\na\r\n0\r\n\r\n', 'BAD_REQUEST'],
	['extension of 5 KB', `1;${'a'.repeat(5000)}\r\na\r\n0\r\n\r\n`, 'BAD_REQUEST'],
	['trailers of 5 KB', `0\r\n${'X: 1\r\n'.repeat(1000)}\r\n`, 'BAD_REQUEST'],
	['folded trailer', '0\r\nX: 1\r\n y\r\n\r\n', 'BAD_REQUEST'],
	['end without empty line', '0\r\nGET / HTTP/1.1\r\n\n', 'BAD_REQUEST'],
	['chunk over the limit, refused by its size', '10001\r\n', 'TOO_LARGE'],
	['chunks over the limit together', `8000\r\n${'a'.repeat(0x8000)}\r\n8001\r\n`, 'TOO_LARGE'],
];
for (const [name, body, symbol] of refusedChunks)
	refused.push([name, chunked(body), 400, symbol]);

test('what is refused ends its connection and reaches no handler', async (t) => {
	const server = await serve(t);
	for (const [name, bytes, status, symbol] of refused) {
		await t.test(name, async () => {
			const { wire, reply } = await ask(server, bytes);
			assert.ok(reply, 'no answer');
			assert.equal(reply.status, status);
			assert.equal(reply.json.symbol, symbol);
			assert.equal(reply.headers.connection, 'close');
			assert.ok(await wire.closed());
			wire.destroy();
		});
	}
	assert.equal((await counts(server)).handled, 0);
});

test('what follows a refused request is not answered', async (t) => {
	const server = await serve(t);
	const { wire, reply } = await ask(server, post('Content-Length: 4', 'Transfer-Encoding: chunked') +
		'0\r\n\r\n' + get('/echo'));
	assert.equal(reply.status, 400);
	assert.ok(await wire.closed());
	assert.equal((await counts(server)).handled, 0);
});

const accepted = [
	['100 header lines', get('/echo', ...many(99)), (j) => j.headers.length === 200],
	['an empty line first', '\r\n' + get('/echo'), (j) => j.path === '/echo'],
	['absolute form', get('https://test/echo?q=1'), (j) => j.target === '/echo?q=1' && j.q === '1'],
	['absolute form in capitals', get('HTTP://test/echo'), (j) => j.target === '/echo'],
	['HTTP/1.0', head('GET /echo HTTP/1.0', 'Host: test'), (j) => j.path === '/echo'],
	['no space after the colon', line('X:1'), (j) => j.headers.at(-1) === '1'],
	['tabs around a value', line('X:\t 1 \t'), (j) => j.headers.at(-1) === '1'],
	['Latin-1 in a value', line('X: \xe9'), (j) => j.headers.length === 4],
	['an empty x-nonce', get('/echo', 'x-nonce:', 'x-timestamp: 1'), (j) => j.headers.length === 6],
	['Content-Length 0', post('Content-Length: 0'), (j) => j.size === 0],
	['Content-Length 0 where no body is taken', get('/echo', 'Content-Length: 0'), (j) => j.size === 0],
	['a body', post('Content-Length: 4') + 'abcd', (j) => j.body === 'abcd'],
	['PATCH', head('PATCH /echo HTTP/1.1', 'Host: test', 'Content-Length: 2') + 'ab', (j) => j.method === 'PATCH' && j.body === 'ab'],
	['PUT', head('PUT /put HTTP/1.1', 'Host: test', 'Content-Length: 2') + 'ab', (j) => j.method === 'PUT'],
	['DELETE', head('DELETE /put HTTP/1.1', 'Host: test'), (j) => j.method === 'DELETE'],
	['chunks', chunked('1\r\na\r\nA\r\n0123456789\r\n0\r\n\r\n'), (j) => j.body === 'a0123456789'],
	['chunks with extension and trailer', chunked('1;a="b"\r\na\r\n00\r\nX: 1\r\nY: 2\r\n\r\n'), (j) => j.body === 'a'],
	['chunked in capitals', post('Transfer-Encoding: CHUNKED') + '0\r\n\r\n', (j) => j.size === 0],
	['a body of exactly the limit', post('Content-Length: 65536') + 'a'.repeat(65536), (j) => j.size === 65536],
	['chunks of exactly the limit', chunked(`8000\r\n${'a'.repeat(0x8000)}\r\n8000\r\n${'b'.repeat(0x8000)}\r\n0\r\n\r\n`), (j) => j.size === 65536],
	['an upload of exactly the limit', Buffer.concat([Buffer.from(head('POST /upload HTTP/1.1', 'Host: test', 'Content-Length: 20971520')), Buffer.alloc(20971520)]), (j) => j.size === 20971520],
];

test('what is accepted is understood', async (t) => {
	const server = await serve(t);
	for (const [name, bytes, check] of accepted) {
		await t.test(name, async () => {
			const { wire, reply } = await ask(server, bytes);
			assert.equal(reply?.status, 200, reply?.body.toString());
			assert.ok(check(reply.json), JSON.stringify(reply.json));
			wire.destroy();
		});
		await t.test(`${name}, a byte at a time`, async (t2) => {
			if (bytes.length > 2000) return t2.skip('long');
			const wire = await Wire.open(server);
			for (const byte of bytes) wire.send(byte);
			const reply = await wire.reply();
			assert.equal(reply?.status, 200);
			assert.ok(check(reply.json));
			wire.destroy();
		});
	}
});

test('100 Continue is sent when the body will be accepted, and the body is read then', async (t) => {
	const server = await serve(t);
	const wire = await Wire.open(server);
	wire.send(post('Expect: 100-continue', 'Content-Length: 4'));
	assert.equal((await wire.reply()).status, 100);
	wire.send('abcd');
	assert.equal((await wire.reply()).json.body, 'abcd');
	wire.send(post('Expect: 100-continue', 'Content-Length: 4') + 'abcd');
	assert.equal((await wire.reply()).status, 200, 'no 100 when the body is there already');
	wire.destroy();
});

test('a refused upload gets its answer although the client sends on', async (t) => {
	const server = await serve(t);
	const { wire, reply } = await ask(server, Buffer.concat([
		Buffer.from(head('POST /upload HTTP/1.1', 'Host: test', 'Content-Length: 22000000')), Buffer.alloc(22000000)]));
	assert.equal(reply.json.symbol, 'TOO_LARGE');
	assert.ok(await wire.closed());
});

test('plain HTTP on the TLS port gets no HTTP answer', async (t) => {
	const server = await serve(t);
	const socket = net.connect(server.port, '127.0.0.1');
	let bytes = '';
	socket.on('data', (d) => { bytes += d.toString('latin1'); });
	socket.on('error', () => {});
	socket.write(get('/health'));
	await new Promise((r) => socket.on('close', r));
	assert.doesNotMatch(bytes, /HTTP/);
});
