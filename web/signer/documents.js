/*
 * The reading step. Each document is opened in the reader and confirmed; how many pages were
 * on the screen and for how long goes with the confirmation. With one document there is no list.
 */
import { h, icon, icons } from '../shared/dom.js'
import { size, t } from '../shared/i18n.js'
import { address } from './api.js'
import { button, error_line, heading, say_error } from './frame.js'
import { decline_button, position } from './steps.js'

const patience = 10000
const reader_style = new URL('reader.css', import.meta.url)

function style_link() {
	if (!document.querySelector('link[data-reader]'))
		document.head.append(h('link', { rel: 'stylesheet', href: reader_style, 'data-reader': true }))
}

function next_unread(app) {
	return app.state.documents.find((item) => !item.is_read)
}

export function documents(app) {
	style_link()
	const list = app.state.documents
	if (list.length === 1)
		return reading(list[0])(app)
	const next = next_unread(app) ?? list[0]
	const open = (event) => {
		event.preventDefault()
		app.show_over(reading(next))
	}
	return {
		name: 'documents',
		title: t('read_title', { count: list.length }),
		position: position(app),
		body: h('form', { onsubmit: open, class: 'screen' },
			heading(t('read_title', { count: list.length })),
			h('p', null, t('read_text')),
			h('ul', { class: 'bare documents' }, list.map((item) => row(app, item))),
			h('div', { class: 'actions' },
				button(t('read_button', { at: list.indexOf(next) + 1, of: list.length }), { id: 'next' }), decline_button(app))),
	}
}

function row(app, item) {
	return h('li', null, h('button', {
		type: 'button', class: 'document', onclick: () => app.show_over(reading(item)),
	}, icon(item.is_read ? icons.check : icons.file),
	h('span', { class: 'document-name' }, item.name, h('span', { class: 'document-note' },
		`${t('pages', { count: item.pages })} · ${size(item.bytes)} · ${item.is_read ? t('is_read') : t('not_read')}`))))
}

/* A stop-watch that stands still while the page is hidden. */
function watch() {
	let total = 0, since = document.hidden ? null : performance.now()
	const change = () => {
		if (document.hidden && since !== null) {
			total += performance.now() - since
			since = null
		} else if (!document.hidden && since === null) {
			since = performance.now()
		}
	}
	document.addEventListener('visibilitychange', change)
	return {
		read: () => Math.round(total + (since === null ? 0 : performance.now() - since)),
		stop: () => document.removeEventListener('visibilitychange', change),
	}
}

function toolbar(item, url) {
	const tool = (id, path, label) =>
		h('button', { type: 'button', class: 'tool', id, 'aria-label': label, title: label }, icon(path))
	return h('div', { class: 'reader-bar', role: 'group', 'aria-label': t('reader_tools') },
		h('span', { class: 'page-count', id: 'page-count' }, t('pages', { count: item.pages })),
		tool('smaller', icons.minus, t('zoom_out')), tool('larger', icons.plus, t('zoom_in')),
		h('a', { class: 'tool', id: 'download', href: `${url}?download=1`, download: item.name, 'aria-label': t('download_original'), title: t('download_original') },
			icon(icons.download)))
}

function unreadable(url, item) {
	return h('div', { class: 'notice bad', role: 'alert', id: 'reader-failed' },
		h('p', null, t('reader_failed')),
		links(url, item))
}

/* A browser inside another app may refuse a download; most can still show the file itself. */
function links(url, item) {
	return [h('p', null, h('a', { href: `${url}?download=1`, download: item.name }, t('download_original'))),
		h('p', null, h('a', { href: url }, t('open_original')))]
}

/* A slow line, or a browser that PDF.js does not know: offer the file, and go on trying. */
function offer_file(pages, url, item) {
	return setTimeout(() => pages.querySelector('.loading')?.after(
		h('div', { class: 'notice', role: 'status', id: 'reader-slow' }, h('p', null, t('reader_slow')), links(url, item))), patience)
}

async function open_pages(item, url, main, hooks) {
	const pages = main.querySelector('.pages')
	const timer = offer_file(pages, url, item)
	try {
		const { open_reader } = await import('./reader.js')
		return await open_reader(url, item.pages, { pages, main, ...hooks })
	} catch (error) {
		console.warn('reader', error?.message)
		pages.replaceChildren(unreadable(url, item))
		return null
	} finally {
		clearTimeout(timer)
	}
}

export function reading(item) {
	return (app) => {
		style_link()
		const url = address(`document/${item.index}`)
		const many = app.state.documents.length > 1
		const time = watch()
		const line = error_line('read-error')
		const seen = new Set()
		const go = button(item.is_read ? t('read_again_button') : t('read_done_button'), { id: 'next' })
		const submit = (event) => {
			event.preventDefault()
			app.send('read', { document: item.index, pages: Math.max(1, seen.size), duration_ms: time.read() },
				{ button: go, on_refused: (text) => say_error(line, null, text) })
		}
		return {
			name: 'reader',
			title: item.name,
			wide: true,
			position: position(app),
			body: h('form', { onsubmit: submit, class: 'screen reader' },
				h('div', { class: 'reader-head' }, heading(item.name),
					many && h('button', { type: 'button', class: 'text-button', id: 'back', onclick: () => app.leave_over() }, t('read_back'))),
				toolbar(item, url),
				h('div', { class: 'pages', role: 'region', 'aria-label': item.name, tabindex: '0' },
					h('p', { class: 'loading', role: 'status' }, t('reader_loading'))),
				h('p', { class: 'end-mark', id: 'end-mark', role: 'status' }),
				line,
				h('div', { class: 'actions' }, go, decline_button(app))),
			shown: (main) => {
				let reader = null, is_gone = false
				const hooks = {
					on_seen: (number) => seen.add(number),
					on_end: () => main.querySelector('#end-mark').replaceChildren(t('reader_end')),
				}
				open_pages(item, url, main, hooks).then((opened) => {
					reader = opened
					if (is_gone)
						reader?.close()
				})
				return () => {
					is_gone = true
					time.stop()
					reader?.close()
				}
			},
		}
	}
}
