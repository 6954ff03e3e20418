// Wrong requests as data: what is asked, and the exact status, code and field that must be answered. {created},
// {submitted}, {completed}, {canceled} in a path are envelopes in that state; each has the signer 1 and the document d1.
import { b64, day, document, envelope, jpeg, multipart, pdf, photo, signer } from './world.mjs'

const json = (value) => ({ json: value })
const raw = (text, type = 'application/json') => ({ body: Buffer.from(text), headers: { 'Content-Type': type } })
const long = (n, c = 'x') => c.repeat(n)
const without = (object, name) => Object.fromEntries(Object.entries(object).filter(([key]) => key !== name))
const sign = (more) => json(envelope({ signers: [signer('1', more)] }))
const pdfBytes = pdf()

const create = '/sign/envelope'
const add = '/sign/envelope/{created}/document'
const person = '/sign/envelope/{created}/signer'
const picture = '/sign/envelope/{created}/signer/1/personal_document'
const patch = '/sign/envelope/{created}'
const nowhere = '/sign/envelope/nowhere'
const hidden = '/sign/envelope/{created}'

const JSON_BAD = 'SGN406001'
const MISSING = 'SGN400012'
const TYPE = 'SGN400013'
const VALUE = 'SGN400014'
const LENGTH = 'SGN400015'
const ID = 'SGN400016'
const DATE = 'SGN400017'
const TEXT = 'SGN400041'
const FOUND = 'SGN404001'

const rows = []
const bad = (name, method, path, request, status, code, field) => rows.push({ name, method, path, request, status, code, field })

// ---- what is no JSON, or not an object ----
for (const [path, method] of [[create, 'POST'], [patch, 'PATCH'], [add, 'POST'], [picture, 'POST'], [person, 'POST']]) {
  bad(`${method} ${path}: no body`, method, path, raw(''), 400, 'SGN400011')
  bad(`${method} ${path}: blanks only`, method, path, raw(' \r\n\t '), 400, 'SGN400011')
  bad(`${method} ${path}: half an object`, method, path, raw('{"subject": "x"'), 406, JSON_BAD)
  bad(`${method} ${path}: a word`, method, path, raw('hello'), 406, JSON_BAD)
  bad(`${method} ${path}: a form`, method, path, raw('subject=x&signers=1', 'application/x-www-form-urlencoded'), 406, JSON_BAD)
  bad(`${method} ${path}: XML`, method, path, raw('<envelope/>', 'application/xml'), 406, JSON_BAD)
  bad(`${method} ${path}: something after the object`, method, path, raw('{} {}'), 406, JSON_BAD)
  bad(`${method} ${path}: a list`, method, path, raw('[]'), 400, TYPE, 'body')
  bad(`${method} ${path}: null`, method, path, raw('null'), 400, TYPE, 'body')
  bad(`${method} ${path}: a member twice`, method, path, raw('{"id": "a", "id": "b"}'), 400, 'SGN400010')
}
bad('a trailing comma', 'POST', create, raw('{"subject": "x",}'), 406, JSON_BAD)
bad('single quotes', 'POST', create, raw("{'subject': 'x'}"), 406, JSON_BAD)
bad('a comment', 'POST', create, raw('{/* x */}'), 406, JSON_BAD)
bad('NaN', 'POST', create, raw('{"subject": NaN}'), 406, JSON_BAD)
bad('broken UTF-8', 'POST', create, { body: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]) }, 406, JSON_BAD)
bad('half a surrogate', 'POST', create, raw('{"subject": "\\ud800"}'), 406, JSON_BAD)
bad('UTF-16', 'POST', create, { body: Buffer.from('{"subject":"x"}', 'utf16le') }, 406, JSON_BAD)
bad('a byte order mark alone', 'POST', create, raw('\ufeff'), 406, JSON_BAD)
bad('nested too deep', 'POST', create, raw(`{"x":${'['.repeat(100)}${']'.repeat(100)}}`), 406, JSON_BAD)
bad('a million brackets', 'POST', create, raw('['.repeat(1000000)), 406, JSON_BAD)
bad('a member twice, deep', 'POST', create, raw('{"signers": [{"phone": {"number": "1", "number": "2"}}]}'), 400, 'SGN400010')
bad('a NUL in a text', 'POST', create, json(envelope({ subject: 'a\u0000b' })), 400, TEXT, 'subject')

