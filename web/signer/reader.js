/*
 * Shows a PDF page by page with PDF.js, which comes with this module and not before. Pieces of
 * the file are fetched by Range as pages need them, so the first page stands before the file
 * has arrived. Only pages near the window are drawn; those far away are given back. Text lies
 * over each drawing so that it can be selected, searched and read aloud.
 */
import * as pdfjs from '../pdfjs/pdf.min.mjs'
import { h } from '../shared/dom.js'
import { t } from '../shared/i18n.js'

const root = new URL('..', import.meta.url).href
const drawn_most = 10
const pixels_most = 12e6
const first_bytes = 65536
// PDF.js looks at every page object of a flat page tree before it shows the first page, and takes a whole
// chunk for each. Small chunks keep that cheap; neighbouring ones are asked for together.
const chunk = 4096
const patience = [500, 1500, 4000, 10000]
const zooms = [0.5, 0.75, 1, 1.25, 1.5, 2, 3]

pdfjs.GlobalWorkerOptions.workerSrc = `${root}pdfjs/pdf.worker.min.mjs`

async function piece(url, begin, end) {
	for (const wait of [...patience, null]) {
		try {
			const answer = await fetch(url, { headers: { Range: `bytes=${begin}-${end - 1}` } })
			if (answer.ok)
				return { answer, bytes: new Uint8Array(await answer.arrayBuffer()) }
			if (answer.status < 500)
				throw new Error(`status ${answer.status}`, { cause: 'final' })
		} catch (error) {
			if (error.cause === 'final' || wait === null)
				throw error
		}
		await new Promise((next) => setTimeout(next, wait))
	}
	throw new Error('the server is busy')
}

/* PDF.js would begin with the whole file and break off; this asks for pieces from the start. */
class Pieces extends pdfjs.PDFDataRangeTransport {
	constructor(url, length, first) {
		super(length, first)
		this.url = url
	}

	requestDataRange(begin, end) {
		piece(this.url, begin, end).then(({ bytes }) => this.is_over || this.onDataRange(begin, bytes), () => {})
	}

	abort() {
		this.is_over = true
	}
}

async function source_of(url) {
	const { answer, bytes } = await piece(url, 0, first_bytes)
	const total = /\/(\d+)$/.exec(answer.headers.get('Content-Range') ?? '')
	if (answer.status !== 206 || !total || Number(total[1]) <= bytes.length)
		return { data: bytes }
	return { range: new Pieces(url, Number(total[1]), bytes) }
}

export async function open_reader(url, expected_pages, { pages, main, on_seen, on_end }) {
	const task = pdfjs.getDocument({
		...await source_of(url),
		disableAutoFetch: true,
		disableStream: true,
		disableWorkerRendering: true,
		rangeChunkSize: chunk,
		enableXfa: false,
		cMapUrl: `${root}cmaps/`,
		standardFontDataUrl: `${root}fonts/`,
		wasmUrl: `${root}wasm/`,
		verbosity: pdfjs.VerbosityLevel.ERRORS,
	})
	try {
		const pdf = await task.promise
		const first = await pdf.getPage(1)
		const reader = new Reader(task, pdf, first, { pages, main, on_seen, on_end })
		reader.drawing = reader.draw(1)
		await reader.drawing
		return reader
	} catch (error) {
		task.destroy()
		throw error
	}
}

function free(canvas) {
	if (canvas)
		canvas.width = canvas.height = 0
}

class Reader {
	constructor(task, pdf, first, parts) {
		Object.assign(this, { task, pdf, ...parts })
		this.zoom = 1
		this.pinch = 1 // how far two fingers have enlarged the window
		this.drawn = new Map() // page number -> what to give back
		this.wanted = new Set()
		this.drawing = Promise.resolve()
		this.is_open = true
		const { width, height } = first.getViewport({ scale: 1 })
		this.sheets = Array.from({ length: pdf.numPages }, (_, i) => this.sheet(i + 1, width / height))
		this.strip = h('div', { class: 'strip' }, this.sheets)
		this.pages.replaceChildren(this.strip)
		this.observe()
		this.tools()
	}

	sheet(number, ratio) {
		const node = h('section', {
			class: 'page', 'data-page': number, 'aria-label': t('page_of', { at: number, of: this.pdf.numPages }),
		})
		node.style.aspectRatio = String(ratio)
		return node
	}

	observe() {
		this.near = new IntersectionObserver((entries) => {
			for (const { target, isIntersecting } of entries)
				this.wish(Number(target.dataset.page), isIntersecting)
		}, { rootMargin: '120% 0px' })
		this.seen = new IntersectionObserver((entries) => {
			for (const { target, isIntersecting } of entries)
				if (isIntersecting)
					this.see(Number(target.dataset.page))
		}, { rootMargin: '-35% 0px -35% 0px' })
		this.end = new IntersectionObserver(([entry]) => entry.isIntersecting && this.on_end())
		for (const sheet of this.sheets) {
			this.near.observe(sheet)
			this.seen.observe(sheet)
		}
		this.end.observe(this.main.querySelector('#end-mark'))
	}

	see(number) {
		this.on_seen(number)
		this.main.querySelector('#page-count').textContent = t('page_of', { at: number, of: this.pdf.numPages })
	}

