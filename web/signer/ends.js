/*
 * Where the way ends, or pauses: signed, declined, canceled, expired, a link that is none, no
 * connection, a busy or failing server. Each says what is true and what can be done next.
 */
import { h, icon, icons } from '../shared/dom.js'
import { date_time, t } from '../shared/i18n.js'
import { address, call } from './api.js'
import { button, heading } from './frame.js'
import { cpf_question } from './steps.js'

const poll_first = 2500, poll_longest = 30000, poll_for = 20 * 60000
const redirect_after = 10

function end(name, mark, title, body, actions = []) {
	return {
		name, title,
		body: h('div', { class: 'screen end' },
			h('div', { class: `seal ${name}` }, icon(mark)), heading(title), body,
			actions.length > 0 && h('div', { class: 'actions' }, actions)),
	}
}

function contact(app) {
	const mail = app.state?.organization?.support_email
	if (!mail)
		return h('p', null, t('ask_sender'))
	return h('p', null, t('ask_support'), ' ', h('a', { href: `mailto:${mail}` }, mail))
}

function retry_button(retry) {
	return h('button', { type: 'button', class: 'button', id: 'next', onclick: retry }, t('retry'))
}

/* Asks less and less often, never while the page is hidden; gives up after a while. */
function poll(app, on_ready) {
	const since = Date.now()
	let wait = poll_first
	let timer = setTimeout(ask, wait)
	async function ask() {
		if (!document.hidden) {
			const state = await call('state').catch(() => null)
			if (state?.dossiers?.length > 0)
				return on_ready(state)
		}
		wait = Math.min(wait * 1.4, poll_longest)
		if (Date.now() - since < poll_for)
			timer = setTimeout(ask, wait)
		return undefined
	}
	return () => clearTimeout(timer)
}

function download(url, text, is_first) {
	return h('a', { class: is_first ? 'button' : 'button second', href: url, download: true }, icon(icons.download), text)
}

/* Plain links: browsers inside other apps open no windows and run no download scripts. */
function downloads(dossiers) {
	const is_one = dossiers.length === 1
	return dossiers.map((item, i) => [
		download(item.url, is_one ? t('download_dossier') : t('download_named', { name: item.name }), i === 0),
		item.evidence_url && download(item.evidence_url, is_one ? t('download_evidence') : t('download_evidence_named', { name: item.name })),
	])
}

function originals(documents) {
	return documents.map((item, i) => download(address(`document/${i}?download=1`),
		documents.length === 1 ? t('download_original') : t('download_named', { name: item.name })))
}

/* On a device that was not the signer's so far, or is no longer. */
function copy_question(app) {
	const go = button(t('copy_button'), { id: 'next' })
	const { submit, nodes } = cpf_question(app, go)
	return h('form', { onsubmit: submit, novalidate: true, class: 'copy' },
		h('p', { id: 'cpf-help' }, t('copy_cpf')), nodes, h('div', { class: 'actions' }, go))
}

function files(app) {
	if (app.state.proof === 'cpf')
		return []
	return app.state.dossiers?.length > 0 ? downloads(app.state.dossiers) : originals(app.state.documents)
}

function redirect(app, main) {
	const target = app.state.redirect_url
	let left = redirect_after
	const line = main.querySelector('.redirect-text')
	const stop = () => {
		clearInterval(timer)
		main.querySelector('.redirect')?.remove()
	}
	const timer = setInterval(() => {
		left--
		line.textContent = t('redirect_in', { count: left })
		if (left <= 0) {
			clearInterval(timer)
			location.assign(target)
		}
	}, 1000)
	main.querySelector('#stay')?.addEventListener('click', stop)
	return () => clearInterval(timer)
}

function is_web(address_text) {
	return /^https:\/\//i.test(address_text ?? '')
}

export function done(app) {
	const { signer, dossiers, redirect_url } = app.state
	const ready = dossiers?.length > 0
	const has_target = is_web(redirect_url)
	const goes_on = has_target && app.signed_now
	const announce = h('p', { role: 'status', class: ready ? '' : 'waiting' }, ready ? t('done_ready') : t('done_waiting'))
	const screen = end('done', icons.check, t('done_title', { name: signer.name.split(/\s+/)[0] }), [
		announce,
		dossiers?.some((item) => item.evidence_url) && h('p', null, t('done_evidence')),
		h('p', { class: 'quiet' }, t(`done_copy_${signer.delivery}`)),
		app.state.proof === 'cpf' && copy_question(app),
		goes_on && h('div', { class: 'redirect notice' },
			h('p', { class: 'redirect-text' }, t('redirect_in', { count: redirect_after })),
			h('button', { type: 'button', class: 'text-button strong', id: 'stay' }, t('redirect_stay'))),
	], [
		files(app),
		has_target && h('a', { class: 'button second', href: redirect_url, rel: 'noreferrer' }, t('redirect_button', { organization: app.state.organization.name })),
	])
	screen.shown = (main) => {
		const stop = [
			ready ? null : poll(app, (state) => { app.take(state); app.render() }),
			goes_on ? redirect(app, main) : null,
		]
		return () => stop.forEach((end_it) => end_it?.())
	}
	return screen
}

export function refused(app) {
	return end('refused', icons.cross, t('refused_title'),
		[h('p', null, t('refused_text', { organization: app.state.organization.name.replace(/\.$/, '') })), contact(app)])
}

export function canceled(app) {
	return end('canceled', icons.cross, t('canceled_title'),
		[h('p', null, t('canceled_text', { organization: app.state.organization.name, subject: app.state.envelope.subject })), contact(app)])
}

export function expired(app) {
	return end('expired', icons.clock, t('expired_title'),
		[h('p', null, t('expired_text', { time: date_time(app.state.envelope.expires_at), organization: app.state.organization.name.replace(/\.$/, '') })), contact(app)])
}

export function unknown(app) {
	return end('unknown', icons.question, t('unknown_title'), [h('p', null, t('unknown_text')), contact(app)])
}

export function offline(app, { retry }) {
	const screen = end('offline', icons.cloud, t('offline_title'), [h('p', null, t('offline_text'))], [retry_button(retry)])
	screen.shown = () => {
		addEventListener('online', retry, { once: true })
		return () => removeEventListener('online', retry)
	}
	return screen
}

export function busy(app, { retry, failure }) {
	const wait = failure.retry_after
	return end('busy', icons.clock, t('busy_title'),
		[h('p', null, t('busy_text')), wait && h('p', null, t('busy_wait', { count: wait }))], [retry_button(retry)])
}

export function broken(app, { retry, failure } = {}) {
	return end('broken', icons.question, t('broken_title'),
		[h('p', null, t('broken_text')), contact(app),
			failure?.text && h('p', { class: 'fine' }, failure.text)],
		[retry_button(retry ?? app.refresh)])
}
