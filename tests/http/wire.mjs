// A server process for a test, and raw bytes to it and back.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import assert from 'node:assert/strict';
import { built } from '../lib/build.mjs';

const binary = built('tests/http_test_server');

// Start a server; it is stopped, and must exit 0 (no leak, no sanitizer finding), after the test.
export async function serve(t, settings = {}) {
	const words = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
	const child = spawn(binary, words, { stdio: ['pipe', 'inherit', 'pipe'] });
	const server = { child, log: '', exited: once(child, 'exit') };
	const ready = new Promise((resolve, reject) => {
		child.stderr.on('data', (bytes) => {
			server.log += bytes;
			const found = /^ready (\d+)$/m.exec(server.log);
			if (found) resolve(Number(found[1]));
		});
		child.on('exit', () => reject(new Error(`the server ended: ${server.log}`)));
	});
	server.port = await ready;
	server.stop = async () => {
		child.kill('SIGUSR1');
		child.kill('SIGTERM');
		const [code] = await server.exited;
		assert.equal(code, 0, server.log);
	};
	server.says = (pattern) => eventually(() => pattern.test(server.log));
	t.after(() => server.stop());
	return server;
}

// A TLS connection that collects what arrives.
export class Wire {
	constructor(socket) {
		this.socket = socket;
		this.bytes = Buffer.alloc(0);
		this.ended = false;
		this.waiting = new Set();
		socket.on('data', (d) => { this.bytes = Buffer.concat([this.bytes, d]); this.wake(); });
		for (const name of ['end', 'close', 'error'])
			socket.on(name, (e) => { this.ended = true; this.fault = e; this.wake(); });
	}

	static async open(server, options = {}) {
		const socket = tls.connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
		socket.setNoDelay(true);
		await once(socket, 'secureConnect');
		return new Wire(socket);
	}

	wake() {
		for (const check of [...this.waiting]) check();
	}

	until(ready) {
		return new Promise((resolve) => {
			const check = () => {
				if (!ready() && !this.ended) return;
				this.waiting.delete(check);
				resolve();
			};
			this.waiting.add(check);
			check();
		});
	}

	send(bytes) {
		this.socket.write(Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes, 'latin1'));
		return this;
	}

	// One reply off the front. method HEAD: no body follows.
	async reply(method = 'GET') {
		await this.until(() => this.bytes.includes('\r\n\r\n'));
		const end = this.bytes.indexOf('\r\n\r\n');
		if (end < 0) return null;
		const [first, ...lines] = this.bytes.subarray(0, end).toString('latin1').split('\r\n');
		const status = Number(first.split(' ')[1]);
		const headers = {};
		for (const line of lines) {
			const [name, ...rest] = line.split(':');
			headers[name.toLowerCase()] = rest.join(':').trim();
		}
		const none = method === 'HEAD' || status === 304 || status === 204 || status < 200;
		const size = none ? 0 : Number(headers['content-length']);
		await this.until(() => this.bytes.length >= end + 4 + size);
		const body = this.bytes.subarray(end + 4, end + 4 + size);
		this.bytes = this.bytes.subarray(end + 4 + size);
		const reply = { status, headers, body, whole: body.length === size };
		if (headers['content-type'] === 'application/json') reply.json = JSON.parse(body.toString() || 'null');
		return reply;
	}

	// The server ended the connection, and nothing more came.
	async closed() {
		await this.until(() => this.bytes.length > 0);
		return this.bytes.length === 0 && this.ended;
	}

	destroy() {
		this.socket.destroy();
	}
}

// Bytes to a fresh connection; the first reply and the wire.
export async function ask(server, bytes, method) {
	const wire = await Wire.open(server);
	wire.send(bytes);
	const reply = await wire.reply(method);
	return { wire, reply };
}

export function get(path, ...lines) {
	return [`GET ${path} HTTP/1.1`, 'Host: test', ...lines, '', ''].join('\r\n');
}

export async function counts(server) {
	const { wire, reply } = await ask(server, get('/counts'));
	wire.destroy();
	return reply.json;
}

export async function eventually(check) {
	for (;;) {
		if (await check()) return;
		await new Promise((r) => setTimeout(r, 5));
	}
}

export { net, tls };