// ---- the envelope ----
for (const name of ['subject', 'expiration_date']) {
  bad(`no ${name}`, 'POST', create, json(without(envelope(), name)), 400, MISSING, name)
  bad(`${name} null`, 'POST', create, json(envelope({ [name]: null })), 400, MISSING, name)
  bad(`${name} a number`, 'POST', create, json(envelope({ [name]: 7 })), 400, TYPE, name)
  bad(`${name} a list`, 'POST', create, json(envelope({ [name]: ['x'] })), 400, TYPE, name)
  bad(`${name} empty`, 'POST', create, json(envelope({ [name]: '' })), 400, LENGTH, name)
}
bad('subject of blanks', 'POST', create, json(envelope({ subject: '   ' })), 400, LENGTH, 'subject')
bad('subject of 201 characters', 'POST', create, json(envelope({ subject: long(201, 'ã') })), 400, LENGTH, 'subject')
bad('subject with a line break', 'POST', create, json(envelope({ subject: 'Oi\r\nBcc: x@example.com' })), 400, TEXT, 'subject')
bad('subject with a bare newline', 'POST', create, json(envelope({ subject: 'Oi\nX: y' })), 400, TEXT, 'subject')
bad('subject with an escape', 'POST', create, json(envelope({ subject: 'Oi\u001b[31m' })), 400, TEXT, 'subject')
bad('id of blanks', 'POST', create, json(envelope({ id: ' ' })), 400, ID, 'id')
bad('id empty', 'POST', create, json(envelope({ id: '' })), 400, ID, 'id')
bad('id .', 'POST', create, json(envelope({ id: '.' })), 400, ID, 'id')
bad('id ..', 'POST', create, json(envelope({ id: '..' })), 400, ID, 'id')
bad('id with a slash', 'POST', create, json(envelope({ id: 'a/b' })), 400, ID, 'id')
bad('id of 65', 'POST', create, json(envelope({ id: long(65) })), 400, ID, 'id')
bad('id with ã', 'POST', create, json(envelope({ id: 'ã' })), 400, ID, 'id')
bad('id with a NUL', 'POST', create, json(envelope({ id: 'a\u0000' })), 400, ID, 'id')
bad('id a number', 'POST', create, json(envelope({ id: 1 })), 400, TYPE, 'id')
bad('id taken', 'POST', create, json(envelope({ id: '{created}' })), 409, 'SGN409001', 'id')
bad('expiration_date of last year', 'POST', create, json(envelope({ expiration_date: day(-365) })), 400, 'SGN400018', 'expiration_date')
bad('expiration_date of two days ago', 'POST', create, json(envelope({ expiration_date: day(-2) })), 400, 'SGN400018', 'expiration_date')
bad('expiration_date in a hundred years', 'POST', create, json(envelope({ expiration_date: day(36525) })), 400, 'SGN400019', 'expiration_date')
for (const date of ['2030-02-30', '2030-13-01', '2030-00-10', '2030-1-1', '01/02/2030', '2030-01-01T00:00:00Z', 'tomorrow', '2030-01-0x', '20300101', ' 2030-01-01']) {
  bad(`expiration_date ${date}`, 'POST', create, json(envelope({ expiration_date: date })), 400, DATE, 'expiration_date')
}
bad('status completed', 'POST', create, json(envelope({ status: 'completed' })), 400, VALUE, 'status')
bad('status a number', 'POST', create, json(envelope({ status: 1 })), 400, TYPE, 'status')
bad('signers an object', 'POST', create, json(envelope({ signers: {} })), 400, TYPE, 'signers')
bad('signers a text', 'POST', create, json(envelope({ signers: 'Maria' })), 400, TYPE, 'signers')
bad('a signer that is a text', 'POST', create, json(envelope({ signers: ['Maria'] })), 400, TYPE, 'signers[0]')
bad('101 signers', 'POST', create, json(envelope({ signers: Array.from({ length: 101 }, (_, i) => signer(String(i))) })), 400, 'SGN400027', 'signers')
bad('a signer twice', 'POST', create, json(envelope({ signers: [signer('a'), signer('a')] })), 400, 'SGN400026', 'signers[1].id')
bad('submitted without signers', 'POST', create, json(envelope({ signers: [], documents: [document()], status: 'submitted' })), 400, 'SGN400050', 'signers')
bad('submitted without documents', 'POST', create, json(envelope({ status: 'submitted' })), 400, 'SGN400051', 'documents')

