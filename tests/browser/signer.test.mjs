// Can a person go the whole way, from the message to the sealed copy, on any screen?
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { close, desktop, draw, judge, launch, open, phone, screen } from './browser.mjs';
import { makePdf } from './pdf.mjs';
import { openWorld } from './world.mjs';

const cpf = '529.982.247-25';
const wrong = '111.444.777-35';
let world;
let browser;

before(async () => {
	world = await openWorld();
	browser = await launch();
});

after(async () => {
	await browser?.close();
	await world?.close();
});

const contract = (pages = 3) => ({ name: 'Contrato de locação', data: makePdf(pages), pages });
const survey = () => ({ name: 'Vistoria', data: makePdf(1, { title: 'Vistoria' }), pages: 1 });

const envelope = (options = {}) => world.envelope({
	subject: 'Locação da Rua das Acácias, 120', documents: [contract()],
	signers: [{ name: 'Maria Aparecida de Souza', cpf, language: options.language }], ...options,
});

async function pass_cpf(page) {
	await page.locator('#cpf').pressSequentially('52998224725');
	assert.equal(await page.inputValue('#cpf'), cpf);
	await page.click('#next');
}

async function pass_reading(page) {
	await page.locator('.page canvas').first().waitFor();
	await page.click('#next');
}

async function pass_code(page, signer) {
	await page.locator('[data-screen="code-ask"]').waitFor();
	await page.click('#next');
	await page.locator('[data-screen="code"]').waitFor();
	await page.fill('#code', await signer.code());
	await page.click('#next');
}

async function pass_consent(page) {
	await page.locator('[data-screen="consent"]').waitFor();
	await page.check('#agree');
	await page.click('#next');
	await page.locator('[data-screen="sign"]').waitFor();
}

// From the link to the pad.
async function reach_pad(page, signer) {
	await page.goto(signer.url);
	await page.locator('[data-screen="open"]').waitFor();
	await page.click('#next');
	await page.locator('[data-screen="cpf"]').waitFor();
	await pass_cpf(page);
	await pass_reading(page);
	await pass_code(page, signer);
	await pass_consent(page);
}

for (const [name, size] of Object.entries({ phone, desktop })) {
	test(`the whole way on a ${name}, by hand, with two documents`, async () => {
		const { signers: [signer] } = await envelope({ documents: [contract(), survey()] });
		const page = await open(browser, world.base, size);
		await page.goto(signer.url);
		assert.match(await screen(page, 'open'), /pede a sua assinatura/);
		assert.match(await page.locator('#main').innerText(), /Maria Aparecida de Souza[^]*Locação da Rua das Acácias, 120[^]*Contrato de locação\s*3 páginas[^]*Você pode assinar até/);
		assert.equal(await page.locator('.hand-over').count(), name === 'desktop' ? 1 : 0);
		await page.click('#next');

		await screen(page, 'cpf');
		assert.equal(await page.locator('.progress-text').innerText(), 'Etapa 1 de 4');
		await page.fill('#cpf', '123');
		await page.click('#next');
		assert.match(await page.locator('#cpf-error').innerText(), /11 números/);
		await page.fill('#cpf', '');
		await page.locator('#cpf').pressSequentially(wrong);
		await page.click('#next');
		await page.locator('#cpf-error', { hasText: 'não é o que foi informado' }).waitFor();
		assert.equal(await page.evaluate(() => document.activeElement.id), 'cpf');
		await judge(page, 'cpf with an error');
		await page.fill('#cpf', '');
		await pass_cpf(page);

		await screen(page, 'documents');
		assert.equal(await page.evaluate(() => document.activeElement.id), 'heading');
		for (const title of ['Contrato de locação', 'Vistoria']) {
			await page.click('#next');
			await page.locator('.page canvas').first().waitFor();
			assert.equal(await screen(page, 'reader'), title);
			await page.click('#next');
		}

		assert.match(await screen(page, 'code-ask'), /confirme que é você/);
		assert.match(await page.locator('.target').innerText(), /\*\*\*/);
		await page.click('#next');
		await screen(page, 'code');
		assert.match(await page.locator('#resend').innerText(), /Reenviar código em (1:00|0:\d\d)/);
		const code = await signer.code();
		await page.fill('#code', code === '000000' ? '000001' : '000000');
		await page.click('#next');
		await page.locator('#code-error', { hasText: 'Restam 4 tentativas' }).waitFor();
		await judge(page, 'code with an error');
		await page.fill('#code', `${code.slice(0, 3)} ${code.slice(3)}\n`);
		assert.equal(await page.inputValue('#code'), code);
		await page.click('#next');

		await screen(page, 'consent');
		await page.click('#next');
		assert.match(await page.locator('#consent-error').innerText(), /marque/);
		await page.check('#agree');
		await page.click('#next');
		await screen(page, 'sign');
		await page.click('#next');
		assert.match(await page.locator('#sign-error').innerText(), /Desenhe/);
		await draw(page);
		await judge(page, 'sign with strokes');
		await page.click('#next');

		assert.match(await screen(page, 'done'), /Obrigado, Maria/);
		const link = page.locator('a[href$="/dossier/0"]');
		await link.waitFor({ timeout: 60000 });
		await judge(page, 'done with the dossier');
		const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
		const { readFileSync } = await import('node:fs');
		assert.equal(readFileSync(await download.path()).subarray(0, 5).toString(), '%PDF-');

		await page.reload();
		await screen(page, 'done');
		await close(page);
	});
}

