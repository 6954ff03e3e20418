// Does the way hold where it is narrow: late codes, wrong codes, small windows, old and slow browsers?
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { close, desktop, draw, judge, launch, open, phone, screen } from './browser.mjs';
import { makePdf } from './pdf.mjs';
import { openWorld } from './world.mjs';

const cpf = '529.982.247-25';
const target = 'https://volta.example.org/assinado';
let world;
let browser;

before(async () => {
	world = await openWorld({ organisation: ['--redirect-url', target] });
	browser = await launch();
});

after(async () => {
	await browser?.close();
	await world?.close();
});

const envelope = (more = {}) => world.envelope({
	subject: 'Locação da Rua das Acácias, 120', documents: [{ name: 'Contrato', data: makePdf(2) }],
	signers: [{ name: 'Maria Aparecida de Souza', cpf, language: 'pt-BR' }], ...more,
});

// A page at the step asked for, everything before it done through the pages' JSON.
async function page_at(step, options = {}, more = {}) {
	const { signers: [signer] } = await envelope(more);
	await world.sign(signer, cpf, 1, step);
	const page = await open(browser, world.base, { ...phone, ...options });
	await world.hand_over(page);
	await page.goto(signer.url);
	return { page, signer };
}

async function send_code(page) {
	await page.locator('[data-screen="code-ask"]').waitFor();
	await page.click('#next');
	await page.locator('[data-screen="code"]').waitFor();
}

async function enter(page, code) {
	await page.fill('#code', code);
	await page.click('#next');
}

const other_than = (code) => (code === '000000' ? '000001' : '000000');

test('after the count-down the code is sent again, and only the new one counts', async (t) => {
	const { page, signer } = await page_at('code');
	await send_code(page);
	assert.equal(await page.getAttribute('#resend', 'aria-disabled'), 'true');
	await page.locator('#resend').dispatchEvent('click'); // too early: nothing is sent
	const first = await signer.code();
	if (!await world.later(61000))
		return t.skip('this build has no seam for the clock (-Dtest_seams=true)');
	await page.reload();
	await page.locator('#resend:not([aria-disabled])').waitFor();
	await page.click('#resend');
	await page.locator('.said', { hasText: 'Enviamos um novo código' }).waitFor({ state: 'attached' });
	const second = await signer.code(2);
	await page.locator('#resend[aria-disabled]').waitFor();
	if (first !== second) {
		await enter(page, first);
		await page.locator('#code-error', { hasText: 'não está certo' }).waitFor();
	}
	await enter(page, second);
	await screen(page, 'consent');
	await world.later(0);
	return close(page);
});

test('too many wrong codes: another is asked for, and works', async (t) => {
	const { page, signer } = await page_at('code');
	await send_code(page);
	const code = await signer.code();
	for (const left of ['Restam 4', 'Restam 3', 'Restam 2', 'Resta 1']) {
		await enter(page, other_than(code));
		await page.locator('#code-error', { hasText: left }).waitFor();
	}
	await enter(page, other_than(code));
	assert.match(await screen(page, 'code-ask'), /confirme que é você/);
	assert.match(await page.locator('#code-error').innerText(), /Peça um novo/);
	await page.click('#next');
	await page.locator('#code-error', { hasText: 'Aguarde um minuto' }).waitFor();
	if (!await world.later(61000))
		return t.skip('this build has no seam for the clock (-Dtest_seams=true)');
	await page.click('#next');
	await page.locator('[data-screen="code"]').waitFor();
	await enter(page, await signer.code(2));
	await screen(page, 'consent');
	await world.later(0);
	return close(page);
});

test('a code of more than ten minutes is too old, and the page says what to do', async (t) => {
	const { page, signer } = await page_at('code');
	await send_code(page);
	const code = await signer.code();
	if (!await world.later(601000))
		return t.skip('this build has no seam for the clock (-Dtest_seams=true)');
	await enter(page, code);
	await screen(page, 'code-ask');
	assert.match(await page.locator('#code-error').innerText(), /10 minutos/);
	await world.later(0);
	return close(page);
});

