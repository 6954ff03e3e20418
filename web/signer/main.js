/*
 * The signer's way. The server holds where the signer is; this page asks for the state, shows
 * the screen of its step and sends one answer at a time. Nothing is decided here, so the same
 * link goes on at the same place in another tab, another day, on another phone.
 */
import { choose, load, t } from '../shared/i18n.js'
import { call, forget, keep, kept } from './api.js'
import * as ends from './ends.js'
import { show, while_busy, words_of } from './frame.js'
import * as steps from './steps.js'

const app = {
	state: null,
	skew: 0,       // server's clock minus ours, ms
	overlay: null, // a screen over the step: reading a document, declining
	view: {},      // what a screen remembers between two renderings
}

const screens = {
	open: steps.landing,
	cpf: steps.cpf,
	read: (a) => lazy('./documents.js', 'documents', a),
	code: steps.code,
	sign: (a) => lazy('./sign.js', 'sign', a),
	done: ends.done,
	refused: ends.refused,
	canceled: ends.canceled,
	expired: ends.expired,
}

const modules = {}

/* A step's own code comes when the step does. */
async function lazy(path, name, a) {
	modules[path] ??= path === './sign.js' ? await import('./sign.js') : await import('./documents.js')
	return modules[path][name](a)
}

app.take = (state) => {
	if (app.state?.step !== state.step)
		app.view = {}
	app.state = state
	app.skew = state.now ? Date.parse(state.now) - Date.now() : 0
	if (['done', 'refused', 'canceled', 'expired'].includes(state.step))
		forget()
}

let turn = 0

app.render = async () => {
	const mine = ++turn
	app.leave?.()
	app.leave = null
	let screen
	try {
		screen = await (app.overlay ?? screens[app.state.step] ?? ends.broken)(app)
	} catch {
		screen = ends.offline(app, { retry: () => app.render() })
	}
	if (mine !== turn)
		return
	const main = show(app.state, screen, app.speak)
	app.leave = screen.shown?.(main) ?? null
}

app.show_step = () => {
	app.overlay = null
	return app.render()
}

/* Over the step, with the browser's own way back. */
app.show_over = (overlay) => {
	history.pushState({ over: true }, '')
	app.overlay = overlay
	return app.render()
}

app.leave_over = () => (history.state?.over ? history.back() : app.show_step())

addEventListener('popstate', () => app.state && app.show_step())

/*
 * Send one answer and go where the state says. on_refused(text, failure) shows what the server
 * did not accept beside its field; everything else has a screen of its own with the way on.
 */
app.send = async (path, body, { button, on_refused } = {}) => {
	try {
		const state = await while_busy(button, () => call(path, body))
		if (state === undefined)
			return false
		app.take(state)
		await app.show_step()
		return true
	} catch (failure) {
		await app.fail(failure, () => app.send(path, body, { button, on_refused }), on_refused)
		return false
	}
}

/* The step is another one now: the state says which. */
const moved = new Set(['SGN403002', 'SGN409002', 'SGN409003', 'SGN409004', 'SGN409005', 'SGN409010', 'SGN409011', 'SGN409012'])

app.fail = async (failure, retry, on_refused) => {
	if (moved.has(failure.code))
		return app.refresh()
	if (failure.kind === 'refused' && on_refused)
		return on_refused(words_of(failure), failure)
	const kind = failure.status === 429 ? 'busy' : failure.kind
	const screen = { offline: ends.offline, busy: ends.busy, gone: ends.unknown }[kind] ?? ends.broken
	app.overlay = null
	app.leave?.()
	app.leave = null
	turn++
	const shown = screen(app, { retry, failure })
	const main = show(app.state, shown, app.speak)
	app.leave = shown.shown?.(main) ?? null
	return undefined
}

app.refresh = async () => {
	try {
		app.take(await call('state'))
		await app.show_step()
	} catch (failure) {
		await app.fail(failure, app.refresh)
	}
}

app.speak = async (tag) => {
	keep('language', tag)
	try {
		await load('signer', tag)
		if (app.state)
			app.take(await call('state'))
		await app.render()
	} catch (failure) {
		await app.fail(failure.kind ? failure : { kind: 'offline' }, () => app.speak(tag))
	}
	document.getElementById('language')?.focus()
}

async function start() {
	const wished = choose(kept('language'), navigator.languages)
	const catalog = load('signer', wished)
	let state = null, failure = null
	await Promise.all([catalog, call('state').then((s) => { state = s }, (f) => { failure = f })])
	if (failure)
		return app.fail(failure, app.refresh)
	const own = choose(kept('language'), state.signer.language, navigator.languages)
	if (own !== wished)
		await load('signer', own)
	app.take(state)
	return app.render()
}

/* Without even the texts there is only the plain shell to speak with. */
start().catch(() => {
	const line = document.querySelector('.loading')
	if (line)
		line.textContent = navigator.onLine === false ? 'Offline · Sem conexão · Sin conexión' : 'Recarregue a página · Reload the page · Recargue la página'
})
