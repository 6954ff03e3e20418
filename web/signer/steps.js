/*
 * The short steps: who asks for what, the CPF, the one-time code; and declining, which is
 * reachable from each of them.
 */
import { h, icon, icons } from '../shared/dom.js'
import { date_time, t } from '../shared/i18n.js'
import { address, call } from './api.js'
import { button, clear_error, error_line, heading, say_error } from './frame.js'

const positions = { cpf: 1, read: 2, code: 3, sign: 4 }

export function position(app) {
	const { at, of } = app.state.position ?? {}
	return at ? { at, of } : { at: positions[app.state.step] ?? 1, of: 4 }
}

export function decline_button(app) {
	return h('button', { type: 'button', class: 'text-button', id: 'decline', onclick: () => app.show_over(decline) },
		t('decline'))
}

export function document_line(item, status) {
	return h('li', { class: 'document' }, icon(icons.file),
		h('span', { class: 'document-name' }, item.name,
			h('span', { class: 'document-note' }, t('pages', { count: item.pages }))),
		status)
}

/* Only where a phone is elsewhere: a wide screen with a mouse. */
export function hand_over() {
	if (!matchMedia('(min-width: 48rem) and (hover: hover)').matches)
		return null
	return h('aside', { class: 'hand-over', 'aria-labelledby': 'hand-over' },
		h('img', { src: address('qr.svg'), alt: t('qr_alt'), width: 132, height: 132,
			onerror: (event) => event.target.closest('aside').remove() }),
		h('div', null, h('h2', { id: 'hand-over' }, t('qr_title')), h('p', null, t('qr_text'))))
}

export function landing(app) {
	const { envelope, organization, signer, documents } = app.state
	const go = button(t('open_button'), { id: 'next' })
	const open = (event) => {
		event.preventDefault()
		app.send('open', {
			screen: `${screen.width}x${screen.height}`,
			language: navigator.language,
			time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
		}, { button: go, on_refused: (text) => app.fail({ kind: 'broken', text }, app.refresh) })
	}
	return {
		name: 'open',
		title: t('open_title', { organization: organization.name }),
		aside: hand_over(),
		body: h('form', { onsubmit: open, novalidate: true, class: 'screen' },
			h('p', { class: 'hello' }, t('hello', { name: signer.name })),
			heading(t('open_title', { organization: organization.name })),
			h('p', { class: 'subject' }, envelope.subject),
			h('h2', { class: 'label' }, t('documents_label', { count: documents.length })),
			h('ul', { class: 'bare documents' }, documents.map((item) => document_line(item))),
			h('p', { class: 'until' }, icon(icons.clock), t('until', { time: date_time(envelope.expires_at) })),
			h('p', { class: 'fine' }, t('open_steps')),
			h('div', { class: 'actions' }, go, decline_button(app))),
	}
}

function masked(digits) {
	return digits.slice(0, 11).replace(/^(\d{3})(\d)/, '$1.$2').replace(/^(\d{3}\.\d{3})(\d)/, '$1.$2')
		.replace(/^(\d{3}\.\d{3}\.\d{3})(\d)/, '$1-$2')
}

/* The caret stays behind the digit it was behind, wherever the punctuation moves. */
function mask_input(event) {
	const input = event.target
	const before = input.value.slice(0, input.selectionStart).replace(/\D/g, '').length
	const text = masked(input.value.replace(/\D/g, ''))
	if (text === input.value)
		return
	input.value = text
	let at = 0
	for (let seen = 0; at < text.length && seen < before; at++)
		if (/\d/.test(text[at]))
			seen++
	input.setSelectionRange(at, at)
}

function cpf_is_right(digits) {
	const check = (n) => {
		let sum = 0
		for (let i = 0; i < n; i++)
			sum += Number(digits[i]) * (n + 1 - i)
		return (sum * 10) % 11 % 10 === Number(digits[n])
	}
	return check(9) && check(10)
}

/* The signer has been further than this, in another browser or long ago. */
function again(app, name) {
	return app.state.proof === name && h('p', { class: 'again' }, t(`again_${name}`))
}

/* The question for the CPF: what is filled in, and what happens when it is sent. */
export function cpf_question(app, go) {
	const line = error_line('cpf-error')
	const field = h('input', {
		id: 'cpf', name: 'cpf', class: 'field number', type: 'text', inputmode: 'numeric',
		autocomplete: 'off', placeholder: '000.000.000-00', 'aria-describedby': 'cpf-help cpf-error', required: true,
		oninput: (event) => { mask_input(event); clear_error(line, field) },
	})
	const submit = (event) => {
		event.preventDefault()
		const digits = field.value.replace(/\D/g, '')
		if (digits.length !== 11)
			return say_error(line, field, t('cpf_length'))
		if (!cpf_is_right(digits))
			return say_error(line, field, t('cpf_digits'))
		return app.send('cpf', { cpf: digits }, { button: go, on_refused: (text) => say_error(line, field, text) })
	}
	return { submit, nodes: [h('label', { for: 'cpf', class: 'label' }, t('cpf_label')), field, line] }
}

export function cpf(app) {
	const go = button(t('cpf_button'), { id: 'next' })
	const { submit, nodes } = cpf_question(app, go)
	return {
		name: 'cpf',
		title: t('cpf_title'),
		position: position(app),
		body: h('form', { onsubmit: submit, novalidate: true, class: 'screen' },
			heading(t('cpf_title')), again(app, 'cpf'),
			h('p', { id: 'cpf-help' }, t('cpf_why', { organization: app.state.organization.name })), nodes,
			h('div', { class: 'actions' }, go, decline_button(app))),
	}
}

