// Writes the hand-made seeds of the targets whose input is not a file of a known kind.
// usage: node tests/fuzz/seeds.mjs   (the results are committed; run it when a form changes)
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const corpus = fileURLToPath(new URL('corpus/', import.meta.url))
const seed = (target, name, ...parts) => {
  mkdirSync(corpus + target, { recursive: true })
  writeFileSync(corpus + target + '/' + name, Buffer.concat(parts.map((p) => Buffer.from(p))))
}

// ---- frames: numbers in host order (the targets run where they were built) ----
const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32LE(n >>> 0); return b }
const i64 = (n) => { const b = Buffer.alloc(8); b.writeBigInt64LE(BigInt(n)); return b }
const bytes = (s) => { const b = Buffer.from(s); return Buffer.concat([u32(b.length), b]) }
const frame = (...parts) => Buffer.concat(parts)
const letter = (n) => Buffer.from([0x60 | n])
const with_fds = (...kinds) => Buffer.concat([letter(kinds.length), ...kinds.map(letter)])
const none = with_fds()

// keyd: see src/keyd/calls.h
seed('ipc_keyd', 'organisation_key_new', none, u32(1))
seed('ipc_keyd', 'data_key_new', none, u32(2), bytes(Buffer.alloc(40, 7)), u32(3))
seed('ipc_keyd', 'data_key_open', none, u32(3), bytes(Buffer.alloc(40, 7)), bytes(Buffer.alloc(40, 8)))
seed('ipc_keyd', 'derive', none, u32(4), u32(1))
seed('ipc_keyd', 'seal_chain', none, u32(5))
seed('ipc_keyd', 'seal_sign', none, u32(6), bytes(Buffer.from(
  '313a301806092a864886f70d010903310b06092a864886f70d010701302f06092a864886f70d01090431220420' + 'ab'.repeat(32), 'hex')))
seed('ipc_keyd', 'seal_test', none, u32(7))
seed('ipc_keyd', 'webhook_sign', none, u32(8), bytes('msg_1.1790000000.{}'))
seed('ipc_keyd', 'webhook_public', none, u32(9))
seed('ipc_keyd', 'tls_chain', none, u32(10))
const handshake = Buffer.concat([Buffer.alloc(64, 0x20), Buffer.from('TLS 1.3, server CertificateVerify\0'), Buffer.alloc(32, 5)])
seed('ipc_keyd', 'tls_sign', none, u32(11), bytes(Buffer.alloc(32, 1)), bytes('SHA256'), u32(0), bytes(handshake))
seed('ipc_keyd', 'several', none, u32(16), bytes(frame(u32(4), u32(1))), bytes(u32(9)),
  bytes(frame(u32(15), bytes('kid'), bytes('"@status": 201\n"@signature-params": ("@status")'))))
seed('ipc_keyd', 'several_in_several', none, u32(16), bytes(frame(u32(16), bytes(u32(5)))))
seed('ipc_keyd', 'with_descriptor', with_fds(0), u32(1))
seed('ipc_keyd', 'unknown', none, u32(99))

// press: see src/pdf/press_wire.h; 0 a PDF, 1 a JPEG, 2 JSON, 3 certificates, 4 nothing, 9 not sealed
const pad = (b) => Buffer.concat([b, Buffer.alloc(Math.max(0, 16 - b.length))]).subarray(0, 16)
seed('ipc_press', 'analyse', with_fds(0), u32(1), u32(1))
seed('ipc_press', 'analyse_jpeg', with_fds(1), u32(1), u32(0))
seed('ipc_press', 'analyse_open', with_fds(9), u32(1), u32(1))
seed('ipc_press', 'jpeg', with_fds(1), u32(2))
seed('ipc_press', 'jpeg_nothing', with_fds(4), u32(2))
seed('ipc_press', 'jpeg_none', none, u32(2))
for (const verdict of [0, 1, 2, 3, 4, 77]) {
  seed('ipc_press', `seal_${verdict}`, with_fds(0, 2, 4, 3), pad(frame(u32(3), u32(verdict), i64(1790000000000))),
    letter(12), bytes('signature'), bytes('x'))
}
seed('ipc_press', 'verify', with_fds(0, 0, 3), u32(4))
seed('ipc_press', 'verify_nothing', with_fds(4, 4, 4), u32(4))

