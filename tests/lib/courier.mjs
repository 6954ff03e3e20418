// Drives tests/courier/courier_tool.c: one JSON line a job, answers matched by id.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { built } from './build.mjs';

export function startCourier(tool = built('tests/courier/courier_tool')) {
	const child = spawn(tool, { stdio: ['pipe', 'pipe', 'pipe'] });
	const waiting = new Map();
	let last = 0;
	let log = '';
	child.stderr.on('data', (data) => { log += data; });
	createInterface({ input: child.stdout }).on('line', (line) => {
		const answer = JSON.parse(line);
		waiting.get(answer.id)(answer);
		waiting.delete(answer.id);
	});
	const ended = new Promise((resolve) => child.once('exit', resolve));
	return {
		run(name, job) {
			const id = ++last;
			return new Promise((resolve) => {
				waiting.set(id, resolve);
				child.stdin.write(JSON.stringify({ id, do: name, ...job }) + '\n');
			});
		},
		pid: child.pid,
		log: () => log,
		async stop() {
			child.stdin.end();
			return ended;
		},
	};
}
