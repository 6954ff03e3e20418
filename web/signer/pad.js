/*
 * A pad three times as wide as high. Strokes are kept as points between 0 and 1 in each
 * direction, never as pixels: they outlive turning the phone, resizing and reloading, and are
 * what is sent.
 */
import { h } from '../shared/dom.js'

const strokes_most = 200, points_most = 3600 // the body stays below 64 KB
const apart_least = 0.003    // of the width; nearer points add nothing
const pen = 0.0075           // pen's width, of the pad's width
const decimals = 1e4

function last(list) {
	return list[list.length - 1]
}

export class Pad {
	constructor(label, strokes, on_change) {
		this.strokes = strokes
		this.on_change = on_change
		this.canvas = h('canvas', { class: 'pad', role: 'img', 'aria-label': label, id: 'pad' })
		this.pointer = null
		for (const [name, act] of [['pointerdown', this.start], ['pointermove', this.move], ['pointerup', this.stop], ['pointercancel', this.stop]])
			this.canvas.addEventListener(name, act.bind(this))
		this.canvas.addEventListener('touchstart', (event) => event.preventDefault(), { passive: false })
		this.resized = new ResizeObserver(() => this.draw())
		this.resized.observe(this.canvas)
	}

	is_empty() {
		return this.length() < 0.05
	}

	/* All the ink, in pad widths: a dot is no signature. */
	length() {
		let sum = 0
		for (const stroke of this.strokes)
			for (let i = 1; i < stroke.length; i++)
				sum += Math.hypot(stroke[i][0] - stroke[i - 1][0], (stroke[i][1] - stroke[i - 1][1]) / 3)
		return sum
	}

	points() {
		return this.strokes.reduce((sum, stroke) => sum + stroke.length, 0)
	}

	at(event) {
		const box = this.canvas.getBoundingClientRect()
		const place = (value, from, length) =>
			Math.round(Math.min(1, Math.max(0, (value - from) / length)) * decimals) / decimals
		return [place(event.clientX, box.left, box.width), place(event.clientY, box.top, box.height)]
	}

	start(event) {
		if (this.pointer !== null || event.button > 0 || this.strokes.length >= strokes_most)
			return
		event.preventDefault()
		this.pointer = event.pointerId
		this.canvas.setPointerCapture(event.pointerId)
		this.strokes.push([this.at(event)])
		this.draw()
	}

	move(event) {
		if (event.pointerId !== this.pointer)
			return
		const stroke = last(this.strokes)
		for (const piece of event.getCoalescedEvents?.() ?? [event]) {
			const [x, y] = this.at(piece)
			const [last_x, last_y] = last(stroke)
			if (Math.hypot(x - last_x, (y - last_y) / 3) >= apart_least && this.points() < points_most)
				stroke.push([x, y])
		}
		this.draw()
	}

	stop(event) {
		if (event.pointerId !== this.pointer)
			return
		this.pointer = null
		this.on_change()
	}

	undo() {
		this.strokes.pop()
		this.draw()
		this.on_change()
	}

	clear() {
		this.strokes.length = 0
		this.draw()
		this.on_change()
	}

	draw() {
		const { clientWidth: width, clientHeight: height } = this.canvas
		const sharp = Math.min(devicePixelRatio || 1, 3)
		this.canvas.width = Math.round(width * sharp)
		this.canvas.height = Math.round(height * sharp)
		const brush = this.canvas.getContext('2d')
		brush.scale(this.canvas.width, this.canvas.height)
		brush.lineCap = brush.lineJoin = 'round'
		brush.strokeStyle = getComputedStyle(this.canvas).getPropertyValue('--pen')
		for (const stroke of this.strokes)
			trace(brush, stroke, this.canvas.width, this.canvas.height)
	}

	close() {
		this.resized.disconnect()
	}
}

/* Through the middles between points, so that a quick hand leaves curves and not corners. */
function trace(brush, stroke, width, height) {
	brush.save()
	brush.setTransform(1, 0, 0, 1, 0, 0)
	brush.lineWidth = Math.max(1.5, pen * width)
	const [x, y] = stroke[0]
	brush.beginPath()
	brush.moveTo(x * width, y * height)
	for (let i = 1; i < stroke.length; i++) {
		const [from_x, from_y] = stroke[i - 1], [to_x, to_y] = stroke[i]
		brush.quadraticCurveTo(from_x * width, from_y * height, (from_x + to_x) / 2 * width, (from_y + to_y) / 2 * height)
	}
	const [end_x, end_y] = last(stroke)
	brush.lineTo(end_x * width, end_y * height)
	brush.stroke()
	brush.restore()
}
