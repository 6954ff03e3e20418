/*
 * What a verification code stands for: who signed what, when; and whether a file at hand is
 * one of those documents. The file's hash is taken here, so the answer needs no upload; the
 * server looks at the file only when asked to.
 */
import { h, icon, icons } from '../shared/dom.js'
import { choose, date_time, language, languages, load, t } from '../shared/i18n.js'

const base = location.pathname.replace(/\/+$/, '')
const upload_most = 32 * 1024 * 1024
const app = document.getElementById('app')
let record = null

function band() {
	const select = h('select', { id: 'language', onchange: (event) => speak(event.target.value) },
		Object.entries(languages).map(([tag, name]) => h('option', { value: tag, lang: tag, selected: tag === language() }, name)))
	return h('header', { class: 'band' }, h('div', { class: 'band-row' },
		h('p', { class: 'brand' }, t('title')),
		h('label', { class: 'language' }, h('span', { class: 'sr' }, t('language')), select)))
}

function show(name, title, ...body) {
	app.replaceChildren(h('a', { class: 'skip', href: '#main' }, t('skip')), band(),
		h('main', { id: 'main', class: 'sheet', 'data-screen': name }, body))
	document.title = `${title} · ${t('title')}`
}

function message(name, mark, title, text, retry, link) {
	show(name, title,
		h('div', { class: `seal ${name}` }, icon(mark)), h('h1', null, title), h('p', null, text), link,
		retry && h('button', { type: 'button', class: 'button', id: 'retry', onclick: retry }, t('retry')))
}

function fact(label, value) {
	return value && h('div', { class: 'fact' }, h('dt', null, label), h('dd', null, value))
}

function facts() {
	const { envelope, organization, seal } = record
	return h('dl', { class: 'facts' },
		fact(t('subject'), envelope.subject), fact(t('sender'), organization.name),
		fact(t('completed_at'), envelope.completed_at && date_time(envelope.completed_at)),
		fact(t('sealed_by'), seal?.subject))
}

function signers() {
	return h('ul', { class: 'bare rows' }, record.signers.map((signer) => h('li', null,
		h('strong', null, signer.name), h('span', { class: 'note' },
			[signer.cpf_masked && `CPF ${signer.cpf_masked}`, signer.signed_at ? t('signed_at', { time: date_time(signer.signed_at) }) : t('not_signed')]
				.filter(Boolean).join(' · ')))))
}

function hash_line(label, hash) {
	return hash && h('div', null, h('dt', null, label), h('dd', null, h('code', null, hash)))
}

function documents() {
	return h('ul', { class: 'bare rows' }, record.documents.map((item) => h('li', null,
		h('strong', null, item.name), h('span', { class: 'note' }, t('pages', { count: item.pages })),
		h('details', null, h('summary', null, t('hashes')), h('dl', { class: 'hashes' },
			hash_line(t('hash_dossier'), item.dossier_sha256), hash_line(t('hash_original'), item.original_sha256),
			hash_line(t('hash_evidence'), item.evidence_sha256))))))
}