// ---- a signer, inside the envelope and alone ----
const signerFaults = [
  ['no name', without(signer(), 'name'), MISSING, 'name'],
  ['name empty', signer('1', { name: '' }), LENGTH, 'name'],
  ['name of 201', signer('1', { name: long(201) }), LENGTH, 'name'],
  ['name a number', signer('1', { name: 5 }), TYPE, 'name'],
  ['name with a tab', signer('1', { name: 'a\tb' }), TEXT, 'name'],
  ['id with a blank', signer('a b'), ID, 'id'],
  ['id of 65', signer(long(65)), ID, 'id'],
  ['id a number', signer('1', { id: 1 }), TYPE, 'id'],
  ['no birthdate', without(signer(), 'birthdate'), MISSING, 'birthdate'],
  ['birthdate 1992-02-30', signer('1', { birthdate: '1992-02-30' }), DATE, 'birthdate'],
  ['birthdate in Brazilian order', signer('1', { birthdate: '15/09/1992' }), DATE, 'birthdate'],
  ['birthdate tomorrow', signer('1', { birthdate: day(2) }), 'SGN400043', 'birthdate'],
  ['birthdate of 1850', signer('1', { birthdate: '1850-01-01' }), 'SGN400043', 'birthdate'],
  ['no document_number', without(signer(), 'document_number'), MISSING, 'document_number'],
  ['CPF with a wrong check digit', signer('1', { document_number: '529.982.247-26' }), 'SGN400021', 'document_number'],
  ['CPF of ten digits', signer('1', { document_number: '5299822472' }), 'SGN400021', 'document_number'],
  ['CPF of letters', signer('1', { document_number: 'abc.def.ghi-jk' }), 'SGN400021', 'document_number'],
  ['CPF a number', signer('1', { document_number: 52998224725 }), TYPE, 'document_number'],
  ['CPF of 30 characters', signer('1', { document_number: long(30, '5') }), LENGTH, 'document_number'],
  ['email without @', signer('1', { email: 'maria.example.com' }), 'SGN400020', 'email'],
  ['email with a blank', signer('1', { email: 'maria @example.com' }), 'SGN400020', 'email'],
  ['email with two @', signer('1', { email: 'a@b@example.com' }), 'SGN400020', 'email'],
  ['email with a line break', signer('1', { email: 'a@example.com\r\nBcc: b@example.com' }), TEXT, 'email'],
  ['email with a list', signer('1', { email: 'a@example.com,b@example.com' }), 'SGN400020', 'email'],
  ['email in brackets', signer('1', { email: 'Maria <a@example.com>' }), 'SGN400020', 'email'],
  ['email of 300', signer('1', { email: `${long(290)}@x.example` }), LENGTH, 'email'],
  ['email a number', signer('1', { email: 3 }), TYPE, 'email'],
  ['neither email nor phone', without(without(signer(), 'email'), 'phone'), 'SGN400025', 'email'],
  ['phone a text', signer('1', { phone: '+55 11 988878722' }), TYPE, 'phone'],
  ['phone without dial code', signer('1', { phone: without(signer().phone, 'international_dial_code') }), 'SGN400023', 'phone.international_dial_code'],
  ['phone without area code', signer('1', { phone: without(signer().phone, 'area_code') }), 'SGN400023', 'phone.area_code'],
  ['phone without number', signer('1', { phone: without(signer().phone, 'number') }), 'SGN400023', 'phone.number'],
  ['phone number with a hyphen', signer('1', { phone: { ...signer().phone, number: '98887-8722' } }), 'SGN400023', 'phone.number'],
  ['phone number of 13', signer('1', { phone: { ...signer().phone, number: long(13, '9') } }), 'SGN400023', 'phone.number'],
  ['phone number a number', signer('1', { phone: { ...signer().phone, number: 988878722 } }), TYPE, 'phone.number'],
  ['dial code with +', signer('1', { phone: { ...signer().phone, international_dial_code: '+55' } }), 'SGN400023', 'phone.international_dial_code'],
  ['no delivery method', without(signer(), 'document_submission_method'), MISSING, 'document_submission_method'],
  ['no code method', without(signer(), 'authentication_submission_method'), MISSING, 'authentication_submission_method'],
  ['delivery by fax', signer('1', { document_submission_method: 'fax' }), 'SGN400024', 'document_submission_method'],
  ['delivery by EMAIL', signer('1', { document_submission_method: 'EMAIL' }), 'SGN400024', 'document_submission_method'],
  ['code by pigeon', signer('1', { authentication_submission_method: 'pigeon' }), 'SGN400024', 'authentication_submission_method'],
  ['delivery by email without one', without(signer(), 'email'), 'SGN400025', 'document_submission_method'],
  ['code by SMS without a phone', without(signer('1', { authentication_submission_method: 'sms' }), 'phone'), 'SGN400025', 'authentication_submission_method'],
  ['language Klingon', signer('1', { language: 'tlh' }), 'SGN400042', 'language']
]
for (const [name, value, code, field] of signerFaults) {
  bad(`signer in an envelope: ${name}`, 'POST', create, json(envelope({ signers: [signer('good'), value] })), 400, code, `signers[1].${field}`)
  bad(`signer alone: ${name}`, 'POST', person, json(name.startsWith('id') ? value : { ...value, id: 'new' }), 400, code, field)
}
bad('production: repeated CPF', 'POST', create, { ...sign({ document_number: '111.111.111-11' }), key: 'production' }, 400, 'SGN400022', 'signers[0].document_number')
bad('signer taken', 'POST', person, json(signer('1')), 409, 'SGN409001', 'id')
bad('signer of an envelope that is not there', 'POST', `${nowhere}/signer`, json(signer('2')), 404, FOUND)
bad('signer once submitted', 'POST', '/sign/envelope/{submitted}/signer', json(signer('2')), 409, 'SGN409002')