test('the whole way with the keyboard only, in English, with a typed name', async () => {
	const { signers: [signer] } = await envelope({ language: 'en' });
	const page = await open(browser, world.base, desktop);
	// The next control of that id by Tab alone, then a key.
	const press = async (id, key) => {
		for (let i = 0; i < 40; i++) {
			if (await page.evaluate(() => document.activeElement?.id) === id)
				return key && page.keyboard.press(key);
			await page.keyboard.press('Tab');
		}
		return assert.fail(`Tab never reaches ${id}`);
	};
	await page.goto(signer.url);
	assert.match(await screen(page, 'open'), /asks for your signature/);
	await press('next', 'Enter');
	await screen(page, 'cpf');
	await press('cpf');
	await page.keyboard.type('52998224725');
	await page.keyboard.press('Enter');
	await page.locator('.page canvas').first().waitFor();
	await screen(page, 'reader');
	await press('next', 'Enter');
	await screen(page, 'code-ask');
	await press('next', 'Space');
	await screen(page, 'code');
	await press('code');
	await page.keyboard.type(await signer.code());
	await page.keyboard.press('Enter');
	await screen(page, 'consent');
	await press('agree', 'Space');
	await press('next', 'Enter');
	await screen(page, 'sign');
	await press('kind-drawn', 'ArrowRight');
	await press('typed');
	assert.equal(await page.inputValue('#typed'), 'Maria Aparecida de Souza');
	await press('next', 'Enter');
	assert.match(await screen(page, 'done'), /Signed\. Thank you, Maria/);
	await close(page);
});

test('in Spanish, and switched to Portuguese on the way', async () => {
	const { signers: [signer] } = await envelope({ language: 'es' });
	const page = await open(browser, world.base, phone);
	await page.goto(signer.url);
	assert.match(await screen(page, 'open'), /solicita su firma/);
	assert.equal(await page.getAttribute('html', 'lang'), 'es');
	await page.click('#next');
	await screen(page, 'cpf');
	await page.locator('#cpf').pressSequentially('11144477735');
	await page.click('#next');
	await page.locator('#cpf-error', { hasText: 'no es el que se indicó' }).waitFor();
	await page.selectOption('#language', 'pt-BR');
	await page.locator('h1', { hasText: 'Qual é o seu CPF?' }).waitFor();
	assert.equal(await page.getAttribute('html', 'lang'), 'pt-BR');
	await page.reload();
	await page.locator('h1', { hasText: 'Qual é o seu CPF?' }).waitFor();
	await close(page);
});

test('without a language of the signer, the browser\'s counts', async () => {
	const { signers: [signer] } = await envelope();
	const page = await open(browser, world.base, { ...phone, locale: 'en-GB' });
	await page.goto(signer.url);
	assert.match(await screen(page, 'open'), /asks for your signature/);
	await close(page);
});

