/*
 * The frame around a screen: the sender's name, the language, where one is, and at the thumb
 * one button whose word says what happens next. A screen is made whole and put in place at
 * once; then its heading has the focus, so a screen reader starts to read there.
 */
import { h } from '../shared/dom.js'
import { has, language, languages, t } from '../shared/i18n.js'

const app = document.getElementById('app')
let shown_before = false

function language_switch(on_language) {
	return h('label', { class: 'language' },
		h('span', { class: 'sr' }, t('language')),
		h('select', { id: 'language', onchange: (event) => on_language(event.target.value) },
			Object.entries(languages).map(([tag, name]) =>
				h('option', { value: tag, lang: tag, selected: tag === language() }, name))))
}

function band(state, on_language) {
	const name = state?.organization?.name ?? 'Chirograph'
	return h('header', { class: 'band' },
		h('div', { class: 'band-row' }, h('p', { class: 'brand' }, name), language_switch(on_language)))
}

export function progress({ at, of }) {
	return h('div', { class: 'progress' },
		h('p', { class: 'progress-text', id: 'progress-text' }, t('progress', { at, of })),
		h('div', { class: 'progress-bar', 'aria-hidden': 'true' },
			Array.from({ length: of }, (_, i) => h('span', { class: i < at ? 'full' : '' }))))
}

export function heading(text) {
	return h('h1', { tabindex: '-1', id: 'heading', 'aria-describedby': 'progress-text' }, text)
}

/* screen: {name, title, wide, body: [nodes], position, actions: [nodes]} */
export function show(state, screen, on_language) {
	const sandbox = state?.envelope?.sandbox
	const main = h('main', { id: 'main', class: `sheet ${screen.wide ? 'wide' : ''}`, 'data-screen': screen.name },
		sandbox && h('p', { class: 'sandbox' }, h('strong', null, t('sandbox_mark')), ' ', t('sandbox_text')),
		screen.position && progress(screen.position),
		screen.body,
		screen.actions && h('div', { class: 'actions' }, screen.actions))
	app.replaceChildren(
		h('a', { class: 'skip', href: '#main' }, t('skip')),
		band(state, on_language), main,
		screen.aside ?? '')
	document.title = [screen.title, state?.organization?.name].filter(Boolean).join(' · ')
	scrollTo(0, 0)
	if (!screen.position)
		main.querySelector('h1')?.removeAttribute('aria-describedby')
	if (shown_before)
		main.querySelector('h1')?.focus({ preventScroll: true })
	shown_before = true
	return main
}

export function button(text, props = {}) {
	return h('button', { type: 'submit', class: 'button', ...props }, text)
}

/* Busy is said, and a second press does nothing; the button keeps the focus. */
export async function while_busy(node, work) {
	if (node?.getAttribute('aria-busy') === 'true')
		return undefined
	node?.setAttribute('aria-busy', 'true')
	node?.setAttribute('aria-disabled', 'true')
	try {
		return await work()
	} finally {
		node?.removeAttribute('aria-busy')
		node?.removeAttribute('aria-disabled')
	}
}

export function error_line(id) {
	return h('p', { id, class: 'error', role: 'alert' })
}

export function say_error(line, field, text) {
	line.textContent = text
	if (!field)
		return
	field.setAttribute('aria-invalid', 'true')
	field.focus()
}

export function clear_error(line, field) {
	line.textContent = ''
	field?.removeAttribute('aria-invalid')
}

/* Our words for a code, else the server's in Portuguese or English. */
export function words_of(failure) {
	if (failure.code && has(`error.${failure.code}`))
		return t(`error.${failure.code}`)
	const text = language() === 'pt-BR' ? failure.translation : failure.description
	return text || t('error.other')
}
