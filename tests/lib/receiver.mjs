// A real HTTPS receiver of webhooks. What it answers is decided per request.
//
//   const receiver = await startReceiver({ answer: (request, n) => ({ status: 200 }) });
//   receiver.url receiver.ca.ca receiver.requests   // {method, url, headers, body: Buffer, at}
//   await receiver.waitFor((r) => …); await receiver.stop();
import http from 'node:http';
import https from 'node:https';
import { makeCa } from './ca.mjs';

async function readAll(stream) {
	const parts = [];
	for await (const part of stream)
		parts.push(part);
	return Buffer.concat(parts);
}

export async function startReceiver(given = {}) {
	const options = { isTls: true, host: '127.0.0.1', path: '/hook', answer: () => ({ status: 200 }), ...given };
	const ca = given.ca ?? (options.isTls ? makeCa() : undefined);
	const requests = [];
	const waiting = new Set();
	const handle = async (req, res) => {
		const request = { method: req.method, url: req.url, headers: req.headers, at: Date.now(), body: await readAll(req) };
		requests.push(request);
		const answer = await options.answer(request, requests.length);
		if (answer) {
			res.writeHead(answer.status, answer.headers ?? {});
			res.end(answer.body ?? '');
		}
		for (const wake of [...waiting])
			wake();
	};
	const server = options.isTls
		? https.createServer({ cert: ca.cert, key: ca.key }, handle)
		: http.createServer(handle);
	await new Promise((resolve) => server.listen(0, options.host, resolve));
	const port = server.address().port;

	function waitFor(predicate = () => true, timeoutMs = 30000) {
		return new Promise((resolve, reject) => {
			const look = () => {
				const found = requests.find(predicate);
				if (!found)
					return;
				clearTimeout(timer);
				waiting.delete(look);
				resolve(found);
			};
			const timer = setTimeout(() => {
				waiting.delete(look);
				reject(new Error(`no such request among ${requests.length}`));
			}, timeoutMs);
			waiting.add(look);
			look();
		});
	}

	async function stop() {
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
	}

	const url = `${options.isTls ? 'https' : 'http'}://${options.host}:${port}${options.path}`;
	return { url, port, ca, requests, waitFor, stop };
}