// ---- a document ----
const documentFaults = [
  ['no document_b64', without(document(), 'document_b64'), MISSING, 'document_b64'],
  ['document_b64 a number', document({ document_b64: 1 }), TYPE, 'document_b64'],
  ['document_b64 empty', document({ document_b64: '' }), 'SGN400030', 'document_b64'],
  ['document_b64 not base64', document({ document_b64: 'Q5YA*GAAA' }), 'SGN400028', 'document_b64'],
  ['document_b64 of one character', document({ document_b64: 'A' }), 'SGN400028', 'document_b64'],
  ['document_b64 padded in the middle', document({ document_b64: 'QQ==QQ==' }), 'SGN400028', 'document_b64'],
  ['a data: URL', document({ document_b64: `data:application/pdf;base64,${b64(pdfBytes)}` }), 'SGN400028', 'document_b64'],
  ['no PDF', document({ document_b64: b64(Buffer.from('hello')) }), 'SGN400035', 'document_b64'],
  ['a JPEG', document({ document_b64: b64(jpeg()) }), 'SGN400035', 'document_b64'],
  ['a PDF cut off', document({ document_b64: b64(pdfBytes.subarray(0, 60)) }), 'SGN400035', 'document_b64'],
  ['10 MB and one byte', document({ document_b64: b64(pdf('x', 10485761)) }), 'SGN400029', 'document_b64'],
  ['no name', without(document(), 'name'), MISSING, 'name'],
  ['name empty', document({ name: '' }), LENGTH, 'name'],
  ['name of 201', document({ name: long(201) }), LENGTH, 'name'],
  ['name with a line break', document({ name: 'a\nb' }), TEXT, 'name'],
  ['no document_type', without(document(), 'document_type'), MISSING, 'document_type'],
  ['document_type docx', document({ document_type: 'docx' }), 'SGN400031', 'document_type'],
  ['document_type PDF in capitals', document({ document_type: 'PDF' }), 'SGN400031', 'document_type'],
  ['id of ..', document({ id: '..' }), ID, 'id'],
  ['id a list', document({ id: ['a'] }), TYPE, 'id'],
  ['allow_unlock a text', document({ allow_unlock: 'yes' }), TYPE, 'allow_unlock']
]
for (const [name, value, code, field] of documentFaults) {
  bad(`document in an envelope: ${name}`, 'POST', create, json(envelope({ documents: [value] })), 400, code, `documents[0].${field}`)
  bad(`document alone: ${name}`, 'POST', add, json(value), 400, code, field)
}
bad('documents an object', 'POST', create, json(envelope({ documents: {} })), 400, TYPE, 'documents')
bad('a document that is a number', 'POST', create, json(envelope({ documents: [7] })), 400, TYPE, 'documents[0]')
bad('51 documents', 'POST', create, json(envelope({ documents: Array(51).fill({}) })), 400, 'SGN400027', 'documents')
bad('a document twice', 'POST', create, json(envelope({ documents: [document(), document()] })), 400, 'SGN400026', 'documents[1].id')
bad('the second document wrong', 'POST', create, json(envelope({ documents: [document(), document({ id: 'd2', document_b64: 'AAAA' })] })), 400, 'SGN400035', 'documents[1].document_b64')
bad('document taken', 'POST', add, json(document()), 409, 'SGN409001', 'id')
bad('document of an envelope that is not there', 'POST', `${nowhere}/document`, json(document()), 404, FOUND)
bad('document once submitted', 'POST', '/sign/envelope/{submitted}/document', json(document({ id: 'd2' })), 409, 'SGN409002')
bad('raw PDF without a name', 'POST', add, { body: pdfBytes, headers: { 'Content-Type': 'application/pdf' } }, 400, MISSING, 'name')
bad('raw PDF of no bytes', 'POST', `${add}?name=x`, { body: '', headers: { 'Content-Type': 'application/pdf' } }, 400, 'SGN400030', 'file')
bad('raw text as PDF', 'POST', `${add}?name=x`, { body: 'hello', headers: { 'Content-Type': 'application/pdf' } }, 400, 'SGN400035', 'file')
bad('raw PDF, name with a line break', 'POST', `${add}?name=a%0Ab`, { body: pdfBytes, headers: { 'Content-Type': 'application/pdf' } }, 400, TEXT, 'name')
bad('raw PDF, name in broken UTF-8', 'POST', `${add}?name=%FF`, { body: pdfBytes, headers: { 'Content-Type': 'application/pdf' } }, 400, TEXT, 'name')
bad('raw PDF, one byte too large', 'POST', `${add}?name=x`, { body: pdf('x', 10485761), headers: { 'Content-Type': 'application/pdf' } }, 400, 'SGN400029', 'file')
bad('a form without a file', 'POST', add, multipart({ name: 'x' }), 400, 'SGN400030', 'file')
bad('a form with an empty file', 'POST', add, multipart({ name: 'x', file: Buffer.alloc(0) }), 400, 'SGN400030', 'file')
bad('a form without its boundary', 'POST', add, { ...multipart({ name: 'x', file: pdfBytes }), headers: { 'Content-Type': 'multipart/form-data' } }, 400, 'SGN400040')
bad('a form with another boundary', 'POST', add, { ...multipart({ name: 'x', file: pdfBytes }), headers: { 'Content-Type': 'multipart/form-data; boundary=other' } }, 400, 'SGN400040')
bad('a form, one byte too large', 'POST', add, multipart({ name: 'x', file: pdf('x', 10485761) }), 400, 'SGN400029', 'file')
bad('a form without a name', 'POST', add, multipart({ file: pdfBytes }), 400, MISSING, 'name')