test('the same link goes on where it stopped, on another device', async () => {
	const { signers: [signer] } = await envelope();
	const here = await open(browser, world.base, desktop);
	await here.goto(signer.url);
	await here.locator('[data-screen="open"]').waitFor();
	await here.click('#next');
	await here.locator('[data-screen="cpf"]').waitFor();
	await pass_cpf(here);
	await pass_reading(here);
	await here.locator('[data-screen="code-ask"]').waitFor();
	const there = await open(browser, world.base, phone);
	await there.goto(signer.url);
	assert.match(await screen(there, 'code-ask'), /confirme que é você/);
	await pass_code(there, signer);
	await pass_consent(there);
	await draw(there);
	await there.click('#next');
	await there.locator('[data-screen="done"]').waitFor();
	await here.click('#next');
	await here.locator('[data-screen="done"]').waitFor();
	await close(here);
	await close(there);
});

test('a device with nothing but the link is asked for a code, and for the CPF before the copy', async () => {
	const { signers: [signer] } = await envelope();
	const here = await open(browser, world.base, phone);
	await reach_pad(here, signer);
	const there = await open(browser, world.base, desktop);
	await there.goto(signer.url);
	await screen(there, 'code-ask');
	assert.match(await there.locator('.again').innerText(), /neste aparelho.*novo código/);
	await there.click('#next');
	await there.locator('[data-screen="code"]').waitFor();
	await there.fill('#code', await signer.code(2));
	await there.click('#next');
	await pass_consent(there);
	await draw(there);
	await there.click('#next');
	await there.locator('a[href$="/dossier/0"]').waitFor({ timeout: 60000 });
	const copy = await open(browser, world.base, phone);
	await copy.goto(signer.url);
	await screen(copy, 'done');
	assert.equal(await copy.locator('a[download]').count(), 0);
	assert.match(await copy.locator('.copy').innerText(), /confirme seu CPF/);
	await pass_cpf(copy);
	await copy.locator('a[href$="/dossier/0"]').waitFor();
	await screen(copy, 'done');
	assert.equal(await copy.locator('#cpf').count(), 0);
	for (const page of [here, there, copy])
		await close(page);
});

test('a proof that lapsed while drawing is asked for again, and the drawing is kept', async (t) => {
	const { signers: [signer] } = await envelope();
	const page = await open(browser, world.base, phone);
	await reach_pad(page, signer);
	await draw(page);
	if (!await world.later(31 * 60000))
		return t.skip('this build has no movable clock');
	await page.click('#next');
	await screen(page, 'code-ask');
	assert.match(await page.locator('.again').innerText(), /pausa longa/);
	await page.click('#next');
	await page.locator('[data-screen="code"]').waitFor();
	await page.fill('#code', await signer.code(2));
	await page.click('#next');
	await page.locator('[data-screen="sign"]').waitFor();
	await page.click('#next');
	await page.locator('[data-screen="done"]').waitFor();
	await world.later(0);
	await close(page);
});

test('declining, from a step in the middle, with a reason', async () => {
	const { signers: [signer] } = await envelope();
	const page = await open(browser, world.base, phone);
	await page.goto(signer.url);
	await page.locator('[data-screen="open"]').waitFor();
	await page.click('#next');
	await page.locator('[data-screen="cpf"]').waitFor();
	await page.click('#decline');
	await screen(page, 'decline');
	await page.goBack();
	await page.locator('[data-screen="cpf"]').waitFor();
	await page.click('#decline');
	await page.locator('[data-screen="decline"]').waitFor();
	await page.click('#next');
	assert.match(await page.locator('#reason-error').innerText(), /motivo/);
	await page.fill('#reason', 'O valor do aluguel está errado.');
	await page.click('#next');
	await screen(page, 'refused');
	await page.reload();
	await screen(page, 'refused');
	await close(page);
});

test('canceled and unknown links each have their page', async () => {
	const page = await open(browser, world.base, phone);
	const canceled = await envelope();
	await page.goto(canceled.signers[0].url);
	await page.locator('[data-screen="open"]').waitFor();
	await canceled.cancel();
	await page.click('#next');
	await screen(page, 'canceled');
	await page.goto(`${world.base}/s/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA`);
	await screen(page, 'unknown');
	await close(page);
});

test('a link whose time has run out says so', async (t) => {
	const other = await openWorld();
	try {
		const { signers: [signer] } = await other.envelope({ subject: 'Prazo', documents: [contract()], signers: [{ name: 'Ana', cpf }] });
		if (!await other.later(30 * 86400000))
			return t.skip('this build has no seam for the clock (-Dtest_seams=true)');
		const page = await open(browser, other.base, phone);
		await page.goto(signer.url);
		await screen(page, 'expired');
		return await close(page);
	} finally {
		await other.close();
	}
});

