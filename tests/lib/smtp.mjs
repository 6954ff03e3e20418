// Starts tests/lib/smtp.py on a free port and collects the mails it accepted.
//
//   const smtp = await startSmtp();             // STARTTLS and AUTH, certificate of its own CA
//   configure: smtp.host smtp.port smtp.user smtp.password smtp.ca.caFile
//   const mail = await smtp.waitFor((m) => m.to[0] === 'ana@example.com');
//   mail.subject mail.text mail.html mail.headers mail.isTls mail.user
//   await smtp.stop();
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { makeCa } from './ca.mjs';

const script = fileURLToPath(new URL('./smtp.py', import.meta.url));
const python = process.env.CHIROGRAPH_PYTHON ?? '/usr/bin/python3';

function commandLine(options, ca) {
	const args = [script, '--security', options.security, '--port', String(options.port)];
	if (options.security !== 'plain')
		args.push('--cert', ca.certFile, '--key', ca.keyFile);
	if (options.user)
		args.push('--user', options.user, '--password', options.password);
	return args;
}

export async function startSmtp(given = {}) {
	const options = { security: 'starttls', port: 0, user: 'mailer', password: 'correct horse; battery', ...given };
	const ca = given.ca ?? makeCa();
	const child = spawn(python, commandLine(options, ca), { stdio: ['pipe', 'pipe', 'inherit'] });
	const mails = [];
	const waiting = new Set();
	let ready;
	const started = new Promise((resolve, reject) => {
		ready = resolve;
		child.once('exit', (code) => reject(new Error(`smtp.py ended with ${code}`)));
	});
	createInterface({ input: child.stdout }).on('line', (line) => {
		const message = JSON.parse(line);
		if (message.ready)
			return ready(message.port);
		mails.push(message);
		for (const wake of [...waiting])
			wake();
	});
	const port = await started;

	function waitFor(predicate = () => true, timeoutMs = 30000) {
		return new Promise((resolve, reject) => {
			const look = () => {
				const found = mails.find(predicate);
				if (!found)
					return;
				clearTimeout(timer);
				waiting.delete(look);
				resolve(found);
			};
			const timer = setTimeout(() => {
				waiting.delete(look);
				reject(new Error(`no such mail among ${mails.length}`));
			}, timeoutMs);
			waiting.add(look);
			look();
		});
	}

	async function stop() {
		const ended = new Promise((resolve) => child.once('exit', resolve));
		child.stdin.end();
		setTimeout(() => child.kill('SIGKILL'), 3000).unref();
		await ended;
	}

	return { host: '127.0.0.1', port, user: options.user, password: options.password, ca, mails, waitFor, stop };
}
