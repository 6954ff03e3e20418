// Do the checkers over files hold every true answer, webhook and bundle, and none that was touched?
import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { answerOf, clientKey, folder, httpDate, jws, md5, programs, sha256, vectors } from './platform.mjs'

const known = JSON.parse(readFileSync(join(vectors, 'signing.json'), 'utf8'))
const world = folder()
after(() => world.remove())
const put = (name, bytes) => { writeFileSync(world.at(name), bytes); return name }
const headerFile = (headers, status = 200) => `HTTP/1.1 ${status} Whatever\r\n${Object.entries(headers).map(([n, v]) => `${n}: ${v}\r\n`).join('')}\r\n`
const spki = (key) => ({ kind: 'x', spki: key.export({ type: 'spki', format: 'der' }).toString('base64') })

for (const program of programs) {
  const name = basename(program)
  const run = (args, options) => world.run(program, args, options)
  const fine = (args, options) => { const r = run(args, options); assert.equal(r.status, 0, r.err); assert.match(r.out, /The signature holds/) }
  const bad = (args, hint) => { const r = run(args); assert.equal(r.status, 3, r.out + r.err); assert.match(r.err, hint) }

  test(`${name}: verify-response: every scheme, and every byte of it`, async () => {
    const at = Date.now()
    for (const scheme of ['es512-wrapped', 'es512-plain', 'x-sign', 'http-signature', 'api-key']) {
      const request = { method: 'POST', path: '/test?a=1', target: 'https://api.example.com/test?a=1', headers: scheme === 'http-signature' ? { signature: 'sig=:AAAA:' } : {} }
      const answer = await answerOf(scheme, request, 201, '{"ok":true}', world.keys, { at })
      put('h', headerFile(answer.headers, 201))
      put('b', answer.body)
      put('rh', 'POST / HTTP/1.1\r\nSignature: sig=:AAAA:\r\n')
      const args = (change = {}) => {
        const all = { '--url': request.target, '--method': 'POST', '--scheme': scheme, '--platform-key': scheme.startsWith('es512') ? 'platform.pub' : 'platformEd25519.pub', '--headers': 'h', '--body': 'b', '--time': String(Math.floor(at / 1000)), ...(scheme.startsWith('es512') ? { '--client-key': clientKey } : {}), ...(scheme === 'http-signature' ? { '--request-headers': 'rh' } : {}), ...change }
        return ['verify-response', ...Object.entries(all).flat()]
      }
      fine(args())
      assert.equal(run([...args(), '--raw']).out, '{"ok":true}')
      fine(args({ '--time': String(Math.floor(at / 1000) + 299) }))
      bad(args({ '--time': String(Math.floor(at / 1000) + 302) }), /302 seconds before|30[123] seconds/)
      fine(args({ '--time': '1', '--window': '0' }))
      bad(args({ '--method': 'PUT' }), /./)
      bad(args({ '--url': 'https://api.example.com/test?a=2' }), /./)
      bad(args({ '--platform-key': scheme.startsWith('es512') ? 'partner.pub' : 'ed25519.pub' }), /./)
      if (!scheme.startsWith('es512')) bad(args({ '--status': '200' }), /./)
      if (scheme === 'http-signature') bad(args({ '--request-headers': put('rh2', 'Signature: sig=:AAAB:\r\n') }), /./)
      if (scheme.startsWith('es512')) bad([...args(), '--client-key', 'another'], /integration/)
      for (let i = 0; i < answer.body.length; i += 1 + Math.floor(answer.body.length / 24)) {
        const bytes = Buffer.from(answer.body)
        bytes[i] ^= 1
        bad(args({ '--body': put('b2', bytes) }), /./)
      }
      for (const header of Object.keys(answer.headers).filter((h) => h !== 'content-type')) {
        const { [header]: value, ...rest } = answer.headers
        bad(args({ '--headers': put('h2', headerFile(rest, 201)) }), /./)
        bad(args({ '--headers': put('h2', headerFile(answer.headers, 201).replace('\r\n\r\n', `\r\n${header}: ${value}\r\n\r\n`)) }), /./)
        const twisted = value.slice(0, -9) + (value.at(-9) === 'A' ? 'B' : 'A') + value.slice(-8)
        bad(args({ '--headers': put('h2', headerFile({ ...rest, [header]: twisted }, 201)) }), /./)
      }
    }
  })

  test(`${name}: verify-response: tokens that must be refused`, async () => {
    const claims = { payload_md5: md5('{}'), timestamp: new Date().toISOString(), method: 'GET', uri: '/test' }
    const good = await jws(claims, world.keys.platform.privateKey)
    const [header, payload, mark] = good.split('.')
    const b64 = (value) => Buffer.from(value).toString('base64url')
    const sign = (h, p = payload) => {
      const input = `${b64(h)}.${p}`
      return `${input}.${crypto.sign('sha512', Buffer.from(input), { key: world.keys.platform.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
    }
    const check = (token) => {
      put('h', headerFile({ authorization: token, 'api-client-key': clientKey }))
      return ['verify-response', '--url', 'https://h/test', '--method', 'GET', '--scheme', 'es512-plain', '--platform-key', 'platform.pub', '--headers', 'h', '--body', put('b', '')]
    }
    fine(check(good))
    fine(check(sign('{"alg":"ES512","kid":"1","x":[]}')))
    const der = crypto.sign('sha512', Buffer.from(`${header}.${payload}`), { key: world.keys.platform.privateKey, dsaEncoding: 'der' }).toString('base64url')
    for (const [token, hint] of [
      ...Object.values(known.must_be_refused).map((t) => [t, /refused|signed by/]),
      [`${header}.${payload}.${der}`, /132 bytes/], [`${header}.${payload}.${'A'.repeat(176)}`, /range/],
      [`${header}.${payload}`, /refused/], [`${good}.x`, /refused/], [`${header}.${payload}.${mark}=`, /refused/],
      [sign('{"alg":"ES256"}'), /ES512/], [sign('{"alg":"es512"}'), /ES512/], [sign('{"alg":"ES512","crit":["x"],"x":1}'), /crit/],
      [sign('{"alg":"none","alg":"ES512"}'), /twice/], [sign('{}'), /ES512/],
      [sign('{"alg":"ES512"}', b64('{"payload_md5":1}')), /claims/], [sign('{"alg":"ES512"}', b64('[]')), /claims/]
    ]) bad(check(token), hint)
  })

  test(`${name}: verify-webhook: each form, told or implied by what is given`, async () => {
    const url = 'https://partner.example/hooks/sign?tenant=7'
    const body = '{"id":"e1","status":"completed"}'
    const time = new Date()
    const seconds = String(Math.floor(time / 1000))
    const content = `msg_1.${seconds}.${body}`
    const v1 = new Webhook(Buffer.from('demo-signature-key').toString('base64')).sign('msg_1', time, body)
    const v1a = 'v1a,' + crypto.sign(null, Buffer.from(content), world.keys.platformEd25519.privateKey).toString('base64')
    const claims = { payload_md5: md5(body), timestamp: time.toISOString(), method: 'POST', uri: '/hooks/sign?tenant=7' }
    const headers = {
      Signature: crypto.createHmac('sha1', 'demo-signature-key').update(`${url}POST${body}`).digest('hex'),
      'Webhook-Id': 'msg_1', 'Webhook-Timestamp': seconds, 'Webhook-Signature': `v1,${Buffer.alloc(32).toString('base64')} ${v1a} ${v1}`,
      Authorization: await jws(claims, world.keys.platform.privateKey), 'API-CLIENT-KEY': clientKey
    }
    put('h', headerFile(headers))
    put('b', body)
    put('secret', 'demo-signature-key\n')
    put('whpk', 'whpk_' + world.keys.platformEd25519.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64'))
    const args = (...more) => ['verify-webhook', '--url', url, '--headers', 'h', '--body', 'b', ...more]
    const secret = ['--signature-key', 'secret']
    const all = [...secret, '--platform-key', 'whpk', '--platform-key', 'platform.pub']
    fine(args(...secret))
    // A secret in the form of Standard Webhooks names the bytes of v1's key; the legacy form takes its text.
    const named = 'whsec_' + Buffer.from('demo-signature-key').toString('base64')
    const legacy = crypto.createHmac('sha1', named).update(`${url}POST${body}`).digest('hex')
    put('named', named + '\n')
    put('hn', headerFile({ ...headers, Signature: legacy }))
    fine(args('--signature-key', 'named', '--headers', 'hn', '--form', 'legacy,v1'))
    fine(args('--platform-key', 'whpk'))
    fine(args('--platform-key', 'platformEd25519.pub'))
    fine(args('--platform-key', 'platform.pub'))
    fine(args(...all))
    fine(args(...all, '--form', 'legacy,v1,v1a,es512'))
    fine(args(...secret, '--form', 'legacy', '--time', '1'))
    bad(args(...secret, '--time', '1'), /seconds after/)
    fine(args(...secret, '--time', '1', '--window', '0'))
    bad(args(...all, '--url', url.replace('7', '8')), /./)
    bad(args('--platform-key', 'ed25519.pub'), /v1a/)
    bad(args('--platform-key', 'partner.pub'), /signed by/)
    assert.equal(run(args()).status, 1)
    assert.equal(run(args('--form', 'v2')).status, 2)
    for (const [header, value] of Object.entries(headers)) {
      const { [header]: _, ...rest } = headers
      bad(args(...all, '--headers', put('h2', headerFile(rest))), /./)
      if (header === 'API-CLIENT-KEY') continue // es512-plain does not sign it
      bad(args(...all, '--headers', put('h2', headerFile({ ...rest, [header]: value.slice(0, -5) + (value.at(-5) === '1' ? '2' : '1') + value.slice(-4) }))), /./)
    }
    for (let i = 0; i < body.length; i++) {
      const bytes = Buffer.from(body)
      bytes[i] ^= 2
      bad(args(...secret, '--body', put('b2', bytes)), /./)
    }
    for (const v of Object.values(known.webhook_hmac)) {
      put('vh', headerFile({ Signature: v.signature }))
      put('vb', v.payload)
      fine(['verify-webhook', '--url', v.endpoint, '--headers', 'vh', '--body', 'vb', ...secret, '--form', 'legacy'])
    }
  })

  test(`${name}: verify-proof: every scheme, with and without bodies, and nothing that was touched`, async () => {
    const url = 'https://api.example.com/sign/envelope?x=1'
    const path = '/sign/envelope?x=1'
    const body = '{"subject": "Contrato"}'
    const answer = '{"id":"e1"}'
    const at = new Date(1793620800000)
    const requests = {
      'es512-plain': async () => ({ headers: { authorization: await jws({ payload_md5: md5(body), timestamp: at.toISOString(), method: 'POST', uri: path }, world.keys.partner.privateKey), 'api-client-key': clientKey }, key: spki(world.keys.partner.publicKey) }),
      'es512-wrapped': async () => {
        const token = await jws(body, world.keys.partner.privateKey)
        const lines = ['POST', md5(token), 'application/json', httpDate(at), path].join('\n')
        return { encoded_body: token, headers: { authorization: `QIT ${clientKey}:${await jws({ sub: clientKey, signature: lines }, world.keys.partner.privateKey)}`, 'api-client-key': clientKey }, key: spki(world.keys.partner.publicKey) }
      },
      'x-sign': async () => ({ headers: { 'x-timestamp': '1793620800', 'x-sign': crypto.sign('sha256', Buffer.from(`1793620800${url}${body}`), world.keys.rsa.privateKey).toString('base64url') }, key: spki(world.keys.rsa.publicKey) }),
      'http-signature': async () => {
        const digest = `sha-256=:${sha256(body, 'base64')}:`
        const params = '("@method" "@target-uri" "content-digest");created=1793620800;keyid="k"'
        const base = `"@method": POST\n"@target-uri": ${url}\n"content-digest": ${digest}\n"@signature-params": ${params}`
        return { headers: { 'content-digest': digest, 'signature-input': `sig=${params}`, signature: `sig=:${crypto.sign(null, Buffer.from(base), world.keys.ed25519.privateKey).toString('base64')}:` }, key: spki(world.keys.ed25519.publicKey) }
      },
      'api-key': async () => ({ headers: {} })
    }
    const bundle = { envelope_id: 'e1', later: 'members are ignored', exchanges: [] }
    for (const [scheme, make] of Object.entries(requests)) {
      const request = { body_sha256: sha256(body), ...await make() }
      const made = await answerOf(scheme, { method: 'POST', path, target: url, headers: { ...request.headers } }, 201, answer, world.keys, { at: at.getTime() })
      const response = { status: 201, body_sha256: sha256(made.body), headers: made.headers, key: spki((scheme.startsWith('es512') ? world.keys.platform : world.keys.platformEd25519).publicKey) }
      if (scheme === 'es512-wrapped') { response.encoded_body = JSON.parse(made.body).encoded_body; request.body_sha256 = sha256(JSON.stringify({ encoded_body: request.encoded_body })) }
      bundle.exchanges.push({ at: at.toISOString(), method: 'POST', url, scheme, request, response })
    }
    put('request.body', body)
    put('answer.body', answer)
    const trust = ['--partner-key', 'partner.pub', '--partner-key', 'rsa.pub', '--partner-key', 'ed25519.pub', '--platform-key', 'platform.pub', '--platform-key', 'platformEd25519.pub']
    const bodies = ['--body', 'request.body', '--body', 'answer.body']
    const check = (value, ...args) => ['verify-proof', put('proof.json', JSON.stringify(value)), ...args]
    fine(check(bundle, ...trust, ...bodies))
    fine(check(bundle.exchanges, ...trust, ...bodies))
    fine(check(bundle, ...bodies))
    const open = run(check(bundle, ...trust))
    assert.equal(open.status, 3)
    assert.match(open.err, /body with this SHA-256 is needed/)
    assert.equal(open.out.match(/ holds /g).length, 6) // both of wrapped, of http-signature; the answers of x-sign and api-key
    assert.equal(open.out.match(/ needs body /g).length, 3)
    assert.equal(open.out.match(/ unsigned /g).length, 1)
    const inside = structuredClone(bundle)
    const raw = (side, plain) => Buffer.from(side.encoded_body ? JSON.stringify({ encoded_body: side.encoded_body }) : plain).toString('base64')
    for (const x of inside.exchanges) { x.request.body = raw(x.request, body); x.response.body = raw(x.response, answer) }
    fine(check(inside, ...trust))
    for (const i of [0, 1]) {
      const lying = structuredClone(inside)
      lying.exchanges[i].request.body = Buffer.from('{}').toString('base64')
      bad(check(lying, ...trust), /body is not what body_sha256 names/)
    }
    const another = structuredClone(inside)
    another.exchanges[1].request.encoded_body = await jws('{}', world.keys.partner.privateKey)
    bad(check(another, ...trust), /encoded_body is not the token in the body/)
    bad(check(bundle, '--partner-key', 'rsa.pub', ...bodies), /none of the keys/)
    bad(check(bundle, '--platform-key', 'partner.pub', ...bodies), /none of the keys/)
    assert.match(run(check(bundle, ...bodies)).out, /P-521 SHA256:[A-Za-z0-9+/]{43} \(key not told\)/)

    // one thing changed at a time, in each exchange
    const changes = {
      method: (x) => { x.method = 'PUT' },
      url: (x) => { x.url += '2' },
      'request key': (x) => { x.request.key = spki(world.keys.p256.publicKey) },
      'response key': (x) => { x.response.key = spki(world.keys.p256.publicKey) },
      'response hash': (x) => { x.response.body_sha256 = sha256('{"id":"e2"}'); x.response.body = Buffer.from('{"id":"e2"}').toString('base64') },
      'request hash': (x) => { x.request.body_sha256 = sha256('{}'); x.request.body = Buffer.from('{}').toString('base64') },
      'request header': (x) => { const n = Object.keys(x.request.headers).find((h) => /^(auth|x-sign|signature$)/.test(h)); x.request.headers[n] = x.request.headers[n].replace(/(.)(.{20})$/, (_, c, rest) => (c === 'A' ? 'B' : 'A') + rest) },
      'response header': (x) => { const n = Object.keys(x.response.headers).find((h) => /^(auth|signature$)/.test(h)); x.response.headers[n] = x.response.headers[n].replace(/(.)(.{20})$/, (_, c, rest) => (c === 'A' ? 'B' : 'A') + rest) },
      'scheme claimed to be unsigned': (x) => { x.scheme = 'api-key' },
      'response body token': (x) => { if (x.response.encoded_body) x.response.encoded_body = x.request.encoded_body; else x.response.headers = {} },
      status: (x) => { x.response.status = 200 }
    }
    for (let i = 0; i < bundle.exchanges.length; i++) {
      const { scheme } = bundle.exchanges[i]
      for (const [what, change] of Object.entries(changes)) {
        if (scheme === 'api-key' && /request|scheme|method|url/.test(what) && !/^(method|url)$/.test(what)) continue
        if (scheme.startsWith('es512') && what === 'status') continue // the two ES512 schemes do not sign it
        if (scheme === 'es512-wrapped' && / hash/.test(what)) continue // the token is the body
        if (scheme === 'x-sign' && what === 'method') { /* the answer signs it */ }
        const twisted = structuredClone(bundle)
        change(twisted.exchanges[i])
        const r = run(check(twisted, ...trust, ...bodies))
        // an answer's signature of its own still holds when the request is said to be unsigned
        if (what === 'scheme claimed to be unsigned' && !scheme.startsWith('es512')) assert.equal(r.out.match(/request +unsigned/g).length, 2, scheme)
        else assert.equal(r.status, 3, `${scheme} ${what}: ${r.out}`)
      }
    }
    for (const [value, hint] of [[{}, /exchanges/], [{ exchanges: [] }, /exchanges/], [{ exchanges: [{}] }, /exchange 1: at is missing/], [{ exchanges: [{ ...bundle.exchanges[0], scheme: 'x' }] }, /scheme x is unknown/], [{ exchanges: [{ ...bundle.exchanges[0], response: 1 }] }, /response\. is no object/], [{ exchanges: [{ ...bundle.exchanges[0], request: null }] }, /request\. is no object/], [{ exchanges: [{ ...bundle.exchanges[3], response: null }] }, /answer: it was not kept/]]) bad(check(value), hint)
  })
}

test('the published ES512 vectors hold', () => {
  const v = known.es512_wrapped.response_to_post
  const server = join(vectors, 'server_es512.pub')
  put('h', headerFile({ Authorization: v.authorization, 'API-CLIENT-KEY': v.api_client_key }, 201))
  put('b', v.http_body)
  const args = ['verify-response', '--scheme', 'es512-wrapped', '--method', 'POST', '--url', 'https://api.example.com/test', '--platform-key', server, '--headers', 'h', '--body', 'b', '--time', '1793620800', '--raw']
  const r = world.run(programs[0], args)
  assert.equal(r.status, 0, r.err)
  assert.deepEqual(JSON.parse(r.out), v.claims_body)
  const hook = known.es512_plain.webhook_from_server
  put('h', headerFile({ Authorization: hook.authorization, 'API-CLIENT-KEY': hook.api_client_key }))
  put('b', hook.http_body)
  const w = world.run(programs[0], ['verify-webhook', '--url', `https://partner.example${hook.url}`, '--platform-key', server, '--headers', 'h', '--body', 'b', '--time', '1793620800'])
  assert.equal(w.status, 0, w.err)
})