function code_ask(app) {
	const { code } = app.state
	const line = error_line('code-error')
	const go = button(t(`code_send_${code.channel}`), { id: 'next' })
	const submit = (event) => {
		event.preventDefault()
		app.send('code', {}, { button: go, on_refused: (text) => say_error(line, null, text) })
	}
	line.textContent = app.view.code_error ?? ''
	return {
		name: 'code-ask',
		title: t('code_ask_title'),
		position: position(app),
		body: h('form', { onsubmit: submit, novalidate: true, class: 'screen' },
			heading(t('code_ask_title')), again(app, 'code'),
			h('p', null, t(`code_where_${code.channel}`)), h('p', { class: 'target' }, code.target),
			h('p', { class: 'quiet' }, t('code_why')), line,
			h('div', { class: 'actions' }, go, decline_button(app))),
	}
}

function clock_text(seconds) {
	return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/* The count-down is on the button; a screen reader hears only its end. */
function resend(app, said, on_refused) {
	const until = Date.parse(app.state.code.resend_at ?? app.state.now)
	const node = h('button', {
		type: 'button', class: 'text-button strong', id: 'resend',
		onclick: async () => {
			if (node.getAttribute('aria-disabled') !== 'true' && await app.send('code', {}, { button: node, on_refused }))
				document.querySelector('.said')?.replaceChildren(t('code_sent_again'))
		},
	})
	const tick = () => {
		const left = Math.max(0, Math.ceil((until - Date.now() - app.skew) / 1000))
		const label = left > 0 ? t('code_resend_in', { time: clock_text(left) }) : t('code_resend')
		if (node.textContent !== label)
			node.textContent = label
		if (left > 0) {
			node.setAttribute('aria-disabled', 'true')
		} else if (node.getAttribute('aria-disabled') === 'true') {
			node.removeAttribute('aria-disabled')
			said.textContent = t('code_resend_now')
		}
		return left
	}
	tick()
	const timer = setInterval(() => tick() > 0 || clearInterval(timer), 500)
	return { node, stop: () => clearInterval(timer) }
}

const code_over = new Set(['SGN400062', 'SGN400063'])

async function tries_text(app) {
	const state = await call('state').catch(() => null)
	if (!(state?.code?.tries_left > 0))
		return ''
	app.take(state)
	return t('tries_left', { count: state.code.tries_left })
}

function code_enter(app) {
	const { code } = app.state
	const line = error_line('code-error')
	const said = h('p', { class: 'sr said', role: 'status' })
	const go = button(t('code_button'), { id: 'next' })
	const field = h('input', {
		id: 'code', name: 'code', class: 'field code', type: 'text', inputmode: 'numeric', pattern: '[0-9]*',
		autocomplete: 'one-time-code', 'aria-describedby': 'code-help code-error', required: true,
		oninput: () => {
			const digits = field.value.replace(/\D/g, '').slice(0, 6)
			if (field.value !== digits)
				field.value = digits
			clear_error(line, field)
		},
	})
	const refused = async (text, failure) => {
		if (code_over.has(failure.code)) {
			app.view.code_error = text
			app.view.code_over = code.sent_at
			return app.render()
		}
		return say_error(line, field, `${text} ${await tries_text(app)}`.trim())
	}
	const submit = (event) => {
		event.preventDefault()
		if (field.value.length !== 6)
			return say_error(line, field, t('code_length'))
		return app.send('code/check', { code: field.value }, { button: go, on_refused: refused })
	}
	const resent = resend(app, said, (text) => say_error(line, null, text))
	return {
		name: 'code',
		title: t('code_title'),
		position: position(app),
		body: h('form', { onsubmit: submit, novalidate: true, class: 'screen' },
			heading(t('code_title')),
			h('p', { id: 'code-help' }, t(`code_sent_${code.channel}`, { target: code.target })),
			h('label', { for: 'code', class: 'label' }, t('code_label')), field, line, said,
			h('p', { class: 'resend' }, resent.node),
			h('p', { class: 'fine' }, t('code_why')),
			h('div', { class: 'actions' }, go, decline_button(app))),
		shown: () => resent.stop,
	}
}

/* After the last try, or the last minute, the same code is not asked for again. */
export function code(app) {
	const { sent_at } = app.state.code
	return sent_at && app.view.code_over !== sent_at ? code_enter(app) : code_ask(app)
}

export function decline(app) {
	const line = error_line('reason-error')
	const go = button(t('decline_button'), { id: 'next', class: 'button danger' })
	const field = h('textarea', {
		id: 'reason', name: 'reason', class: 'field', rows: 4, maxlength: 1000, required: true,
		'aria-describedby': 'reason-help reason-error', oninput: () => clear_error(line, field),
	})
	const submit = (event) => {
		event.preventDefault()
		const reason = field.value.trim()
		if (reason === '')
			return say_error(line, field, t('decline_empty'))
		return app.send('decline', { reason }, { button: go, on_refused: (text) => say_error(line, field, text) })
	}
	return {
		name: 'decline',
		title: t('decline_title'),
		body: h('form', { onsubmit: submit, novalidate: true, class: 'screen' },
			heading(t('decline_title')),
			h('p', { id: 'reason-help' }, t('decline_text', { organization: app.state.organization.name })),
			h('label', { for: 'reason', class: 'label' }, t('decline_label')), field, line,
			h('div', { class: 'actions' }, go,
				h('button', { type: 'button', class: 'text-button', id: 'back', onclick: () => app.leave_over() }, t('decline_back')))),
	}
}
