// A picture of every page and mail a person meets, from the real server, into screenshots/: on a
// phone and on a desk, light and dark, in three languages. usage: screenshots.mjs [WORD…] keeps
// the variants whose name has every word, as in `screenshots.mjs pt-BR dark`.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { desktop, draw, launch, open, phone } from '../tests/browser/browser.mjs';
import { makePdf } from '../tests/browser/pdf.mjs';
import { openWorld } from '../tests/browser/world.mjs';

const folder = 'screenshots';
const cpf = '529.982.247-25';
const day = 86400000;
const words = process.argv.slice(2);

const variants = ['pt-BR', 'en', 'es'].flatMap((language) => Object.entries({ phone, desktop }).flatMap(([size, device]) =>
	['light', 'dark'].map((scheme) => ({ name: `${language}-${size}-${scheme}`, language, device, scheme }))))
	.filter(({ name }) => words.every((word) => name.includes(word)));

let browser;

async function camera({ name, language, device, scheme }, world) {
	const page = await open(browser, world.base, { ...device, locale: language, colorScheme: scheme });
	const place = join(folder, name);
	let count = 0;
	mkdirSync(place, { recursive: true });
	const shoot = (what, fullPage = false) =>
		page.screenshot({ path: join(place, `${String(++count).padStart(2, '0')}-${what}.png`), fullPage, animations: 'disabled' });
	const screen = async (what, fullPage) => {
		await page.locator(`[data-screen="${what}"]`).waitFor();
		await shoot(what, fullPage);
	};
	return { page, shoot, screen };
}

const contract = () => ({ name: 'Contrato de locação residencial', data: makePdf(3) });
const survey = () => ({ name: 'Laudo de vistoria', data: makePdf(1, { title: 'Vistoria' }) });
const request = (language, more = {}) => ({
	subject: 'Locação da Rua das Acácias, 120', documents: [contract(), survey()],
	signers: [{ name: 'Maria Aparecida de Souza', cpf, language }, { name: 'João Batista Nogueira', cpf: '111.444.777-35', language }], ...more,
});

async function way({ page, shoot, screen }, world, language) {
	const envelope = await world.envelope(request(language));
	const [signer, other] = envelope.signers;
	const next = () => page.click('#next');
	await page.goto(signer.url);
	await screen('open');
	await next();
	await screen('cpf');
	await page.locator('#cpf').pressSequentially('52998224724');
	await next();
	await page.locator('#cpf-error:not(:empty)').waitFor();
	await shoot('cpf-wrong');
	await page.fill('#cpf', '52998224725');
	await next();
	await screen('documents');
	await next();
	await page.locator('.page canvas').first().waitFor();
	await screen('reader');
	await next();
	await page.locator('[data-screen="documents"]').waitFor();
	await shoot('documents-one-read');
	await next();
	await page.locator('.page canvas').first().waitFor();
	await next();
	await screen('code-ask');
	await page.click('#decline');
	await screen('decline');
	await page.goBack();
	await page.locator('[data-screen="code-ask"]').waitFor();
	await next();
	await screen('code');
	const code = await signer.code();
	await page.fill('#code', code === '123456' ? '123457' : '123456');
	await next();
	await page.locator('#code-error:not(:empty)').waitFor();
	await shoot('code-wrong');
	await page.fill('#code', code);
	await next();
	await screen('consent');
	await page.check('#agree');
	await next();
	await page.locator('[data-screen="sign"]').waitFor();
	await shoot('sign-empty');
	await draw(page);
	await shoot('sign-drawn');
	await page.locator('label[for="kind-typed"], .tab:has(#kind-typed)').first().click();
	await shoot('sign-typed');
	await page.locator('.tab:has(#kind-drawn)').click();
	await next();
	await screen('done');
	await world.sign(other, '111.444.777-35', 2);
	await page.locator('a[href*="/dossier/0"]').waitFor({ timeout: 60000 });
	await shoot('done-ready', true);
	return envelope;
}

async function ends({ page, shoot, screen }, world, language) {
	const one = () => world.envelope({ ...request(language, { sandbox: true }), signers: [{ name: 'Ana Lima', cpf, language }] });
	const sandbox = await one();
	await page.goto(sandbox.signers[0].url);
	await page.locator('[data-screen="open"]').waitFor();
	await shoot('sandbox');
	await page.context().setOffline(true);
	await page.click('#next');
	await screen('offline');
	await page.context().setOffline(false);
	await sandbox.cancel();
	await page.goto(sandbox.signers[0].url);
	await screen('canceled');
	const declined = await one();
	await world.below(declined.signers[0], 'POST', 'open', {});
	await world.below(declined.signers[0], 'POST', 'decline', { reason: 'Valor errado.' });
	await page.goto(declined.signers[0].url);
	await screen('refused');
	await page.goto(`${world.base}/s/${'A'.repeat(43)}`);
	await screen('unknown');
	const late = await one();
	if (await world.later(30 * day)) {
		await page.goto(late.signers[0].url);
		await screen('expired');
	}
	await world.later(0);
	for (const [what, path] of [['root', '/'], ['missing', '/s/a/b/c'], ['typed-code', '/v']]) {
		await page.goto(world.base + path);
		await shoot(what);
	}
}

async function verification({ page, shoot, screen }, world, done) {
	await page.goto(`${world.base}/v/${done.code}`);
	await screen('record', true);
	for (const [what, buffer] of [['dossier', done.dossier], ['unknown', makePdf(1)]]) {
		await page.setInputFiles('#file', { name: `${what}.pdf`, mimeType: 'application/pdf', buffer });
		await page.locator(`[data-result="${what}"]`).scrollIntoViewIfNeeded();
		await shoot(`file-${what}`);
	}
	await page.goto(`${world.base}/v/AAAA-AAAA-AAAA-AAAA-AAAA`);
	await screen('missing');
}

async function mails({ page, shoot }, world, language) {
	const kinds = new Map();
	for (const mail of world.smtp.mails)
		if (mail.html?.includes(`lang="${language}"`))
			kinds.set(mail.subject, mail);
	for (const mail of kinds.values()) {
		await page.goto('about:blank'); // a page's policy would forbid a mail's styles
		await page.setContent(mail.html);
		await shoot(`mail-${mail.subject.split(' ')[0].replace(/\W/g, '')}`, true);
	}
}

const world = await openWorld();
browser = await launch();
try {
	const done = await world.completed(request('pt-BR'));
	for (const variant of variants) {
		const lens = await camera(variant, world);
		await way(lens, world, variant.language);
		await ends(lens, world, variant.language);
		await verification(lens, world, done);
		await mails(lens, world, variant.language);
		await lens.page.context().close();
		console.log(`${folder}/${variant.name}`);
	}
} finally {
	await browser.close();
	await world.close();
}
