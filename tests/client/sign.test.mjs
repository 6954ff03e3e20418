// Does `chirograph sign` say what the platforms' own clients say, byte for byte, and nothing that was not pasted?
import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, test } from 'node:test'
import { clientKey, decodeProtectedHeader, folder, md5, opened, programs, sha256, vectors, verifyMessage } from './platform.mjs'

const known = JSON.parse(readFileSync(join(vectors, 'signing.json'), 'utf8'))
const world = folder()
after(() => world.remove())
const lines = (out) => Object.fromEntries([...out.matchAll(/^([A-Za-z-]+): (.*)$/gm)].map((m) => [m[1].toLowerCase(), m[2]]))
const rsa = join(vectors, 'partner_rsa.pem')

for (const program of programs) {
  const name = basename(program)
  const run = (args, options) => world.run(program, args, options)

  for (const [which, v] of Object.entries(known.x_sign)) {
    test(`${name}: x-sign vector ${which}, by flags and by piped input`, () => {
      const prefix = which === 'nonce' ? '--nonce' : '--timestamp'
      for (const [args, input] of [
        [['--url', v.url, '--body', '-'], v.body],
        [['--url', v.url], v.body],
        [[], `${v.url}\n${v.body}`],
        [[], `${v.url}\r\n${v.body}\n`]
      ]) {
        const r = run(['sign', '--key', rsa, prefix, v.prefix, ...args], { input })
        assert.equal(r.status, 0, r.err)
        const said = lines(r.out)
        assert.equal(said.hash, v.sha256)
        assert.equal(said['x-sign'], v.x_sign)
        assert.equal(said[which === 'nonce' ? 'x-nonce' : 'x-timestamp'], v.prefix)
        assert.equal(said[which === 'nonce' ? 'x-timestamp' : 'x-nonce'], undefined)
        assert.equal(said.length, String(Buffer.byteLength(v.body)))
        assert.match(r.out, /^Hash: .*\nx-sign: .*\nx-(timestamp|nonce): /)
      }
    })
  }

  test(`${name}: the API key is never printed`, () => {
    const r = run(['sign', '--url', 'https://h/x', '--key', 'rsa.pem'])
    assert.equal(r.status, 0)
    assert.doesNotMatch(r.out + r.err, /eyJrZXlfaWQi|api-key/i)
  })

  test(`${name}: es512-plain is what jose verifies`, async () => {
    const body = '{"name": "Contrato de locação", "n": 1}'
    for (const [method, input] of [['POST', body], ['GET', '']]) {
      const r = run(['sign', '--scheme', 'es512-plain', '--key', 'partner.pem', '--client-key', clientKey, '--method', method,
        '--url', 'https://api.example.com/sign/envelope?q=a%20b', '--timestamp', '1793620800'], { input })
      const said = lines(r.out)
      assert.deepEqual(decodeProtectedHeader(said.authorization), { alg: 'ES512', typ: 'JWT' })
      assert.equal(await opened(said.authorization, world.keys.partner.publicKey), JSON.stringify({
        payload_md5: md5(input || '{}'), timestamp: '2026-11-02T12:00:00.000000Z', method, uri: '/sign/envelope?q=a%20b' }))
      assert.equal(said['api-client-key'], clientKey)
    }
  })

  test(`${name}: es512-wrapped has the five lines and the body's token of the vectors`, async () => {
    for (const which of ['post', 'get']) {
      const v = known.es512_wrapped[which]
      const input = v.claims_body ? JSON.stringify(v.claims_body) : ''
      const r = run(['sign', '--scheme', 'es512-wrapped', '--key', 'partner.pem', '--client-key', known.integration_key,
        '--method', v.method, '--url', `https://api.example.com${v.url}`, '--timestamp', '1793620800'], { input })
      const said = lines(r.out)
      const [, key, token] = /^QIT ([^:]+):(.*)$/.exec(said.authorization)
      const claims = JSON.parse(await opened(token, world.keys.partner.publicKey))
      const wanted = v.string_to_sign.split('\n')
      if (input) {
        const encoded = JSON.parse(said.body).encoded_body
        assert.deepEqual(encoded.split('.').slice(0, 2), JSON.parse(v.http_body).encoded_body.split('.').slice(0, 2))
        assert.equal(await opened(encoded, world.keys.partner.publicKey), input)
        wanted[1] = md5(encoded)
      }
      assert.equal(claims.signature, wanted.join('\n'))
      assert.deepEqual([key, claims.sub], [known.integration_key, known.integration_key])
    }
  })

  test(`${name}: http-signature is what node:crypto verifies, with each kind of key`, () => {
    for (const [key, alg] of [['ed25519', 'ed25519'], ['p256', 'ecdsa-p256-sha256'], ['p384', 'ecdsa-p384-sha384'], ['rsa', 'rsa-pss-sha512']]) {
      const r = run(['sign', '--scheme', 'http-signature', '--key', `${key}.pem`, '--key-id', 'k1', '--method', 'POST', '--url', 'https://api.example.com/x?y=1'], { input: '{"a":1}' })
      assert.equal(r.status, 0, r.err)
      const headers = lines(r.out)
      const found = verifyMessage({ method: 'POST', target: 'https://api.example.com/x?y=1', headers }, world.keys[key].publicKey)
      assert.deepEqual(found, { isSigned: true, components: ['@method', '@target-uri', 'content-digest', 'content-type'], alg, keyid: 'k1' })
      assert.equal(headers['content-digest'], `sha-256=:${sha256('{"a":1}', 'base64')}:`)
    }
  })

  test(`${name}: bytes are signed as they came; --compact takes white space out, a file keeps its last line end`, () => {
    const spaced = '{\n\t"a" : "x \\" y" ,\r\n  "b":[1.0, 2e3 ]}'
    const hash = (body) => sha256(`1793620800https://h/x${body}`)
    const sign = (args, input) => lines(run(['sign', '--key', 'rsa.pem', '--timestamp', '1793620800', '--url', 'https://h/x', ...args], { input }).out).hash
    writeFileSync(world.at('body.json'), spaced + '\n')
    assert.equal(sign([], spaced + '\n'), hash(spaced))
    assert.equal(sign([], spaced + '\n\n'), hash(spaced + '\n'))
    assert.equal(sign(['--body', 'body.json']), hash(spaced + '\n'))
    assert.equal(sign(['--compact'], spaced), hash('{"a":"x \\" y","b":[1.0,2e3]}'))
    assert.equal(run(['sign', '--key', 'rsa.pem', '--url', 'https://h/x', '--compact'], { input: '{"a":' }).status, 2)
  })

  test(`${name}: what cannot be signed is refused with a hint`, () => {
    for (const [args, input, hint] of [
      [[], 'GET https://api.example.com/company\n', /--method GET/],
      [['--url', 'post https://h/x'], '', /--method POST/],
      [['--url', '/company'], '', /full URL/],
      [['--url', 'https://h/x', '--scheme', 'jwt'], '', /es512-wrapped/],
      [['--url', 'https://h/x', '--key', 'nowhere.pem'], '', /nowhere\.pem: No such file/],
      [['--url', 'https://h/x', '--key', 'rsa.pub'], '', /private/i],
      [['--url', 'https://h/x', '--key', 'partner.pem'], '', /RSA/],
      [['--url', 'https://h/x', '--key', 'rsa.pem', '--scheme', 'es512-plain', '--client-key', 'k'], '', /P-521/],
      [['--url', 'https://h/x', '--key', 'partner.pem', '--scheme', 'es512-plain'], '', /--client-key/],
      [['--url', 'https://h/x', '--key', 'partner.pem', '--scheme', 'es512-wrapped', '--client-key', 'k'], '[1]', /JSON object/],
      [['--url', 'https://h/x', '--key', 'rsa.pem', '--nonce', '9223372036854775808'], '', /9223372036854775807/],
      [['--url', 'https://h/x', '--key', 'rsa.pem', '--nonce', '1', '--timestamp', '2'], '', /exclude/],
      [['--url', 'https://h/x', '--secret', 'x'], '', /unknown option --secret/]
    ]) {
      const r = run(['sign', ...args], { input })
      assert.ok(r.status === 1 || r.status === 2, args.join(' '))
      assert.match(r.err, hint)
      assert.equal(r.out, '')
    }
  })

  test(`${name}: keygen writes what openssl reads, mode 0600, and overwrites nothing`, () => {
    for (const [kind, file, pub, form] of [
      ['es512', 'jwtECDSASHA512.key', 'jwtECDSASHA512.key.pub', /BEGIN EC PRIVATE KEY/],
      ['rsa', 'private.pem', 'public.pem', /BEGIN RSA PRIVATE KEY/],
      ['ed25519', 'ed25519.pem', 'ed25519.pub.pem', /BEGIN PRIVATE KEY/]
    ]) {
      const own = folder()
      const r = own.run(program, ['keygen', kind, '--out', own.dir])
      if (kind === 'ed25519') { // folder() made a file of this name
        assert.equal(r.status, 1)
        assert.match(r.err, /never overwritten/)
        assert.equal(readFileSync(own.at(file), 'utf8'), own.keys.ed25519.privatePem)
        own.remove()
        continue
      }
      assert.equal(r.status, 0, r.err)
      const text = readFileSync(own.at(file), 'utf8')
      assert.match(text, form)
      assert.equal(statSync(own.at(file)).mode & 0o777, 0o600)
      assert.equal(r.out, readFileSync(own.at(pub), 'utf8'))
      const made = spawnSync('openssl', ['pkey', '-in', own.at(file), '-pubout'], { encoding: 'utf8' })
      assert.equal(made.stdout, r.out)
      const der = crypto.createPublicKey(r.out).export({ type: 'spki', format: 'der' })
      assert.match(r.err, new RegExp(`SHA256:${sha256(der, 'base64').replace(/=+$/, '').replace(/[+/]/g, '\\$&')}`))
      const before = readdirSync(own.dir).length
      assert.equal(own.run(program, ['keygen', kind, '--out', own.dir]).status, 1)
      assert.equal(readFileSync(own.at(file), 'utf8'), text)
      assert.equal(readdirSync(own.dir).length, before)
      own.remove()
    }
    assert.equal(run(['keygen', 'dsa']).status, 2)
    assert.equal(run(['keygen', 'rsa', '--bits', '1024']).status, 1)
  })

  test(`${name}: an encrypted key takes its passphrase from a file, and a wrong one is refused`, () => {
    const own = folder()
    writeFileSync(own.at('word'), 'segredo ção\n')
    writeFileSync(own.at('wrong'), 'outro\n')
    for (const kind of ['es512', 'rsa']) {
      assert.equal(own.run(program, ['keygen', kind, '--passphrase-file', 'word']).status, 0)
      const key = kind === 'rsa' ? 'private.pem' : 'jwtECDSASHA512.key'
      assert.match(readFileSync(own.at(key), 'utf8'), /ENCRYPTED/)
      const r = spawnSync('openssl', ['pkey', '-in', own.at(key), '-passin', 'pass:segredo ção', '-noout'])
      assert.equal(r.status, 0)
      const sign = (word) => own.run(program, ['sign', '--url', 'https://h/x', '--method', 'GET', '--scheme', kind === 'rsa' ? 'x-sign' : 'es512-plain', '--client-key', 'k', '--passphrase-file', word])
      assert.equal(sign('word').status, 0)
      assert.equal(sign('wrong').status, 1)
      assert.match(sign('wrong').err, /passphrase/)
    }
    own.remove()
  })

  // A real pseudo-terminal: what a person sees, and what the echo of a passphrase is.
  function terminal (args, script, cwd = world.dir) {
    const python = `
import os, pty, sys, json, select, time
args, script = json.loads(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    os.chdir(sys.argv[2])
    os.execv(args[0], args)
seen = b''
deadline = time.time() + 20
def until(word):
    global seen
    start = len(seen)
    while word.encode() not in seen[start:] and time.time() < deadline:
        if select.select([fd], [], [], 0.2)[0]:
            try: seen += os.read(fd, 4096)
            except OSError: return
for word, keys in script:
    until(word)
    os.write(fd, keys.encode('latin1'))
while time.time() < deadline:
    try: piece = os.read(fd, 4096)
    except OSError: break
    if not piece: break
    seen += piece
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(json.dumps([status, seen.decode()]))
`
    const r = spawnSync('python3', ['-c', python, JSON.stringify([[program, ...args], script]), cwd], { encoding: 'utf8' })
    const [status, seen] = JSON.parse(r.stdout)
    return { status, seen: seen.replace(/\r\n/g, '\n') }
  }

  test(`${name}: the prompts on a terminal are the vendor's, and the paste is signed exactly`, () => {
    const v = known.x_sign.post
    const r = terminal(['sign', '--key', rsa, '--timestamp', v.prefix], [['url: ', `${v.url}\n`], ['body (hit Ctrl+D', `${v.body}\n\x04`]])
    assert.equal(r.status, 0)
    assert.match(r.seen, /^url: https.*\nbody \(hit Ctrl\+D [^)]*\):?/)
    assert.ok(r.seen.includes(`Hash: ${v.sha256}\nx-sign: ${v.x_sign}\nx-timestamp: ${v.prefix}\n`), r.seen)
    const empty = known.x_sign.get
    const none = terminal(['sign', '--key', rsa, '--timestamp', empty.prefix], [['url: ', `${empty.url}\n`], ['body (hit Ctrl+D', '\x04']])
    assert.ok(none.seen.includes(`x-sign: ${empty.x_sign}\n`), none.seen)
  })

  test(`${name}: a passphrase is asked on the terminal and not echoed; a paste that the terminal cut is refused`, () => {
    const own = folder()
    const made = terminal(['keygen', 'rsa', '--passphrase'], [['New passphrase: ', 'abre-te 1\n'], ['The same again: ', 'abre-te 1\n']], own.dir)
    assert.equal(made.status, 0, made.seen)
    assert.match(readFileSync(own.at('private.pem'), 'utf8'), /ENCRYPTED/)
    const signed = terminal(['sign', '--url', 'https://h/x', '--method', 'GET'], [['Passphrase of private.pem: ', 'abre-te 1\n']], own.dir)
    assert.equal(signed.status, 0, signed.seen)
    assert.match(signed.seen, /x-sign: /)
    assert.doesNotMatch(made.seen + signed.seen, /abre-te/)
    const other = terminal(['keygen', 'es512', '--passphrase'], [['New passphrase: ', 'eins\n'], ['The same again: ', 'zwei\n']], own.dir)
    assert.equal(other.status, 1)
    assert.match(other.seen, /differ/)
    own.remove()
    const long = terminal(['sign', '--key', rsa, '--url', 'https://h/x'], [['body (hit', `${'x'.repeat(4090)}`], ['x', 'yyyyyyyyyyyy\n\x04']])
    assert.equal(long.status, 2, long.seen.slice(-300))
    assert.match(long.seen, /Use --body FILE/)
  })
}
