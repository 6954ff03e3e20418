/*
 * The last step has two questions, one after the other: whether the signer agrees to sign this
 * way, and the signature itself, drawn or typed. Both answers go in one request, with the hash
 * of the text that was agreed to.
 */
import { h, icon, icons } from '../shared/dom.js'
import { t } from '../shared/i18n.js'
import { keep, kept } from './api.js'
import { button, clear_error, error_line, heading, say_error } from './frame.js'
import { Pad } from './pad.js'
import { decline_button, hand_over, position } from './steps.js'

const typed_most = 100

export function sign(app) {
	return kept('agreed') === app.state.consent.sha256 ? signature(app) : consent(app)
}

function consent(app) {
	const { consent: agreed } = app.state
	const line = error_line('consent-error')
	const box = h('input', { type: 'checkbox', id: 'agree', 'aria-describedby': 'consent-error', required: true,
		onchange: () => clear_error(line, box) })
	line.textContent = app.view.consent_error ?? ''
	app.view.consent_error = ''
	const submit = (event) => {
		event.preventDefault()
		if (!box.checked)
			return say_error(line, box, t('consent_missing'))
		keep('agreed', agreed.sha256)
		return app.render()
	}
	return {
		name: 'consent',
		title: t('consent_title'),
		position: position(app),
		body: h('form', { onsubmit: submit, novalidate: true, class: 'screen' },
			heading(t('consent_title')),
			h('div', { class: 'consent', lang: agreed.language, tabindex: '0', role: 'region', 'aria-label': t('consent_region') },
				agreed.text.split(/\n\s*\n/).map((text) => h('p', null, text))),
			h('label', { class: 'choice', for: 'agree' }, box, h('span', null, t('consent_agree'))), line,
			h('div', { class: 'actions' }, button(t('consent_button'), { id: 'next' }), decline_button(app))),
	}
}

function tab(id, label, is_on, on_change) {
	return h('label', { class: 'tab', for: `kind-${id}` },
		h('input', { type: 'radio', name: 'kind', id: `kind-${id}`, value: id, checked: is_on, onchange: on_change }), h('span', null, label))
}

function drawn_part(pad) {
	const tool = (id, path, label, act) =>
		h('button', { type: 'button', class: 'text-button strong', id, onclick: act }, icon(path), label)
	return h('div', { class: 'part', id: 'part-drawn' },
		h('p', { id: 'pad-help', class: 'quiet' }, t('pad_help')),
		h('div', { class: 'paper' }, pad.canvas, h('span', { class: 'line', 'aria-hidden': 'true' })),
		h('div', { class: 'pad-tools' },
			tool('undo', icons.undo, t('pad_undo'), () => pad.undo()),
			tool('clear', icons.cross, t('pad_clear'), () => pad.clear())))
}

function typed_part(field) {
	return h('div', { class: 'part', id: 'part-typed' },
		h('label', { class: 'label', for: 'typed' }, t('typed_label')),
		h('div', { class: 'paper typed-paper' }, field, h('span', { class: 'line', 'aria-hidden': 'true' })))
}

function answer_of(app, kind, pad, field) {
	const consent_sha256 = app.state.consent.sha256
	return kind === 'typed'
		? { consent_sha256, kind, text: field.value.trim() }
		: { consent_sha256, kind, strokes: pad.strokes }
}

function consent_changed(app, text) {
	keep('agreed', null)
	app.view.consent_error = text
	return app.refresh()
}

function signature(app) {
	const line = error_line('sign-error')
	const strokes = kept('strokes') ?? []
	const pad = new Pad(t('pad_label'), strokes, () => { keep('strokes', strokes); clear_error(line) })
	const field = h('input', {
		id: 'typed', name: 'typed', class: 'typed', type: 'text', maxlength: typed_most, autocomplete: 'name', spellcheck: 'false',
		'aria-describedby': 'sign-error', value: kept('typed') ?? app.state.signer.name,
		oninput: () => { keep('typed', field.value); clear_error(line, field) },
	})
	field.value = kept('typed') ?? app.state.signer.name
	const parts = { drawn: drawn_part(pad), typed: typed_part(field) }
	let kind = kept('kind') ?? 'drawn'
	const choose = (event) => {
		kind = event?.target.value ?? kind
		keep('kind', kind)
		parts.drawn.hidden = kind !== 'drawn'
		parts.typed.hidden = kind !== 'typed'
		clear_error(line, field)
	}
	choose()
	const go = button(t('sign_button'), { id: 'next' })
	const refused = (text, failure) =>
		failure.code === 'SGN400064' ? consent_changed(app, text) : say_error(line, null, text)
	const submit = (event) => {
		event.preventDefault()
		if (kind === 'drawn' && pad.is_empty())
			return say_error(line, null, t('pad_empty'))
		if (kind === 'typed' && field.value.trim() === '')
			return say_error(line, field, t('typed_empty'))
		app.signed_now = true
		return app.send('sign', answer_of(app, kind, pad, field), { button: go, on_refused: refused })
	}
	return {
		name: 'sign',
		title: t('sign_title'),
		position: position(app),
		aside: hand_over(),
		body: h('form', { onsubmit: submit, novalidate: true, class: 'screen' },
			heading(t('sign_title')),
			h('fieldset', { class: 'tabs' }, h('legend', { class: 'sr' }, t('sign_how')),
				tab('drawn', t('sign_drawn'), kind === 'drawn', choose), tab('typed', t('sign_typed'), kind === 'typed', choose)),
			parts.drawn, parts.typed, line,
			h('p', { class: 'statement' }, app.state.statement),
			h('div', { class: 'actions' }, go, decline_button(app))),
		shown: () => () => pad.close(),
	}
}