test('opening a link with GET changes nothing', async () => {
	const one = await envelope();
	const page = await open(browser, world.base, phone);
	await page.goto(one.signers[0].url);
	await page.locator('[data-screen="open"]').waitFor();
	assert.equal(await one.signers[0].status(), 'sent');
	await page.click('#next');
	await page.locator('[data-screen="cpf"]').waitFor();
	assert.equal(await one.signers[0].status(), 'opened');
	await close(page);
});

test('the landing page weighs less than 60 KB, without PDF.js', async () => {
	const { signers: [signer] } = await envelope();
	const page = await open(browser, world.base, phone);
	const devtools = await page.context().newCDPSession(page);
	let bytes = 0;
	await devtools.send('Network.enable');
	devtools.on('Network.loadingFinished', ({ encodedDataLength }) => { bytes += encodedDataLength; });
	await page.goto(signer.url, { waitUntil: 'networkidle' });
	await page.locator('[data-screen="open"]').waitFor();
	assert.ok(bytes > 5000 && bytes < 60 * 1024, `${bytes} bytes`);
	assert.deepEqual(page.asked.filter((url) => /pdfjs|reader|pad/.test(url)), []);
	await close(page);
});

test('a long document is shown before it has arrived, page by page, as text too', async () => {
	const data = makePdf(200, { filler: 20000 });
	const { signers: [signer] } = await envelope({ documents: [{ name: 'Longo', data, pages: 200 }] });
	const page = await open(browser, world.base, phone);
	let bytes = 0;
	page.on('requestfinished', async (request) => {
		if (!/\/document\/0/.test(request.url()))
			return;
		const sizes = await request.sizes().catch(() => null); // the page was closed: nobody counts any more
		bytes += sizes?.responseBodySize ?? 0;
	});
	await page.goto(signer.url);
	await page.locator('[data-screen="open"]').waitFor();
	await page.click('#next');
	await page.locator('[data-screen="cpf"]').waitFor();
	await pass_cpf(page);
	await page.locator('[data-page="1"] canvas').waitFor();
	await page.locator('[data-page="1"] .textLayer', { hasText: 'Contrato, página 1' }).waitFor();
	assert.ok(bytes < data.length / 4, `${bytes} of ${data.length}`);
	assert.equal(await page.locator('.page').count(), 200);
	assert.ok(await page.locator('.page canvas').count() < 12);

	await page.locator('[data-page="150"]').scrollIntoViewIfNeeded();
	await page.locator('[data-page="150"] .textLayer', { hasText: 'página 150' }).waitFor();
	assert.ok(await page.locator('.page canvas').count() <= 12);
	assert.match(await page.locator('#page-count').innerText(), /Página 1[45]\d de 200/);

	const selected = await page.evaluate(() => {
		const range = document.createRange();
		range.selectNodeContents(document.querySelector('[data-page="150"] .textLayer'));
		getSelection().removeAllRanges();
		getSelection().addRange(range);
		return getSelection().toString();
	});
	assert.match(selected, /cláusula 150\.28/);
	await page.locator('#end-mark').scrollIntoViewIfNeeded();
	await page.locator('#end-mark', { hasText: 'Fim do documento' }).waitFor();
	await close(page);
});

test('pages grow by pinching and by the buttons', async () => {
	const { signers: [signer] } = await envelope();
	const page = await open(browser, world.base, phone);
	await page.goto(signer.url);
	await page.locator('[data-screen="open"]').waitFor();
	await page.click('#next');
	await page.locator('[data-screen="cpf"]').waitFor();
	await pass_cpf(page);
	await page.locator('[data-page="1"] canvas').waitFor();
	const width = async () => (await page.locator('[data-page="1"]').boundingBox()).width;
	const plain = await width();
	await page.click('#larger');
	await page.waitForFunction((least) => document.querySelector('[data-page="1"]').clientWidth > least, plain * 1.2);
	await page.locator('[data-page="1"] canvas').waitFor();
	await page.click('#smaller');
	const devtools = await page.context().newCDPSession(page);
	await devtools.send('Input.synthesizePinchGesture', { x: 190, y: 450, scaleFactor: 2.5 });
	await page.waitForFunction(() => visualViewport.scale > 1.5);
	await close(page);
});

