// A certificate authority of the test's own and one server certificate for localhost.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

function openssl(...args) {
	execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

export function makeCa(hosts = ['DNS:localhost', 'IP:127.0.0.1', 'IP:::1']) {
	const dir = mkdtempSync(path.join(tmpdir(), 'chirograph-ca-'));
	const at = (name) => path.join(dir, name);
	const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
	openssl('req', '-x509', ...key, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-days', '3650',
		'-subj', '/CN=Chirograph test CA', '-addext', 'keyUsage=critical,keyCertSign,cRLSign');
	openssl('req', ...key, '-keyout', at('server.key'), '-out', at('server.csr'), '-subj', '/CN=localhost');
	writeFileSync(at('ext'), `subjectAltName=${hosts.join(',')}\nbasicConstraints=CA:FALSE\n`);
	openssl('x509', '-req', '-in', at('server.csr'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'),
		'-CAcreateserial', '-out', at('server.pem'), '-days', '3650', '-extfile', at('ext'));
	return {
		dir,
		caFile: at('ca.pem'),
		certFile: at('server.pem'),
		keyFile: at('server.key'),
		ca: readFileSync(at('ca.pem'), 'utf8'),
		cert: readFileSync(at('server.pem'), 'utf8'),
		key: readFileSync(at('server.key'), 'utf8'),
	};
}
