/*
 * Texts in the reader's language. A catalog is one JSON file per page and language; a text may
 * have "{name}" places, and "_one"/"_other" forms chosen by the language's plural rules.
 */
export const languages = { 'pt-BR': 'Português', en: 'English', es: 'Español' }

const root = new URL('..', import.meta.url)
let texts = {}
let current = 'pt-BR'
let plural = new Intl.PluralRules('pt-BR')

export function language() {
	return current
}

/* The first of the wished-for tags that we have; the page's own language when none fits. */
export function choose(...wishes) {
	for (const wish of wishes.flat()) {
		const primary = String(wish ?? '').toLowerCase().split('-')[0]
		const found = Object.keys(languages).find((tag) => tag.toLowerCase().split('-')[0] === primary)
		if (found)
			return found
	}
	return document.documentElement.lang in languages ? document.documentElement.lang : 'pt-BR'
}

export async function load(part, tag) {
	current = tag
	const answer = await fetch(new URL(`i18n/${part}.${tag}.json`, root), { credentials: 'omit' })
	if (!answer.ok)
		throw new TypeError('catalog')
	texts = await answer.json()
	plural = new Intl.PluralRules(tag)
	document.documentElement.lang = tag
}

export function has(key) {
	return key in texts
}

export function t(key, values = {}) {
	const form = 'count' in values ? `${key}_${plural.select(values.count)}` : key
	const text = texts[form] ?? texts[`${key}_other`] ?? texts[key] ?? key
	return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole)
}

export function date_time(time, zone) {
	return new Intl.DateTimeFormat(current, { dateStyle: 'long', timeStyle: 'short', timeZone: zone }).format(new Date(time))
}

export function size(bytes) {
	const units = [['megabyte', 1048576], ['kilobyte', 1024], ['byte', 1]]
	const [unit, scale] = units.find(([, least]) => bytes >= least) ?? units[2]
	return new Intl.NumberFormat(current, { style: 'unit', unit, maximumFractionDigits: unit === 'megabyte' ? 1 : 0 }).format(bytes / scale)
}