test('a file that cannot be shown can be downloaded, and confirmed', async () => {
	const { signers: [signer] } = await envelope();
	const page = await open(browser, world.base, phone);
	await page.route(/pdf\.min\.mjs/, (route) => route.abort());
	await page.goto(signer.url);
	await page.locator('[data-screen="open"]').waitFor();
	await page.click('#next');
	await page.locator('[data-screen="cpf"]').waitFor();
	await pass_cpf(page);
	await page.locator('#reader-failed').waitFor();
	await screen(page, 'reader');
	const [download] = await Promise.all([page.waitForEvent('download'), page.click('#reader-failed a')]);
	assert.ok(await download.path());
	await page.click('#next');
	await page.locator('[data-screen="code-ask"]').waitFor();
	await close(page);
});

test('a drawing outlives turning the phone and reloading; undo and clear', async () => {
	const { signers: [signer] } = await envelope();
	const page = await open(browser, world.base, phone);
	await reach_pad(page, signer);
	await draw(page);
	// In strips: all pixels of a phone's pad at once can be more than Chromium likes to give.
	const ink = () => page.evaluate(() => {
		const pad = document.querySelector('#pad');
		const context = pad.getContext('2d');
		let left = 1, right = 0;
		for (let x = 0; x < pad.width; x += 8) {
			const { data } = context.getImageData(x, 0, 8, pad.height);
			if (!data.some((value, i) => i % 4 === 3 && value > 0))
				continue;
			left = Math.min(left, x / pad.width);
			right = Math.max(right, x / pad.width);
		}
		return [Math.round(left * 20), Math.round(right * 20)];
	});
	const before_turn = await ink();
	assert.deepEqual(before_turn, [2, 18]);
	await page.setViewportSize({ width: 844, height: 390 });
	await page.waitForFunction(() => document.querySelector('#pad').width > 1000);
	assert.deepEqual(await ink(), before_turn);
	await page.reload();
	await page.locator('[data-screen="sign"]').waitFor();
	await page.waitForFunction(() => document.querySelector('#pad').width > 1000);
	assert.deepEqual(await ink(), before_turn);
	await page.click('#undo');
	assert.ok((await ink())[1] < 12);
	await page.click('#clear');
	assert.deepEqual(await ink(), [20, 0]);
	await page.setViewportSize(phone.viewport);
	await draw(page);
	const [request] = await Promise.all([page.waitForRequest(/\/sign$/), page.click('#next')]);
	const { kind, strokes, consent_sha256 } = request.postDataJSON();
	assert.equal(kind, 'drawn');
	assert.match(consent_sha256, /^[0-9a-f]{64}$/);
	assert.equal(strokes.length, 2);
	assert.ok(strokes.flat().every(([x, y]) => x >= 0 && x <= 1 && y >= 0 && y <= 1));
	await page.locator('[data-screen="done"]').waitFor();
	await close(page);
});

test('without a connection, and with a busy server, nothing is lost', async () => {
	const { signers: [signer] } = await envelope();
	const page = await open(browser, world.base, phone);
	await page.goto(signer.url);
	await page.locator('[data-screen="open"]').waitFor();
	await page.click('#next');
	await page.locator('[data-screen="cpf"]').waitFor();
	await page.locator('#cpf').pressSequentially('52998224725');
	await page.context().setOffline(true);
	await page.click('#next');
	await screen(page, 'offline');
	await page.context().setOffline(false);
	await page.locator('[data-screen="reader"]').waitFor();
	await page.route(/\/read$/, (route) => route.fulfill({
		status: 503, headers: { 'Retry-After': '3' }, contentType: 'application/json', body: '{"code":"SGN503004"}',
	}), { times: 1 });
	await page.locator('.page canvas').first().waitFor();
	await page.click('#next');
	await screen(page, 'busy');
	assert.match(await page.locator('#main').innerText(), /3 segundos/);
	await page.click('#next');
	await page.locator('[data-screen="code-ask"]').waitFor();
	await close(page);
});

test('the plain pages are readable', async () => {
	const page = await open(browser, world.base, phone);
	for (const [address, status] of [['/', 200], ['/s/a/b/c/d', 404], ['/v/a/b', 404]]) {
		const answer = await page.goto(world.base + address);
		assert.equal(answer.status(), status);
		await page.locator('h1').waitFor();
		await judge(page, address);
	}
	await close(page);
});
