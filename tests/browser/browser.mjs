// Chromium, watched: what it says, whom it asks, and what axe thinks of each screen.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const pictures = process.env.SCREENSHOTS;
let picture = 0;

export const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
export const desktop = { viewport: { width: 1280, height: 800 } };

const patience = 60000;

// Playwright waits for a new context or page without end.
function within(what, promise) {
	let timer;
	const end = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`Chromium hangs: ${what}`)), patience); });
	return Promise.race([promise, end]).finally(() => clearTimeout(timer));
}

// Now and then a Chromium starts, and then opens no page: such a one is let go of, and another started.
export async function launch(tries = 3) {
	const browser = await chromium.launch({
		executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
		args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
			'--disable-component-update', '--disable-sync'],
	});
	try {
		await within('first page', browser.newPage().then((page) => page.close()));
		return browser;
	} catch (error) {
		browser.close().catch(() => {});
		if (tries === 1)
			throw error;
		return launch(tries - 1);
	}
}

// A page of its own context. Its complaints gather in page.complaints; requests in page.asked.
export async function open(browser, base, options = {}) {
	const context = await within('context', browser.newContext({ locale: 'pt-BR', timezoneId: 'America/Sao_Paulo', ignoreHTTPSErrors: true, ...options }));
	const page = await within('page', context.newPage());
	page.complaints = [];
	page.asked = [];
	page.on('pageerror', (error) => page.complaints.push(error.message));
	page.on('console', (message) => {
		if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
			page.complaints.push(message.text());
	});
	page.on('request', (request) => {
		page.asked.push(request.url());
		if (!request.url().startsWith(base) && !/^(data|blob):/.test(request.url()))
			page.complaints.push(`asked another host: ${request.url()}`);
		if (request.headers().referer)
			page.complaints.push(`sent a Referer to ${request.url()}`);
	});
	page.setDefaultTimeout(20000);
	return page;
}

export async function close(page) {
	assert.deepEqual(page.complaints, []);
	await page.context().close();
}

// Waits for a screen, judges it with axe, and returns its heading.
export async function screen(page, name) {
	const main = page.locator(`[data-screen="${name}"]`);
	await main.waitFor();
	await judge(page, name);
	if (pictures) {
		mkdirSync(pictures, { recursive: true });
		const { width } = page.viewportSize();
		await page.screenshot({ path: path.join(pictures, `${String(++picture).padStart(3, '0')}-${width}-${name}.png`) });
	}
	return main.locator('h1').first().innerText();
}

// preload: axe would put our style sheets into the page once more, which the policy rightly refuses.
export async function judge(page, name) {
	await page.evaluate(axe);
	const { violations } = await page.evaluate((values) => globalThis.axe.run(document, { runOnly: values, preload: false }), rules);
	const found = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
		.map(({ id, nodes }) => `${name}: ${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`);
	assert.deepEqual(found, []);
}

export async function draw(page) {
	const box = await page.locator('#pad').boundingBox();
	const x = (share) => box.x + share * box.width;
	const y = (share) => box.y + share * box.height;
	for (const [from, to] of [[0.1, 0.5], [0.55, 0.9]]) {
		await page.mouse.move(x(from), y(0.6));
		await page.mouse.down();
		for (let i = 0; i <= 40; i++)
			await page.mouse.move(x(from + (to - from) * i / 40), y(0.5 + 0.3 * Math.sin(i / 3)));
		await page.mouse.up();
	}
}