test('after ten wrong CPFs the link waits an hour, and says so', async () => {
	const { page, signer } = await page_at('cpf');
	await page.locator('[data-screen="cpf"]').waitFor();
	for (let i = 0; i < 10; i++)
		await world.server.request('POST', `${new URL(signer.url).pathname}/cpf`, { json: { cpf: '11144477735' } });
	await page.fill('#cpf', '52998224725');
	await page.click('#next');
	await page.locator('#cpf-error', { hasText: 'em uma hora' }).waitFor();
	await judge(page, 'cpf locked');
	await close(page);
});

test('a code by SMS, which the sandbox puts into the outbox', async () => {
	const { page, signer } = await page_at('code', {}, { sandbox: true, channel: 'sms' });
	assert.match(await page.locator('.sandbox').innerText(), /Ambiente de testes/);
	await send_code(page);
	assert.match(await page.locator('#code-help').innerText(), /por SMS para .*\*/);
	await enter(page, await signer.code());
	await screen(page, 'consent');
	await close(page);
});

async function sign_typed(page) {
	await page.check('#agree');
	await page.click('#next');
	await page.locator('[data-screen="sign"]').waitFor();
	await page.locator('.tab').nth(1).click();
	await page.click('#next');
	await page.locator('[data-screen="done"]').waitFor();
}

test('after signing one may stay, or goes on to the organisation\'s page', async () => {
	for (const stays of [true, false]) {
		const { page } = await page_at('sign');
		await page.route(`${target}*`, (route) => route.fulfill({ contentType: 'text/html', body: '<title>volta</title>' }));
		await sign_typed(page);
		assert.match(await page.locator('.redirect-text').innerText(), /\d+ segundo/);
		await judge(page, 'done with a count-down');
		if (stays) {
			await page.click('#stay');
			assert.equal(await page.locator('.redirect').count(), 0);
			assert.equal(await page.getAttribute('a[rel="noreferrer"]', 'href'), target);
			await page.reload();
			await page.locator('[data-screen="done"]').waitFor();
			assert.equal(await page.locator('.redirect').count(), 0);
		} else {
			await page.waitForURL(target);
			assert.deepEqual(page.complaints.splice(0).filter((text) => !text.includes(target)), []);
		}
		await close(page);
	}
});

test('a document that was signed before has its evidence beside it', async () => {
	const before_it = await world.completed({ subject: 'Primeiro', documents: [{ name: 'Contrato', data: makePdf(2) }], signers: [{ name: 'Ana Lima', cpf }] });
	const { page, signer } = await page_at('sign', {}, { documents: [{ name: 'Aditivo', data: before_it.dossier }] });
	await sign_typed(page);
	await page.locator('a[href$="/dossier/0?evidence=1"]').waitFor({ timeout: 60000 });
	await screen(page, 'done');
	const names = await page.locator('.actions a[download]').allInnerTexts();
	assert.deepEqual(names.map((text) => text.trim()), ['Baixar documento assinado', 'Baixar evidências (PDF)']);
	for (const [link, name] of [['a[href$="/dossier/0"]', 'Aditivo-signed.pdf'], ['a[href$="evidence=1"]', 'Aditivo-evidence.pdf']]) {
		const [download] = await Promise.all([page.waitForEvent('download'), page.click(link)]);
		assert.equal(download.suggestedFilename(), name);
		assert.equal(readFileSync(await download.path()).subarray(0, 5).toString(), '%PDF-');
	}
	assert.equal(await page.locator('a[target]').count(), 0);
	const path = new URL(signer.url).pathname;
	const evidence = (await world.server.request('GET', `${path}/dossier/0?evidence=1`)).body;
	await close(page);

	const check = await open(browser, world.base, desktop);
	const { execFileSync } = await import('node:child_process');
	const [, code] = execFileSync('pdftotext', ['-', '-'], { input: evidence }).toString().replace(/\s+/g, ' ').match(/\/v\/([A-Za-z0-9-]+)/);
	await check.goto(`${world.base}/v/${code}`);
	await check.setInputFiles('#file', { name: 'evidencias.pdf', mimeType: 'application/pdf', buffer: evidence });
	await check.locator('[data-result="evidence"]').waitFor();
	await screen(check, 'record');
	await close(check);
});