for (const [name, value, code] of [['beside document_b64', { document_key: 'x' }, VALUE], ['unknown', { document_b64: undefined, document_key: 'x' }, VALUE], ['a number', { document_b64: undefined, document_key: 7 }, TYPE],
  ['empty', { document_b64: undefined, document_key: '' }, LENGTH]]) {
  bad(`document_key ${name}`, 'POST', add, json(document(value)), 400, code, 'document_key')
  bad(`document_key ${name}, in an envelope`, 'POST', create, json(envelope({ documents: [document(value)] })), 400, code, 'documents[0].document_key')
  bad(`document_key ${name}, of a photo`, 'POST', picture, json(photo('cnh_front', value)), 400, code, 'document_key')
}
for (const [name, value, code] of [['unknown', 'x', VALUE], ['a number', 1, TYPE], ['empty', '', LENGTH]]) bad(`company_id ${name}`, 'POST', create, json(envelope({ company_id: value })), 400, code, 'company_id')

// ---- a photo ----
const photoFaults = [
  ['no document_b64', without(photo(), 'document_b64'), MISSING, 'document_b64'],
  ['document_b64 a list', photo('cnh_front', { document_b64: [] }), TYPE, 'document_b64'],
  ['document_b64 empty', photo('cnh_front', { document_b64: '' }), 'SGN400030', 'document_b64'],
  ['document_b64 not base64', photo('cnh_front', { document_b64: 'Q5Y...' }), 'SGN400028', 'document_b64'],
  ['no JPEG', photo('cnh_front', { document_b64: b64(Buffer.from('hello')) }), 'SGN400034', 'document_b64'],
  ['a PDF', photo('cnh_front', { document_b64: b64(pdfBytes) }), 'SGN400034', 'document_b64'],
  ['a JPEG cut off', photo('cnh_front', { document_b64: b64(jpeg().subarray(0, 40)) }), 'SGN400034', 'document_b64'],
  ['10 MB and one byte', photo('cnh_front', { document_b64: b64(jpeg(10485761)) }), 'SGN400029', 'document_b64'],
  ['no template', without(photo(), 'template'), MISSING, 'template'],
  ['template passport', photo('passport'), 'SGN400032', 'template'],
  ['template face', photo('face'), 'SGN400032', 'template'],
  ['template a number', photo(1), TYPE, 'template'],
  ['file_type png', photo('cnh_front', { file_type: 'png' }), 'SGN400033', 'file_type'],
  ['file_type jpg', photo('cnh_front', { file_type: 'jpg' }), 'SGN400033', 'file_type'],
  ['file_type a number', photo('cnh_front', { file_type: 1 }), TYPE, 'file_type']
]
for (const [name, value, code, field] of photoFaults) {
  bad(`photo alone: ${name}`, 'POST', picture, json(value), 400, code, field)
  bad(`photo in an envelope: ${name}`, 'POST', create, sign({ personal_documents: [photo('rg_back'), value] }), 400, code, `signers[0].personal_documents[1].${field}`)
}
bad('personal_documents an object', 'POST', create, sign({ personal_documents: {} }), 400, TYPE, 'signers[0].personal_documents')
bad('a template twice in one body', 'POST', create, sign({ personal_documents: [photo(), photo()] }), 400, 'SGN400026', 'signers[0].personal_documents[1].template')
bad('a photo, then a wrong document', 'POST', create, json(envelope({ signers: [signer('1', { personal_documents: [photo()] })], documents: [document({ document_b64: 'AAAA' })] })), 400, 'SGN400035', 'documents[0].document_b64')
bad('photo of a signer that is not there', 'POST', '/sign/envelope/{created}/signer/9/personal_document', json(photo()), 404, FOUND)
bad('photo of an envelope that is not there', 'POST', `${nowhere}/signer/1/personal_document`, json(photo()), 404, FOUND)
bad('photo once submitted', 'POST', '/sign/envelope/{submitted}/signer/1/personal_document', json(photo()), 409, 'SGN409002')
bad('raw photo without a template', 'POST', picture, { body: jpeg(), headers: { 'Content-Type': 'image/jpeg' } }, 400, MISSING, 'template')
bad('raw photo, one byte too large', 'POST', `${picture}?template=cnh_front`, { body: jpeg(10485761), headers: { 'Content-Type': 'image/jpeg' } }, 400, 'SGN400029', 'file')
bad('raw text as a photo', 'POST', `${picture}?template=cnh_front`, { body: 'hello', headers: { 'Content-Type': 'image/jpeg' } }, 400, 'SGN400034', 'file')