// courier: see src/courier/frame.c; 0 content, 9 not sealed
const mail = (port, security, from, to) => frame(u32(1), bytes('mail.example'), u32(port), u32(security),
  bytes('user'), bytes('password'), bytes(''), bytes(from), bytes(to), u32(1))
seed('ipc_courier', 'mail', with_fds(0), mail(587, 0, 'a@example.com', 'b@example.com'))
seed('ipc_courier', 'mail_probe', with_fds(0), mail(25, 2, '', ''))
seed('ipc_courier', 'mail_bad_port', with_fds(0), mail(70000, 9, 'a@example.com', ''))
seed('ipc_courier', 'post', with_fds(0), u32(2), bytes('https://example.com/hook'), u32(2),
  bytes('Content-Type: application/json'), bytes('Signature: 00'), bytes(''), u32(1), bytes('example.com'))
seed('ipc_courier', 'post_many', with_fds(0), u32(2), bytes('https://example.com/'), u32(4000000000))
seed('ipc_courier', 'post_none', none, u32(2), bytes('https://example.com/'), u32(0), bytes(''), u32(0))

// the supervisor: see src/main/broker.h
seed('ipc_broker', 'ready', none, u32(2))
for (const role of [0, 1, 2, 3, 4, 5]) seed('ipc_broker', `connect_${role}`, with_fds(9), u32(1), u32(role))
seed('ipc_broker', 'connect_none', none, u32(1), u32(3))
seed('ipc_broker', 'unknown', with_fds(9, 9), u32(7), u32(3))

// answers: ` outcome, a analyse, b jpeg, c verify, d… seal
seed('ipc_answers', 'outcome', letter(0), none, u32(1), u32(0), u32(200), bytes('answered'), bytes('body'))
const report = (e, verdict, has) => frame(u32(e), u32(verdict), bytes('signed'), u32(3), u32(1), u32(0), u32(has))
const sized = (b) => Buffer.concat([Buffer.from([b.length]), b])
seed('ipc_answers', 'analyse_clean', letter(1), none, sized(report(0, 0, 0)))
seed('ipc_answers', 'analyse_normalise', letter(1), with_fds(0), sized(report(0, 1, 1)))
seed('ipc_answers', 'analyse_wrong', letter(1), with_fds(0), sized(report(9999, 7, 1)))
seed('ipc_answers', 'jpeg', letter(2), none, sized(frame(u32(0), u32(640), u32(480))))
seed('ipc_answers', 'verify', letter(3), none, sized(u32(0)))
seed('ipc_answers', 'seal', letter(4), none, sized(frame(u32(0), u32(1), bytes('attributes'))), u32(0), u32(1), u32(0))
seed('ipc_answers', 'seal_two', letter(6), with_fds(0), sized(frame(u32(0), u32(2), bytes('one'), bytes('two'))), u32(0), u32(2), u32(0))

// ---- bodies ----
const signer = {
  id: 'ana', name: 'Ana Müller', email: 'ana@example.com', birthdate: '1990-02-28', document_number: '529.982.247-25',
  phone: { international_dial_code: '55', area_code: '11', number: '998877665' },
  language: 'pt-BR', document_submission_method: 'email', authentication_submission_method: 'sms'
}
const envelope = { id: 'e-1', subject: 'Contrato', expiration_date: '2027-01-31', signers: [signer, { ...signer, id: 'b', phone: null, authentication_submission_method: 'email' }], status: 'submitted', documents: [{}] }
const b64 = Buffer.from('%PDF-1.4 small').toString('base64')
seed('api_body', 'envelope', letter(1), JSON.stringify(envelope))
seed('api_body', 'envelope_start', letter(2), JSON.stringify({ ...envelope, status: 'created', expiration_date: '2026-11-30' }))
seed('api_body', 'envelope_past', letter(1), JSON.stringify({ ...envelope, expiration_date: '2020-02-30' }))
seed('api_body', 'twice', letter(1), '{"id":"a","id":"b"}')
seed('api_body', 'escapes', letter(1), '{"subject":"\\u0000\\ud83d\\ude00\\ud800","signers":[[],{},1e400,-0,null,true]}')
seed('api_body', 'deep', letter(1), '{"signers":' + '['.repeat(40) + ']'.repeat(40) + '}')
seed('api_body', 'signer', letter(3), JSON.stringify(signer))
seed('api_body', 'signer_repeated', letter(3), JSON.stringify({ ...signer, document_number: '11111111111', email: 'a@b' }))
seed('api_body', 'upload_json', letter(4), 'application/json\n', JSON.stringify({ document_b64: b64, name: 'a.pdf', document_type: 'pdf' }))
seed('api_body', 'upload_raw', letter(4), 'application/pdf\tname=a%20b.pdf&document_type=pdf&allow_unlock=true\n%PDF-1.4 small')
seed('api_body', 'upload_jpeg', letter(4), 'image/jpeg; x=y\ttemplate=cnh_front&file_type=%ff\n', Buffer.from([0xff, 0xd8]))
seed('api_body', 'upload_form', letter(4), 'multipart/form-data; boundary=xx\n--xx\r\nContent-Disposition: form-data; name="name"\r\n\r\na.pdf\r\n' +
  '--xx\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n--xx--\r\n')