	wish(number, is_near) {
		if (!is_near) {
			this.wanted.delete(number)
			return
		}
		this.wanted.add(number)
		if (this.drawn.get(number)?.is_stale !== false)
			this.drawing = this.drawing.then(() => this.draw(number)).catch(() => {})
	}

	async draw(number) {
		const sheet = this.sheets[number - 1]
		const old = this.drawn.get(number)
		if (!this.is_open || (old && !old.is_stale) || (number !== 1 && !this.wanted.has(number)))
			return
		const page = await this.pdf.getPage(number)
		const plain = page.getViewport({ scale: 1 })
		sheet.style.aspectRatio = String(plain.width / plain.height)
		const scale = sheet.clientWidth / plain.width
		const canvas = h('canvas', { 'aria-hidden': 'true' })
		const layer = h('div', { class: 'textLayer' })
		const sharp = Math.min((devicePixelRatio || 1) * this.pinch, 6, Math.sqrt(pixels_most / (plain.width * plain.height * scale * scale)))
		const viewport = page.getViewport({ scale: scale * sharp })
		canvas.width = Math.floor(viewport.width)
		canvas.height = Math.floor(viewport.height)
		const work = page.render({ canvas, viewport })
		this.drawn.set(number, { page, canvas, work, is_stale: false })
		try {
			await work.promise
			if (this.drawn.get(number)?.work !== work)
				return
			sheet.style.setProperty('--total-scale-factor', String(scale))
			sheet.replaceChildren(canvas, layer)
			free(old?.canvas)
			await this.text(page, layer, scale)
		} catch (error) {
			if (this.drawn.get(number)?.work === work)
				this.give_back(number)
			if (error?.name !== 'RenderingCancelledException')
				this.say_broken(number, error)
		}
		this.tidy()
	}

	/* The first page decides whether the file can be shown at all; a later one speaks for itself. */
	say_broken(number, error) {
		if (number === 1)
			throw error
		this.sheets[number - 1].replaceChildren(h('p', { class: 'page-failed' }, t('reader_failed')))
	}

	/* A page whose text cannot be had is still a page. */
	async text(page, layer, scale) {
		try {
			await new pdfjs.TextLayer({
				textContentSource: page.streamTextContent({ includeMarkedContent: true, disableNormalization: true }),
				container: layer,
				viewport: page.getViewport({ scale }),
			}).render()
		} catch {
			layer.remove()
		}
	}

	give_back(number) {
		const { page, canvas, work } = this.drawn.get(number) ?? {}
		if (!page)
			return
		this.drawn.delete(number)
		work.cancel()
		free(canvas)
		this.sheets[number - 1].replaceChildren()
		page.cleanup()
	}

	tidy() {
		const far = [...this.drawn.keys()].filter((number) => !this.wanted.has(number))
		while (this.drawn.size > drawn_most && far.length > 0)
			this.give_back(far.shift())
	}

	tools() {
		const step = (by) => () => {
			const at = zooms.indexOf(this.zoom) + by
			if (zooms[at])
				this.set_zoom(zooms[at])
		}
		this.main.querySelector('#larger').addEventListener('click', step(1))
		this.main.querySelector('#smaller').addEventListener('click', step(-1))
		this.width = this.pages.clientWidth
		this.resized = new ResizeObserver(() => {
			if (Math.abs(this.pages.clientWidth - this.width) < 2)
				return
			this.width = this.pages.clientWidth
			this.redraw()
		})
		this.resized.observe(this.pages)
		this.on_pinch = () => this.pinched()
		globalThis.visualViewport?.addEventListener('resize', this.on_pinch)
	}

	/* Two fingers enlarge what is drawn; once they rest, it is drawn again, as sharp as it is large. */
	pinched() {
		const pinch = Math.min(visualViewport.scale, 4)
		if (Math.abs(pinch - this.pinch) / this.pinch < 0.2)
			return
		this.pinch = pinch
		this.redraw()
	}

	set_zoom(zoom) {
		const middle = this.pages.scrollLeft + this.pages.clientWidth / 2
		const before = this.strip.getBoundingClientRect()
		const share = (innerHeight / 2 - before.top) / before.height
		const ratio = zoom / this.zoom
		this.zoom = zoom
		this.strip.style.setProperty('--zoom', String(zoom))
		const after = this.strip.getBoundingClientRect()
		scrollBy(0, after.top + share * after.height - innerHeight / 2)
		this.pages.scrollLeft = middle * ratio - this.pages.clientWidth / 2
		this.redraw()
	}

	redraw() {
		clearTimeout(this.later)
		this.later = setTimeout(() => {
			for (const [number, page] of [...this.drawn])
				if (this.wanted.has(number))
					page.is_stale = true
				else
					this.give_back(number)
			for (const number of [...this.wanted].sort((a, b) => a - b))
				this.wish(number, true)
		}, 200)
	}

	close() {
		this.is_open = false
		clearTimeout(this.later)
		globalThis.visualViewport?.removeEventListener('resize', this.on_pinch)
		for (const observer of [this.near, this.seen, this.end, this.resized])
			observer.disconnect()
		for (const number of [...this.drawn.keys()])
			this.give_back(number)
		this.task.destroy()
	}
}