// Nothing reaches over the edge, and each target is large enough for a thumb.
async function measure(page, name) {
	await page.locator(`[data-screen="${name}"]`).waitFor();
	const found = await page.evaluate(() => {
		const inline = (node) => node.closest('p, li, dd') !== null && getComputedStyle(node).display === 'inline';
		const small = [...document.querySelectorAll('a, button, input, select, textarea, summary')]
			.filter((node) => !node.closest('.skip, .textLayer') && !inline(node) && node.getClientRects().length > 0)
			.map((node) => [node.id || node.className || node.tagName, node.getBoundingClientRect()])
			.filter(([, box]) => box.width < 24 || box.height < 24).map(([id]) => id);
		return { width: document.documentElement.scrollWidth, small, h1: document.querySelectorAll('h1').length, main: document.querySelectorAll('main').length };
	});
	assert.deepEqual(found, { width: 320, small: [], h1: 1, main: 1 }, name);
	await judge(page, `${name} at 320`);
}

test('at 320 pixels, in the dark and without motion, each screen fits and can be hit', async () => {
	const { signers: [signer] } = await envelope({ documents: [{ name: 'Contrato de locação residencial', data: makePdf(2) }, { name: 'Vistoria', data: makePdf(1) }] });
	const page = await open(browser, world.base, { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true, colorScheme: 'dark', reducedMotion: 'reduce' });
	await page.goto(signer.url);
	await measure(page, 'open');
	await page.click('#decline');
	await measure(page, 'decline');
	await page.goBack();
	await page.locator('[data-screen="open"]').waitFor();
	await page.click('#next');
	await measure(page, 'cpf');
	await page.fill('#cpf', '52998224725');
	await page.click('#next');
	await measure(page, 'documents');
	for (let i = 0; i < 2; i++) {
		await page.click('#next');
		await page.locator('.page canvas').first().waitFor();
		await measure(page, 'reader');
		await page.click('#next');
	}
	await measure(page, 'code-ask');
	await page.click('#next');
	await measure(page, 'code');
	await enter(page, await signer.code());
	await measure(page, 'consent');
	await page.check('#agree');
	await page.click('#next');
	await measure(page, 'sign');
	await draw(page);
	await page.click('#next');
	await page.locator('a[href$="/dossier/0"]').waitFor({ timeout: 60000 });
	await measure(page, 'done');
	await close(page);
});

test('on a slow line the landing page is a dozen requests and 60 KB', async () => {
	const { signers: [signer] } = await envelope();
	const page = await open(browser, world.base, phone);
	const devtools = await page.context().newCDPSession(page);
	let bytes = 0;
	await devtools.send('Network.enable');
	await devtools.send('Network.emulateNetworkConditions', { offline: false, latency: 400, downloadThroughput: 50000, uploadThroughput: 25000 });
	devtools.on('Network.loadingFinished', ({ encodedDataLength }) => { bytes += encodedDataLength; });
	await page.goto(signer.url);
	assert.match(await screen(page, 'open'), /pede a sua assinatura/);
	assert.ok(bytes > 5000 && bytes < 60 * 1024, `${bytes} bytes`);
	assert.ok(page.asked.length <= 14, page.asked.join('\n'));
	await close(page);
});