// ---- moving it ----
bad('PATCH without status', 'PATCH', patch, json({ state: 'submitted' }), 400, MISSING, 'status')
for (const status of ['created', 'completed', 'expired', 'Submitted', 'cancelled', 'x']) bad(`PATCH ${status}`, 'PATCH', patch, json({ status }), 400, 'SGN400037', 'status')
bad('PATCH with an empty status', 'PATCH', patch, json({ status: '' }), 400, LENGTH, 'status')
bad('PATCH with a number', 'PATCH', patch, json({ status: 1 }), 400, TYPE, 'status')
bad('PATCH of what is not there', 'PATCH', nowhere, json({ status: 'submitted' }), 404, FOUND)
bad('submit what is canceled', 'PATCH', '/sign/envelope/{canceled}', json({ status: 'submitted' }), 409, 'SGN409004')
bad('production: submit without an SMS gateway', 'PATCH', '/sign/envelope/{sms}', { ...json({ status: 'submitted' }), key: 'production' }, 400, 'SGN400052', 'signers[0].document_submission_method')

// ---- asking ----
for (const tail of ['', '/report', '/signer/1', '/signer/1/face', '/signer/1/personal_document', '/document/d1/report']) {
  bad(`GET ${nowhere}${tail}`, 'GET', `${nowhere}${tail}`, {}, 404, FOUND)
}
for (const tail of ['/signer/9', '/signer/9/face', '/signer/9/personal_document', '/document/d9/report', '/signer/1/face', '/signer/1/personal_document']) {
  bad(`GET …${tail} that is not there`, 'GET', `${hidden}${tail}`, {}, 404, FOUND)
}
bad('an id that cannot be', 'GET', '/sign/envelope/a%2Fb', {}, 404, FOUND)
bad('an id of 300', 'GET', `/sign/envelope/${long(300)}`, {}, 404, FOUND)
bad('an id in broken UTF-8', 'GET', '/sign/envelope/%FF', {}, 404, FOUND)
for (const [query, code, field] of [['status=open', VALUE, 'status'], ['page=0', 'SGN400039', 'page'], ['page=101', 'SGN400039', 'page'], ['page=x', 'SGN400039', 'page'],
  ['limit=201', 'SGN400039', 'limit'], ['limit=-1', 'SGN400039', 'limit'], ['limit=99999999999999999999', 'SGN400039', 'limit'], ['created_after=yesterday', DATE, 'created_after'],
  ['created_after=2026-02-30', DATE, 'created_after'], ['company_id=x', VALUE, 'company_id'], ['cursor=!!', 'SGN400039', 'cursor'], ['cursor=AAAA', 'SGN400039', 'cursor']]) {
  bad(`list with ${query}`, 'GET', `${create}?${query}`, {}, 400, code, field)
}

