/*
 * The JSON routes below the link in this page's address. Every failure becomes a Failure with
 * a kind the pages know: offline, busy (try again later), gone (no such link), or refused (the
 * server said what was wrong). What was sent before is saved on the server, so each call may be
 * repeated.
 */
import { language } from '../shared/i18n.js'

const base = location.pathname.replace(/\/+$/, '')
const patience = 30000

export class Failure extends Error {
	constructor(kind, details = {}) {
		super(details.description ?? kind)
		this.kind = kind
		Object.assign(this, details)
	}
}

export function address(path) {
	return `${base}/${path}`
}

function kind_of(status) {
	if (status === 404 || status === 410)
		return 'gone'
	if (status === 503 || status === 502 || status === 504)
		return 'busy'
	return status >= 500 ? 'broken' : 'refused'
}

async function failure_of(answer) {
	const body = await answer.json().catch(() => ({}))
	const after = Number(answer.headers.get('Retry-After'))
	return new Failure(kind_of(answer.status), {
		status: answer.status,
		code: body.code,
		description: body.description,
		translation: body.translation,
		retry_after: Number.isFinite(after) && after > 0 ? after : null,
	})
}

export async function call(path, body) {
	const stop = new AbortController()
	const timer = setTimeout(() => stop.abort(), patience)
	const request = {
		method: body === undefined ? 'GET' : 'POST',
		headers: { Accept: 'application/json', 'Accept-Language': language() },
		cache: 'no-store',
		signal: stop.signal,
	}
	if (body !== undefined) {
		request.headers['Content-Type'] = 'application/json'
		request.body = JSON.stringify(body)
	}
	try {
		const answer = await fetch(address(path), request)
		if (!answer.ok)
			throw await failure_of(answer)
		return await answer.json()
	} catch (error) {
		throw error instanceof Failure ? error : new Failure('offline')
	} finally {
		clearTimeout(timer)
	}
}

/* What this tab remembers of an unfinished step. Private windows may refuse storage. */
const drawer = `chirograph:${base.slice(-16)}:`
const fallback = new Map()

export function keep(name, value) {
	fallback.set(name, value)
	try {
		sessionStorage.setItem(drawer + name, JSON.stringify(value))
	} catch {
		/* the map above still has it until the page is left */
	}
}

export function kept(name) {
	try {
		const text = sessionStorage.getItem(drawer + name)
		return text === null ? fallback.get(name) : JSON.parse(text)
	} catch {
		return fallback.get(name)
	}
}

export function forget() {
	fallback.clear()
	try {
		for (const name of Object.keys(sessionStorage))
			if (name.startsWith(drawer))
				sessionStorage.removeItem(name)
	} catch {
		/* nothing was stored */
	}
}