test('a reader that is slow to come offers the file to save and to open, and goes on', async () => {
	const { signers: [signer] } = await envelope();
	await world.sign(signer, cpf, 1, 'read');
	const page = await open(browser, world.base, phone);
	await world.hand_over(page);
	let release;
	const held = new Promise((resolve) => { release = resolve; });
	await page.clock.install();
	await page.route(/pdf\.worker\.min\.mjs/, async (route) => { await held; await route.continue(); });
	await page.goto(signer.url);
	await page.locator('.pages .loading').waitFor();
	await page.clock.fastForward(11000);
	await page.locator('#reader-slow').waitFor();
	await screen(page, 'reader');
	assert.match(await page.locator('#reader-slow a').nth(0).getAttribute('href'), /download=1$/);
	assert.match(await page.locator('#reader-slow a').nth(1).getAttribute('href'), /document\/0$/);
	release();
	await page.locator('.page canvas').first().waitFor();
	assert.equal(await page.locator('#reader-slow').count(), 0);
	await close(page);
});

test('without JavaScript the page says what to do, and a code can still be typed', async () => {
	const { signers: [signer] } = await envelope();
	const page = await open(browser, world.base, { ...phone, javaScriptEnabled: false });
	await page.goto(signer.url);
	assert.match(await page.locator('noscript').innerText(), /JavaScript/);
	await page.goto(`${world.base}/v`);
	await page.fill('#code', 'abcd efgh');
	await page.click('button');
	assert.equal(new URL(page.url()).pathname, '/v/abcdefgh');
	await close(page);
});

test('a printed code is typed as people type', async () => {
	const { code } = await world.completed({ subject: 'Contrato', documents: [{ name: 'Contrato', data: makePdf(1) }], signers: [{ name: 'Ana Lima', cpf }] });
	const page = await open(browser, world.base, phone);
	await page.goto(world.base);
	await page.click('a[href="/v"]');
	await page.locator('#code').waitFor();
	await judge(page, 'typed code');
	for (const typed of [` ${code.toLowerCase().replaceAll('0', 'o').replaceAll('1', 'l')} `, `${world.base}/v/${code}`]) {
		await page.goto(`${world.base}/v`);
		await page.fill('#code', typed);
		await page.click('button');
		await page.locator('[data-screen="record"]').waitFor();
	}
	await page.goto(`${world.base}/v`);
	await page.fill('#code', 'AAAA-AAAA-AAAA-AAAA-AAAA');
	await page.click('button');
	await screen(page, 'missing');
	await page.click('main a.button');
	await page.locator('#code').waitFor();
	await close(page);
});

test('each mail can be read in light and dark, and loads nothing', async () => {
	await world.completed({ subject: 'Contrato <b>1</b>', documents: [{ name: 'Contrato', data: makePdf(1) }],
		signers: [{ name: 'Ana Lima', cpf, language: 'pt-BR' }, { name: 'Ann', cpf: '111.444.777-35', language: 'en' }, { name: 'Juana', cpf: '123.456.789-09', language: 'es' }] });
	const mails = ['pt-BR', 'en', 'es'].flatMap((language) => world.smtp.mails.filter(({ html, text }) =>
		text.includes('Contrato <b>1</b>') && html.includes(`<html lang="${language}"`)));
	assert.ok(mails.length >= 6, `${mails.length} mails`);
	for (const scheme of ['light', 'dark']) {
		const page = await open(browser, 'data:', { ...phone, colorScheme: scheme });
		for (const { html, text, subject } of mails) {
			await page.setContent(html);
			await judge(page, `${scheme}: ${subject}`);
			assert.match(subject, /Contrato <b>1<\/b>/);
			assert.match(html, /<div style="display:none;[^"]*">[^<]{20,}<\/div>/);
			assert.match(text, /(porque|because)/);
			assert.doesNotMatch(html, /<img|<link|<script|@import|url\(|https?:\/\/(?!127\.0\.0\.1)/);
			assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'too wide');
		}
		assert.deepEqual(page.asked, []);
		await close(page);
	}
});
