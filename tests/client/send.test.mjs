// Is an answer believed exactly when its signature fits this very request, and does the exit status say what happened?
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { after, before, test } from 'node:test'
import { built } from '../lib/build.mjs'
import { clientKey, folder, md5, pair, programs, startPlatform } from './platform.mjs'

const world = folder()
let platform, next
before(async () => {
  platform = await startPlatform(world.keys, async (request, checked) => next(request, checked))
})
after(async () => { await platform.stop(); world.remove() })

const echo = (_, checked) => ({ status: checked.text ? 201 : 200, body: JSON.stringify({ echo: checked.text, 'ação': 'ção' }) })
const schemes = {
  'es512-wrapped': ['--key', 'partner.pem', '--client-key', clientKey, '--platform-key', 'platform.pub'],
  'es512-plain': ['--key', 'partner.pem', '--client-key', clientKey, '--platform-key', 'platform.pub'],
  'x-sign': ['--key', 'rsa.pem', '--platform-key', 'platformEd25519.pub'],
  'http-signature': ['--key', 'ed25519.pem', '--key-id', 'k1', '--platform-key', 'platformEd25519.pub'],
  'api-key': ['--platform-key', 'platformEd25519.pub']
}

for (const program of programs) {
  const name = basename(program)
  const send = (scheme, args, input) => world.runAsync(program, ['send', '--scheme', scheme, '--cacert', platform.ca.caFile, ...schemes[scheme], ...args], { input })

  for (const scheme of Object.keys(schemes)) {
    test(`${name}: ${scheme} there and back`, async () => {
      next = echo
      for (const [args, input, text] of [
        [[`${platform.url}/sign/envelope?page=1&q=a%20b`], '', ''],
        [[`${platform.url}/test/`, '--body', '-'], '{"name": "Contrato de locação",\n "n": 1}', '{"name": "Contrato de locação",\n "n": 1}'],
        [[`${platform.url}`, '--method', 'PUT', '--body', '-', '--compact'], '{ "a": [ 1 ] }', '{"a":[1]}'],
        [[`${platform.url}/x/../y//z`, '--method', 'DELETE'], '', '']
      ]) {
        const r = await send(scheme, args, input)
        assert.equal(r.status, 0, r.err + platform.seen.at(-1)?.error)
        assert.match(r.err, /^HTTP 20[01], signature verified\n$/)
        assert.equal(r.out, JSON.stringify({ echo: text, 'ação': 'ção' }, null, 2) + '\n')
        assert.equal(platform.seen.at(-1).scheme, scheme)
        assert.equal(platform.seen.at(-1).path, new URL('/', platform.url).pathname === args[0] ? '/' : args[0].slice(platform.url.length) || '/')
      }
    })

    test(`${name}: ${scheme}: an answer to anything else is not believed and not printed`, async () => {
      const body = '{"id":"e1"}'
      const bad = {
        'another body': { body, send: scheme === 'es512-wrapped' ? undefined : '{"id":"e2"}', twist: scheme === 'es512-wrapped' ? { path: '/other' } : {} },
        'another method': { body, twist: { method: 'GET' } },
        'another URL': { body, twist: { path: '/else', target: `${platform.url}/else` } },
        'an old one': { body, twist: { at: Date.now() - 302000 } },
        'one of tomorrow': { body, twist: { at: Date.now() + 600000 } },
        'no signature': { body, bare: true }
      }
      if (!scheme.startsWith('es512')) {
        bad['another status'] = { body, twist: { status: 404 } }
        bad['a signature without the body'] = { body, twist: { components: ['"@status"', '"@method";req', '"@target-uri";req'] } }
        bad['a signature without the request'] = { body, twist: { components: ['"@status"', '"content-digest"'] } }
        bad['a signature without the status'] = { body, twist: { components: ['"content-digest"', '"@method";req', '"@target-uri";req'] } }
      }
      if (scheme === 'http-signature') {
        bad['an answer to another of our requests'] = { body, twist: { components: ['"@status"', '"content-digest"', '"@method";req', '"@target-uri";req'] } }
      }
      for (const [what, answer] of Object.entries(bad)) {
        next = () => answer
        const r = await send(scheme, [`${platform.url}/x`, '--body', '-'], '{"a":1}')
        assert.equal(r.status, 3, `${what}: ${r.err}`)
        assert.equal(r.out, '', what)
        assert.match(r.err, /not believed/, what)
      }
      next = () => ({ body, twist: { at: Date.now() - 290000 } })
      assert.equal((await send(scheme, [`${platform.url}/x`, '--body', '-'], '{"a":1}')).status, 0)
    })

    test(`${name}: ${scheme}: a key that is not the platform's`, async () => {
      next = echo
      const other = scheme.startsWith('es512') ? 'partner.pub' : 'ed25519.pub'
      const r = await send(scheme, [`${platform.url}/x`, '--platform-key', other])
      assert.equal(r.status, 3, r.err)
    })
  }

  test(`${name}: the exit status follows the HTTP status`, async () => {
    for (const [status, exit] of [[200, 0], [204, 0], [302, 6], [401, 4], [409, 4], [500, 5], [503, 5]]) {
      next = () => ({ status, body: status === 204 ? '' : '{"code":1}' })
      const r = await send('es512-plain', [`${platform.url}/x`])
      assert.equal(r.status, exit, `${status}: ${r.err}`)
      assert.equal(r.out, status === 204 ? '' : '{\n  "code": 1\n}\n')
    }
    assert.equal((await send('es512-plain', ['https://localhost:1/x'])).status, 1)
    assert.equal((await send('es512-plain', ['http://localhost:1/x'])).status, 1)
    assert.equal((await send('es512-plain', [])).status, 2)
    assert.equal((await send('es512-plain', ['GET https://localhost/x'])).status, 2)
    const before = platform.seen.length
    assert.equal((await send('es512-plain', [`${platform.url}/x`, '--platform-key', 'nowhere.pub'])).status, 1)
    assert.equal(platform.seen.length, before, 'nothing was sent')
  })

  test(`${name}: without a platform key the answer is printed and a line says so; a foreign authority is refused`, async () => {
    next = echo
    const args = ['send', `${platform.url}/x`, '--scheme', 'api-key']
    const r = await world.runAsync(program, [...args, '--cacert', platform.ca.caFile, '--raw'])
    assert.equal(r.status, 0)
    assert.match(r.err, /not checked/)
    assert.equal(r.out, '{"echo":"","ação":"ção"}')
    const foreign = await world.runAsync(program, args)
    assert.equal(foreign.status, 1)
    assert.match(foreign.err, /certificate/i)
  })

  test(`${name}: named requests`, async () => {
    next = echo
    mkdirSync(world.at('requests'), { recursive: true })
    const put = (file, value) => writeFileSync(world.at(`requests/${file}.json`), typeof value === 'string' ? value : JSON.stringify(value))
    put('create', { method: 'POST', url: '/company', base_url: `${platform.url}/`, scheme: 'es512-plain', key: 'partner.pem', client_key: clientKey, platform_key: 'platform.pub', cacert: platform.ca.caFile, body: { z: 1, a: 'ção' } })
    const r = await world.runAsync(program, ['send', 'create'])
    assert.equal(r.status, 0, r.err)
    assert.deepEqual([platform.seen.at(-1).path, platform.seen.at(-1).text], ['/company', '{"z":1,"a":"ção"}'])
    const won = await world.runAsync(program, ['send', 'create', '--method', 'PUT', '--base-url', `${platform.url}/api/v1/p`])
    assert.equal(won.status, 0, won.err)
    assert.deepEqual([platform.seen.at(-1).method, platform.seen.at(-1).path], ['PUT', '/api/v1/p/company'])
    put('text', { url: `${platform.url}/t`, scheme: 'api-key', cacert: platform.ca.caFile, body: ' {"as": "it is"}\n' })
    assert.equal((await world.runAsync(program, ['send', 'text'])).status, 0)
    assert.equal(platform.seen.at(-1).body.toString(), ' {"as": "it is"}\n')
    for (const [file, value, hint] of [['typo', { url: 'https://h', metod: 'GET' }, /metod is unknown/], ['broken', '{"url":', /not a JSON object/], ['number', { url: 1 }, /url is not a text/]]) {
      put(file, value)
      const bad = await world.runAsync(program, ['send', file])
      assert.equal(bad.status, 2)
      assert.match(bad.err, hint)
    }
    assert.equal((await world.runAsync(program, ['send', '../requests/create'])).status, 2)
    assert.match((await world.runAsync(program, ['send', 'nowhere'])).err, /requests\/nowhere\.json: No such file/)
  })

  test(`${name}: an upload is one multipart part, its file's MD5 signed under es512-wrapped`, async () => {
    next = (request) => ({ status: 201, body: JSON.stringify({ document_md5: md5(request.body) }) })
    const file = Buffer.from('%PDF-1.7\r\n--x\r\n\x00\xff', 'latin1')
    writeFileSync(world.at('doc.pdf'), file)
    for (const scheme of Object.keys(schemes)) {
      const r = await send(scheme, [`${platform.url}/upload`, '--upload', 'doc.pdf'])
      assert.equal(r.status, 0, r.err + platform.seen.at(-1).error)
      const { headers, body, hash } = platform.seen.at(-1)
      const form = await new Response(body, { headers: { 'content-type': headers['content-type'] } }).formData()
      assert.deepEqual(Buffer.from(await form.get('file').arrayBuffer()), file)
      assert.equal(form.get('file').name, 'doc.pdf')
      if (scheme === 'es512-wrapped') assert.equal(hash, md5(file))
    }
  })
}

