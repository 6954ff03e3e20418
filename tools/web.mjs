/*
 * web: lays out what the program serves to browsers.
 *
 *   node web.mjs SOURCE NODE_MODULES OUT STAMP DEPFILE
 *
 * OUT/assets/FOLDER/FILE are scripts, styles, catalogs and what comes from npm; they are served
 * below /assets/VERSION/, where VERSION is a hash over all of them, so each may be cached for ever.
 * OUT/pages/NAME.LANGUAGE.html are the pages, written out once for each language.
 * A catalog that lacks a text another one has, and a page that names a text no catalog has,
 * fail the build.
 */
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [source, modules, out, stamp, depfile] = process.argv.slice(2)
const languages = ['pt-BR', 'en', 'es']
const pdfjs = join(modules, 'pdfjs-dist')
const inputs = []

function fail(message) {
	console.error(`web: ${message}`)
	process.exit(1)
}

function read(path) {
	inputs.push(path)
	return readFileSync(path)
}

function list(folder, pattern = /^[^.]/) {
	inputs.push(folder)
	return readdirSync(folder).filter((name) => pattern.test(name)).sort()
}

function copy(from, folder, names) {
	const to = join(out, 'assets', folder)
	mkdirSync(to, { recursive: true })
	for (const name of names) {
		inputs.push(join(from, name))
		copyFileSync(join(from, name), join(to, name))
	}
}

function catalogs() {
	const all = languages.map((language) => JSON.parse(read(join(source, 'i18n', `${language}.json`))))
	const keys = all.map((catalog) =>
		Object.entries(catalog).flatMap(([part, texts]) => Object.keys(texts).map((key) => `${part}.${key}`)))
	const union = new Set(keys.flat())
	for (const [i, own] of keys.entries())
		for (const key of union)
			if (!own.includes(key))
				fail(`i18n/${languages[i]}.json has no text "${key}"`)
	return all
}

function write_catalogs(all) {
	const to = join(out, 'assets', 'i18n')
	mkdirSync(to, { recursive: true })
	for (const [i, catalog] of all.entries())
		for (const part of ['signer', 'verify'])
			writeFileSync(join(to, `${part}.${languages[i]}.json`),
				JSON.stringify({ ...catalog.common, ...catalog[part] }))
}

function version_of(folder) {
	const hash = createHash('sha256')
	for (const part of readdirSync(folder).sort())
		for (const name of readdirSync(join(folder, part)).sort())
			hash.update(`${part}/${name}\0`).update(readFileSync(join(folder, part, name)))
	return hash.digest('hex').slice(0, 16)
}

function escape(text) {
	const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
	return text.replace(/[&<>"]/g, (c) => entities[c])
}

/* A page's first line names its frame and what the frame asks for; "_" stands for a blank there. */
function framed(name) {
	const [, frame, words, page] = /^<!--(\w+) (.*)-->\n([^]*)$/.exec(read(join(source, 'pages', name))) ?? fail(`${name}: no frame`)
	const given = { page, ...Object.fromEntries(words.split(' ').map((word) => word.split(/=(.*)/))) }
	return read(join(source, 'pages', 'frames', `${frame}.html`)).toString()
		.replace(/\{\{\{(\w+)\}\}\}/g, (_, key) => {
			const text = given[key] ?? fail(`${name}: its frame needs "${key}"`)
			return key === 'title' ? `{{${text}}}` : key === 'page' ? text : text.replaceAll('_', ' ')
		})
}

function write_pages(all, version) {
	mkdirSync(join(out, 'pages'), { recursive: true })
	for (const name of list(join(source, 'pages'), /\.html$/)) {
		const template = framed(name)
		for (const [i, language] of languages.entries()) {
			const html = template.replace(/\{\{([a-z_.]+)\}\}/g, (whole, key) => {
				if (key === 'version' || key === 'language')
					return key === 'version' ? version : language
				if (key === 'incident')
					return whole
				return escape(all[i].pages[key] ?? fail(`${name}: no text "${key}"`))
			})
			writeFileSync(join(out, 'pages', name.replace('.html', `.${language}.html`)), html)
		}
	}
}

rmSync(out, { recursive: true, force: true })
const all = catalogs()
for (const part of ['shared', 'signer', 'verify'])
	copy(join(source, part), part, list(join(source, part)))
copy(join(pdfjs, 'legacy', 'build'), 'pdfjs', ['pdf.min.mjs', 'pdf.worker.min.mjs'])
copy(join(pdfjs, 'cmaps'), 'cmaps', list(join(pdfjs, 'cmaps'), /\.bcmap$/))
copy(join(pdfjs, 'standard_fonts'), 'fonts', list(join(pdfjs, 'standard_fonts'), /\.(pfb|ttf)$/))
copy(join(pdfjs, 'wasm'), 'wasm', ['jbig2.wasm', 'openjpeg.wasm', 'qcms_bg.wasm'])
write_catalogs(all)
const version = version_of(join(out, 'assets'))
writeFileSync(join(out, 'version'), version)
write_pages(all, version)
writeFileSync(stamp, `${version}\n`)
writeFileSync(depfile, `${stamp}: ${inputs.map((path) => path.replace(/ /g, '\\ ')).join(' ')}\n`)
