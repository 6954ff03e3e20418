// Does the verification page tell a dossier from its original and from anything else?
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { close, desktop, launch, open, phone, screen } from './browser.mjs';
import { makePdf } from './pdf.mjs';
import { openWorld } from './world.mjs';

let world;
let browser;
let done;
const original = makePdf(2);

before(async () => {
	world = await openWorld();
	browser = await launch();
	done = await world.completed({
		subject: 'Locação da Rua das Acácias, 120', documents: [{ name: 'Contrato', data: original, pages: 2 }],
		signers: [{ name: 'Maria Aparecida de Souza', cpf: '529.982.247-25' }, { name: '李小龙', cpf: '111.444.777-35' }],
	});
});

after(async () => {
	await browser?.close();
	await world?.close();
});

const hand_in = (page, name, buffer) => page.setInputFiles('#file', { name, mimeType: 'application/pdf', buffer });
const result = async (page, word) => (await page.locator(`[data-result="${word}"]`).innerText());

for (const [name, size] of Object.entries({ phone, desktop })) {
	test(`what was signed, and whether a file is it, on a ${name}`, async () => {
		const page = await open(browser, world.base, { ...size, colorScheme: name === 'phone' ? 'dark' : 'light' });
		await page.goto(`${world.base}/v/${done.code}`);
		assert.equal(await screen(page, 'record'), 'Assinado e selado');
		const text = await page.locator('#main').innerText();
		assert.match(text, /Maria Aparecida de Souza\s+CPF \*\*\*\.982\.247-\*\* · assinou em/);
		assert.match(text, /李小龙/);
		assert.doesNotMatch(text, /529\.982/);

		await hand_in(page, 'dossie.pdf', done.dossier);
		assert.match(await result(page, 'dossier'), /sem nenhuma alteração/);
		await hand_in(page, 'contrato.pdf', original);
		assert.match(await result(page, 'original'), /antes das assinaturas/);
		const changed = Buffer.from(done.dossier);
		changed[changed.length - 10] ^= 1;
		await hand_in(page, 'alterado.pdf', changed);
		assert.match(await result(page, 'prefix'), /não confere/);
		assert.deepEqual(page.asked.filter((url) => url.endsWith('/check')), []);
		await hand_in(page, 'outro.pdf', makePdf(1));
		assert.match(await result(page, 'unknown'), /Não/);
		await screen(page, 'record');

		const answer = page.waitForResponse(/\/check$/);
		await page.click('#upload');
		assert.equal((await (await answer).json()).result, 'unknown');
		await page.locator('[data-result="unknown"]').waitFor();
		await close(page);
	});
}

test('an unknown code proves nothing, and says so', async () => {
	const page = await open(browser, world.base, { ...phone, locale: 'es-AR' });
	await page.goto(`${world.base}/v/AAAA-AAAA-AAAA-AAAA-AAAA`);
	assert.match(await screen(page, 'missing'), /No encontramos/);
	await close(page);
});