test('the example that signs and sends believes a good answer only', async () => {
  const example = built('examples/example-sign-and-send')
  for (const [scheme, key, platformKey, id] of [['es512-wrapped', 'partner.pem', 'platform.pub', clientKey], ['x-sign', 'rsa.pem', 'platformEd25519.pub', 'eyJrZXlfaWQiOiJhIn0'], ['http-signature', 'ed25519.pem', 'platformEd25519.pub', 'k1']]) {
    const args = [`${platform.url}/test`, platform.ca.caFile, scheme, key, platformKey, id, '{"a":1}']
    next = echo
    const r = await world.runAsync(example, args)
    assert.equal(r.status, 0, r.err)
    assert.equal(JSON.parse(r.out).echo, '{"a":1}')
    next = () => ({ body: '{}', twist: { method: 'PUT' } })
    const bad = await world.runAsync(example, args)
    assert.equal(bad.status, 1)
    assert.match(bad.err, /not believed/)
  }
})

test('the example of a webhook receiver', async () => {
  const { Webhook } = await import('standardwebhooks')
  const crypto = await import('node:crypto')
  const example = built('examples/example-check-webhook')
  const url = 'https://partner.example/hook?tenant=7'
  const body = '{"id":"e1","status":"completed"}'
  const own = pair('ed25519')
  const time = new Date()
  const seconds = Math.floor(time / 1000)
  const v1 = new Webhook(Buffer.from('demo-key').toString('base64')).sign('m1', time, body)
  const v1a = 'v1a,' + crypto.sign(null, Buffer.from(`m1.${seconds}.${body}`), own.privateKey).toString('base64')
  const legacy = crypto.createHmac('sha1', 'demo-key').update(`${url}POST${body}`).digest('hex')
  const raw = own.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64')
  next = () => ({ bare: true, body: `whpk_${raw}` })
  writeFileSync(world.at('hook.key'), 'demo-key\n')
  writeFileSync(world.at('hook.headers'), `POST /hook HTTP/1.1\r\nSignature: ${legacy}\r\nwebhook-id: m1\r\nwebhook-timestamp: ${seconds}\r\nwebhook-signature: ${v1} ${v1a}\r\n\r\n`)
  writeFileSync(world.at('hook.body'), body)
  platform.server.removeAllListeners('request')
  platform.server.on('request', (_, res) => res.end(`whpk_${raw}`))
  const check = (file) => world.runAsync(example, [url, `${platform.url}/key`, platform.ca.caFile, 'hook.key', 'hook.headers', file])
  const r = await check('hook.body')
  assert.equal(r.status, 0, r.out + r.err)
  assert.equal(r.out, 'ours\n')
  writeFileSync(world.at('hook.bad'), body + ' ')
  assert.equal((await check('hook.bad')).status, 1)
})
