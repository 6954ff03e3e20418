/*
 * Elements from data. Text always becomes a text node, never markup; attributes are set one by
 * one, listeners by "on…" properties. There is no other way to the page in these modules.
 */
export function h(tag, props, ...children) {
	const node = document.createElement(tag)
	set(node, props)
	node.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false))
	return node
}

export function svg(tag, props, ...children) {
	const node = document.createElementNS('http://www.w3.org/2000/svg', tag)
	set(node, props)
	node.append(...children)
	return node
}

function set(node, props) {
	for (const [name, value] of Object.entries(props ?? {})) {
		if (value === null || value === undefined || value === false)
			continue
		if (name.startsWith('on'))
			node.addEventListener(name.slice(2), value)
		else
			node.setAttribute(name, value === true ? '' : value)
	}
}

export function icon(path, label) {
	return svg('svg', {
		viewBox: '0 0 24 24', width: 24, height: 24, class: 'icon', fill: 'none',
		stroke: 'currentColor', 'stroke-width': 2, 'stroke-linecap': 'round', 'stroke-linejoin': 'round',
		...(label ? { role: 'img', 'aria-label': label } : { 'aria-hidden': 'true' }),
	}, svg('path', { d: path }))
}

export const icons = {
	check: 'M4 12.5 9.5 18 20 6.5',
	file: 'M14 3H6v18h12V7zM14 3v4h4M9 12h6M9 16h6',
	download: 'M12 4v11m-5-5 5 5 5-5M5 20h14',
	back: 'M15 5 8 12l7 7',
	clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 4.5V12l3 2',
	cross: 'M6 6l12 12M18 6 6 18',
	plus: 'M12 5v14M5 12h14',
	minus: 'M5 12h14',
	undo: 'M9 7 4 12l5 5M4 12h10a6 6 0 0 1 6 6',
	question: 'M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17.5v.01',
	cloud: 'M4 4l16 16M9 6.5A6 6 0 0 1 17.5 11 4 4 0 0 1 20 17.5M6.5 9.5A5 5 0 0 0 7 19h10',
}