async function hash_of(bytes) {
	const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
	return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

async function judge(file) {
	const bytes = await file.arrayBuffer()
	const hash = await hash_of(bytes)
	for (const item of record.documents) {
		if (hash === item.dossier_sha256)
			return { result: 'dossier', document: item }
		if (item.evidence_sha256 && hash === item.evidence_sha256)
			return { result: 'evidence', document: item }
		if (hash === item.original_sha256)
			return { result: 'original', document: item }
	}
	for (const item of record.documents)
		if (begins_with_original(item) && file.size > item.original_bytes &&
			await hash_of(bytes.slice(0, item.original_bytes)) === item.original_sha256)
			return { result: 'prefix', document: item }
	return { result: 'unknown' }
}

function say(output, { result, document: item }, file) {
	const is_good = result === 'dossier' || result === 'evidence'
	const may_upload = result === 'unknown' || result === 'prefix'
	output.replaceChildren(h('div', { class: `notice ${is_good ? 'good' : result === 'original' ? '' : 'bad'}`, 'data-result': result },
		h('p', null, h('strong', null, file.name)), h('p', null, t(`result_${result}`, { name: item?.name ?? '' }))),
	may_upload && file ? (file.size <= upload_most
		? h('button', { type: 'button', class: 'text-button strong', id: 'upload', onclick: () => upload(output, file) }, t('upload'))
		: h('p', { class: 'fine' }, t('too_large'))) : '')
}

async function upload(output, file) {
	output.replaceChildren(h('p', { class: 'waiting' }, t('check_working')))
	try {
		const answer = await fetch(`${base}/check`, {
			method: 'POST', body: file, headers: { 'Content-Type': 'application/pdf', Accept: 'application/json' },
		})
		if (!answer.ok)
			throw new Error(String(answer.status))
		const said = await answer.json()
		say(output, said, file)
		if (said.result === 'unknown')
			output.querySelector('#upload')?.remove()
	} catch {
		output.replaceChildren(h('p', { class: 'notice bad', 'data-result': 'failed' }, t('result_upload_failed')),
			h('button', { type: 'button', class: 'text-button strong', id: 'upload', onclick: () => upload(output, file) }, t('upload')))
	}
}

function checker() {
	const output = h('div', { class: 'result', role: 'status', id: 'result' })
	const check = async (file) => {
		if (!file)
			return
		output.replaceChildren(h('p', { class: 'waiting' }, t('check_working')))
		try {
			say(output, await judge(file), file)
		} catch {
			say(output, { result: 'unknown' }, file) /* no WebCrypto, or too large for memory */
		}
	}
	const input = h('input', { type: 'file', id: 'file', accept: 'application/pdf,.pdf', onchange: () => check(input.files[0]) })
	const zone = h('div', {
		class: 'drop',
		ondragover: (event) => { event.preventDefault(); zone.classList.add('over') },
		ondragleave: () => zone.classList.remove('over'),
		ondrop: (event) => { event.preventDefault(); zone.classList.remove('over'); check(event.dataTransfer.files[0]) },
	}, input, h('label', { class: 'button', for: 'file' }, icon(icons.file), t('check_choose')),
	h('span', { class: 'fine drop-text' }, t('check_drop')))
	return [h('h2', { id: 'check' }, t('check_title')), h('p', null, t('check_text')), zone, output]
}

/* A repaired file, or one that was wrapped, is not the beginning of its dossier. */
function begins_with_original(item) {
	return ['clean', 'seal_only'].includes(item.verdict ?? 'clean') && item.original_bytes > 0
}

function alone() {
	const bytes = record.documents.find(begins_with_original)?.original_bytes
	return [h('h2', null, t('alone_title')), h('ol', { class: 'alone' },
		h('li', null, t('alone_1'), h('code', { class: 'command' }, 'pdfsig dossier.pdf')),
		bytes && h('li', null, t('alone_2', { bytes }), h('code', { class: 'command' }, `head -c ${bytes} dossier.pdf | sha256sum`)),
		h('li', null, t('alone_3')))]
}

function page() {
	const is_done = record.status === 'completed'
	const is_sealed = record.seal?.valid === true
	const title = is_done ? t('valid_title') : t('pending_title')
	show('record', title,
		record.sandbox && h('p', { class: 'sandbox' }, h('strong', null, t('sandbox_mark')), ' ', t('sandbox_text')),
		h('div', { class: `seal ${is_done && is_sealed ? 'done' : ''}` }, icon(is_done && is_sealed ? icons.check : icons.clock)),
		h('h1', null, title),
		h('p', { class: 'lead' }, !is_done ? t('pending_text') : is_sealed ? t('valid_text') : t('seal_bad')),
		facts(), h('h2', null, t('signers')), signers(),
		h('p', { class: 'fine times' }, t('times_in', { zone: Intl.DateTimeFormat().resolvedOptions().timeZone })), h('h2', null, t('documents')), documents(),
		is_done && checker(), is_done && alone())
}

async function speak(tag) {
	await load('verify', tag)
	page_or_fetch()
	document.getElementById('language')?.focus()
}

function page_or_fetch() {
	return record ? page() : look_up()
}

async function look_up() {
	let answer
	try {
		answer = await fetch(`${base}/data`, { headers: { Accept: 'application/json', 'Accept-Language': language() }, cache: 'no-store' })
	} catch {
		return message('offline', icons.cloud, t('offline_title'), t('offline_text'), look_up)
	}
	if (answer.status === 404)
		return message('missing', icons.question, t('missing_title'), t('missing_text'), null,
			h('a', { class: 'button', href: '/v' }, t('missing_again')))
	if (answer.status === 503 || answer.status === 429)
		return message('busy', icons.clock, t('busy_title'), t('busy_text'), look_up)
	if (!answer.ok)
		return message('broken', icons.question, t('broken_title'), t('busy_text'), look_up)
	record = await answer.json()
	return page()
}

load('verify', choose(navigator.languages)).then(look_up, () => {
	document.querySelector('.loading').textContent = 'Recarregue a página · Reload the page · Recargue la página'
})