// ---- endpoints, methods, keys ----
for (const path of ['/sign', '/sign/envelopes', '/sign/envelope/x/y', '/sign/envelope//report', '/SIGN/envelope', '/sign/envelope/x/signer/1/selfie', '/nothing']) {
  bad(`no such endpoint ${path}`, 'GET', path, {}, 404, FOUND)
}
for (const [method, path] of [['DELETE', create], ['PUT', create], ['PATCH', create], ['POST', patch], ['PUT', patch], ['DELETE', patch], ['GET', add], ['DELETE', add],
  ['PUT', picture], ['PATCH', person], ['POST', '/sign/envelope/x/report'], ['POST', '/sign/envelope/x/signer/1']]) {
  bad(`${method} ${path} is not there`, method, path, {}, 405, 'SGN405001')
}
bad('a method nobody knows', 'PROPFIND', create, {}, 501, 'SGN501001')
bad('an expectation nobody knows', 'POST', create, { ...json(envelope()), headers: { Expect: '200-ok' } }, 417, 'SGN417001')
bad('a body on GET', 'GET', patch, raw('{}'), 400, 'SGN400002')
bad('PATCH of 65 KB', 'PATCH', patch, json({ status: 'submitted', x: long(66000) }), 400, 'SGN400002')
bad('a document of 21 MB', 'POST', add, { body: Buffer.alloc(21 * 1048576, 0x20), headers: { 'Content-Type': 'application/pdf' } }, 400, 'SGN400002')
bad('no key', 'POST', create, { ...json(envelope()), key: null }, 401, 'SGN401001')
bad('an empty key', 'POST', create, { ...json(envelope()), key: null, headers: { Authorization: '' } }, 401, 'SGN401001')
bad('a made-up key', 'POST', create, { ...json(envelope()), key: 'EXAMPLE_API_KEY' }, 401, 'SGN401002')
bad('a key of 10 KB', 'POST', create, { ...json(envelope()), key: long(10000) }, 401, 'SGN401002')
bad('a key of another server', 'POST', create, { ...json(envelope()), key: b64(Buffer.from(JSON.stringify({ key_id: 'AAAAAAAAAAAAAA', key: 'A'.repeat(43), sandbox: true }))).replace(/=+$/, '') }, 401, 'SGN401002')
bad('Bearer before the key', 'POST', create, { ...json(envelope()), key: 'Bearer {key}' }, 401, 'SGN401002')
bad('the key in quotes', 'POST', create, { ...json(envelope()), key: '"{key}"' }, 401, 'SGN401002')
bad('a key with its last letter changed', 'POST', create, { ...json(envelope()), key: '{key-changed}' }, 401, 'SGN401002')
bad('a key without its environment', 'POST', create, { ...json(envelope()), key: '{key-as-production}' }, 401, 'SGN401002')
bad('Basic credentials', 'POST', create, { ...json(envelope()), key: 'Basic YTpi' }, 401, 'SGN401002')
bad('a JWT without API-CLIENT-KEY', 'POST', create, { ...json(envelope()), key: 'eyJhbGciOiJFUzUxMiJ9.e30.AAAA' }, 400, 'GDF000003')
bad('the key beside API-CLIENT-KEY', 'POST', create, { ...json(envelope()), headers: { 'API-CLIENT-KEY': 'x' } }, 400, 'SGN400003')
bad('the key beside x-api-key', 'POST', create, { ...json(envelope()), headers: { 'x-api-key': 'x' } }, 400, 'SGN400003')
bad('the key beside Signature', 'POST', create, { ...json(envelope()), headers: { Signature: 'sig1=:AA==:' } }, 400, 'SGN400003')
bad('two Authorization headers', 'POST', create, { ...json(envelope()), key: null, headers: { Authorization: ['{key}', '{key}'] } }, 400, 'SGN400003')
bad('an Idempotency-Key with a blank', 'POST', create, { ...json(envelope()), headers: { 'Idempotency-Key': 'a b' } }, 400, 'SGN400044')
bad('an Idempotency-Key of 256', 'POST', create, { ...json(envelope()), headers: { 'Idempotency-Key': long(256) } }, 400, 'SGN400044')
bad('an empty Idempotency-Key', 'POST', create, { ...json(envelope()), headers: { 'Idempotency-Key': '' } }, 400, 'SGN400044')
bad('two Idempotency-Keys', 'POST', create, { ...json(envelope()), headers: { 'Idempotency-Key': ['a', 'b'] } }, 400, 'SGN400045')
bad('a link to a file made up', 'GET', '/f/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.pdf', { key: null }, 404, FOUND)
bad('a link to a file too short', 'GET', '/f/x.pdf', { key: null }, 404, FOUND)
for (const step of ['open', 'cpf', 'read', 'code', 'code/check', 'sign', 'decline']) {
  bad(`a signer's link made up: ${step}`, 'POST', `/s/AAAAAAAAAAAAAAAAAAAAAA/${step}`, { ...json({}), key: null }, 404, 'SGN404002')
}

export { rows }