const consent = 'ab'.repeat(32)
seed('signer_body', 'open', letter(0), JSON.stringify({ screen: '390x844', language: 'pt-BR', time_zone: 'America/Sao_Paulo' }))
seed('signer_body', 'open_empty', letter(0))
seed('signer_body', 'cpf', letter(1), '{"cpf":"529.982.247-25"}')
seed('signer_body', 'read', letter(2), '{"document":1,"pages":3,"duration_ms":12000}')
seed('signer_body', 'code_send', letter(3))
seed('signer_body', 'code', letter(4), '{"code":" 123456 "}')
seed('signer_body', 'drawn', letter(5), JSON.stringify({ consent_sha256: consent, kind: 'drawn', strokes: [[[0, 0], [0.5, 1], [1e-9, 0.99999]], [[1, 1, 0.3]]] }))
seed('signer_body', 'typed', letter(5), JSON.stringify({ consent_sha256: consent, kind: 'typed', text: 'Ana Müller' }))
seed('signer_body', 'decline', letter(6), '{"reason":"não concordo"}')

// ---- text ----
for (const [name, text] of Object.entries({
  name: 'José da Silva 山田', email: 'ana.b+c@mail.example.com', cpf: '529.982.247-25', digits: '52998224725',
  date: '2026-02-28', time: '2026-11-02T12:00:00.123-03:00', id: 'a.b_c-1', bidi: 'a\u202eb\u0085',
  overlong: Buffer.from([0xc0, 0x80, 0xed, 0xa0, 0x80, 0xf4, 0x90, 0x80, 0x80]), header: 'a@b.c\r\nBcc: x@y.z'
})) seed('text', name, text)
for (const [name, text] of Object.entries({
  padded: 'TWFuIGlz', one: 'TQ==', two: 'TWE=', bits: 'TR==', lines: 'TWFu\r\nIGlz\n', url: 'T_-8', hex: '00ff10AB', percent: 'a%20b%2Fc+%zz', binary: Buffer.from([0, 255, 128])
})) seed('codec', name, text)

// ---- configuration, links, evidence ----
seed('config_file', 'usual', '; a comment\n[server]\nlisten = 127.0.0.1:8443\nlog_level = debug\n\n[mail]\nhost = mail.example.com\nport = 587\nsecurity = starttls\n')
seed('config_file', 'unknown', '[mail]\nhots = x\n')
seed('config_file', 'lists', '[server]\nbase_url = https://a.example, https://b.example\ntrusted_proxies = 10.0.0.0/8 ::1\n')
seed('config_file', 'pairs', '[tls]\ncertificate_file = x.pem\n')
seed('config_file', 'broken', '[server\nlisten\n= 1\n  more\n')
seed('config_file', 'packed', '/data\0', '\0'.repeat(60))
seed('link_token', 'flip', Buffer.from([0, 1, 5, 2, 44, 4]))
seed('link_token', 'made', 'AQAAAAAAAAAHAAAAAAAAAAgAAAAJAAAAAAAAAAoAAAAAAAAAAAAAAAAAAAAA.pdf')
seed('link_token', 'dot', '.pdf')
for (const name of ['one-pt-BR', 'scripts-en', 'two-es']) {
  const vector = (end) => JSON.stringify(JSON.parse(readFileSync(new URL(`../vectors/evidence/${name}${end}`, import.meta.url), 'utf8')))
  const drawings = vector('.drawings.json')
  if (drawings.length < 6000) seed('pdf_evidence', name, drawings, '\n', vector('.json'))
}

// sign: tokens (a letter chooses the reader), messages (three lines), keys (a letter says the kinds)
const vectors = JSON.parse(readFileSync(new URL('../vectors/signing.json', import.meta.url)))
const token = vectors.es512_plain.post.authorization
seed('sign_token', 'jws', letter(8), token)
for (const [name, bad] of Object.entries(vectors.must_be_refused)) seed('sign_token', name, letter(8), bad)
seed('sign_token', 'lines', letter(1), vectors.es512_wrapped.post.string_to_sign)
seed('sign_token', 'body', letter(2), vectors.es512_wrapped.post.http_body)
seed('sign_token', 'body_null', letter(2), '{"encoded_body": null}')
seed('sign_token', 'claims', letter(3), '{"sub":"k","signature":"GET\\n\\n\\nd\\n/","iat":1}')
seed('sign_token', 'plain', letter(4), JSON.stringify(vectors.es512_plain.post.claims))
seed('sign_token', 'date', letter(5), 'Mon, 2 Nov 2026 9:00:00 GMT')
seed('sign_token', 'time', letter(5), '2026-11-02T12:00:00.000000Z')
seed('sign_token', 'url', letter(6), '/a?q=a+b%20c&d=%26\n/a?q=a%20b+c&d=%26')
seed('sign_token', 'xsign', letter(7), vectors.x_sign.get.x_sign + '==')
const rfc9421 = JSON.parse(readFileSync(new URL('../vectors/rfc9421.json', import.meta.url)))
for (const v of rfc9421.vectors) seed('sign_message', v.section, v.input, '\n', v.signature, '\n', '/?param=a&Pet=dog')
seed('sign_message', 'all', 'a=("@method" "@target-uri" "@scheme" "@query" "@request-target" "x-field" "@query-param";name="q");' +
  'created=1;expires=2;nonce="n";alg="ed25519";keyid="k";tag="t";x;y=?0;z=:AA==:', '\n', 'a=:AAAA:', '\n', '/p?q=%20+&r')
seed('sign_message', 'response', 'a=("@status" "@method";req "x-field";req "@query-param";req;name="q");created=1', '\n', 'a=:AAAA:', '\n', '/?q=1')
seed('sign_message', 'two', 'a=();created=1, b=()', '\n', 'a=:AAAA:, b=:AAAA:')
seed('sign_message', 'digest', 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:, unixsum=:AAAA:', '\n', '')
const key_file = (name) => readFileSync(new URL('../vectors/keys/' + name, import.meta.url))
for (const name of ['ssh_p521.pub', 'rsa.pub', 'rsa_pkcs1.pub', 'rsa_e1.pub', 'ed25519.pub', 'prime256v1.pub', 'p521_explicit.pub',
  'secp256k1.pub', 'ssh_p521.key', 'p521_pkcs8_secret.key', 'certificate.pem']) seed('sign_key', name, letter(31), key_file(name))
seed('sign_key', 'collapsed', letter(31), String(key_file('ssh_p521.pub')).replaceAll('\n', ' '))

// ---- WebSocket frames of a client: the mask is always the same ----
const ws = (first, body = '', length = undefined) => {
  const mask = [1, 2, 3, 4]; const b = Buffer.from(body)
  const size = length ?? (b.length < 126 ? [b.length] : [126, b.length >> 8, b.length & 255])
  return Buffer.concat([Buffer.from([first, 0x80 | size[0], ...size.slice(1), ...mask]), Buffer.from(b.map((c, i) => c ^ mask[i % 4]))])
}
seed('http_frame', 'texts', ws(0x81, '{"ack":"1"}'), ws(0x81), ws(0x81, 'ç'.repeat(100)))
seed('http_frame', 'parts', ws(0x01, 'a'), ws(0x89, 'ping'), ws(0x00), ws(0x80, 'b'), ws(0x8a), ws(0x88, [3, 232, 98, 121, 101]))
seed('http_frame', 'large', ws(0x01, 'x'.repeat(400)), ws(0x80, 'x'.repeat(113)))
seed('http_frame', 'long', ws(0x81, '', [127, 0, 0, 0, 0, 0, 1, 0, 0]))
seed('http_frame', 'wrong', ws(0x81, [0xc3, 0x28]))
seed('http_frame', 'close', ws(0x88, [3]))
seed('http_frame', 'bare', [0x81, 0x01, 0x61])
