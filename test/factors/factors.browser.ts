import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectAccessible } from '../oauth/accessibility.js';
import type { Api } from '../support/api.js';
import { startBrowser, type TestBrowser } from '../support/browser.js';
import { startCallbackApplication } from '../support/callback-application.js';
import { PASSWORD, startTestOpenIdProvider, type TestOpenIdProvider } from '../support/openid-provider.js';
import { enrolTotp, totpCode } from '../support/totp-app.js';
import { addVirtualAuthenticator } from '../support/virtual-authenticator.js';

let provider: TestOpenIdProvider;
let browser: TestBrowser;
let callback: string;
let close: () => void;
beforeAll(async () => {
  ({ callback, close } = await startCallbackApplication());
  provider = await startTestOpenIdProvider({
    secondFactor: { requiredRoles: ['guarded'], trustedBrowsers: true },
  });
  browser = await startBrowser();
});
afterAll(async () => {
  close?.();
  await browser?.close();
  await provider?.close();
});

async function visit() {
  const client = await provider.client({ redirectUris: [callback] });
  const { page } = await browser.visit(provider.issuer, new URL(callback).origin);
  const authorize = `${provider.issuer}/oauth/authorize?${new URLSearchParams({
    response_type: 'code',
    client_id: client.clientId,
    redirect_uri: callback,
    scope: 'openid',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  })}`;
  return { page, authorize };
}

const arrive = (page: Page) => page.waitForURL((url) => url.origin === new URL(callback).origin);

async function givePassword(page: Page, email: string) {
  await page.fill('#email', email);
  await page.fill('#password', PASSWORD);
  await page.press('#password', 'Enter');
}

/** Adds a passkey by the API, as a page at the issuer's origin does. */
async function addPasskey(page: Page, api: Api) {
  const { data: options } = await api.post('/auth/factors/passkeys/options', {});
  const credential = await page.evaluate(async (json) => {
    // biome-ignore lint/suspicious/noExplicitAny: TypeScript's DOM types are not loaded for tests
    const { PublicKeyCredential, navigator } = globalThis as any;
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(json);
    return (await navigator.credentials.create({ publicKey })).toJSON();
  }, options);
  return api.post('/auth/factors/passkeys', credential);
}

/** Keeps the page's script waiting for its options. */
async function holdOptions(page: Page) {
  let asked = 0;
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route('**/passkey-options', async (route) => {
    asked++;
    await released;
    await route.continue();
  });
  return { release, asked: () => asked };
}

it('signs in with password and code; the code does not work a second time', async () => {
  const person = await provider.person();
  const { secret } = await enrolTotp(await provider.sessionOf(person));
  const { page, authorize } = await visit();
  await page.goto(authorize);
  await givePassword(page, person.email);
  await page.waitForSelector('#code');
  expect(await page.evaluate('document.activeElement.id')).toBe('code');
  await expectAccessible(page, 'second-factor');
  const code = totpCode(secret);
  await page.fill('#code', code);
  await page.press('#code', 'Enter');
  await arrive(page);

  const other = await visit();
  await other.page.goto(other.authorize);
  await givePassword(other.page, person.email);
  await other.page.fill('#code', code);
  await other.page.press('#code', 'Enter');
  await other.page.waitForSelector('#code-problem');
  await expectAccessible(other.page, 'second-factor-problem');
});

it('signs in with a passkey alone, by keyboard, also where Enter is pressed early and twice', async () => {
  const person = await provider.person();
  const { page, authorize } = await visit();
  await addVirtualAuthenticator(page);
  // The script does not know whether the browser can suggest passkeys until the test says so.
  await page.addInitScript(`PublicKeyCredential.isConditionalMediationAvailable = () =>
    new Promise((resolve) => { globalThis.allowSuggestions = () => resolve(true); })`);
  await page.goto(authorize);
  expect((await addPasskey(page, await provider.sessionOf(person))).status).toBe(201);
  await page.reload();
  const options = await holdOptions(page);
  const button = page.locator('form[data-passkey] button');
  await button.waitFor();
  await expectAccessible(page, 'sign-in-passkey');
  await button.focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await page.evaluate('allowSuggestions()');
  options.release();
  await arrive(page);
  expect(options.asked()).toBe(1);
});

it('signs in with a passkey that the browser suggests for the email', async () => {
  const person = await provider.person();
  const { page, authorize } = await visit();
  const authenticator = await addVirtualAuthenticator(page);
  await page.goto(authorize);
  expect((await addPasskey(page, await provider.sessionOf(person))).status).toBe(201);
  expect(await page.getAttribute('#email', 'autocomplete')).toBe('username webauthn');
  await page.reload();
  // The virtual user takes the suggestion.
  await arrive(page);
  // The page for the second factor has no such field: it asks with its button alone.
  await authenticator.setPresence(false);
  await page.goto(`${authorize}&prompt=login`);
  await givePassword(page, person.email);
  await page.waitForSelector('#code');
  await authenticator.setPresence(true);
  await page.locator('form[data-passkey] button').click();
  await arrive(page);
});

it('recovers with a code when the phone is gone', async () => {
  const person = await provider.person();
  const { recoveryCodes } = await enrolTotp(await provider.sessionOf(person));
  const { page, authorize } = await visit();
  await page.goto(authorize);
  await givePassword(page, person.email);
  await page.fill('#code', recoveryCodes[0] as string);
  await page.press('#code', 'Enter');
  await arrive(page);
});

/** Its role requires a second factor. */
async function guardedPerson() {
  guarded ??= (await provider.make.role([], { name: 'guarded' })).id;
  return provider.person({ roleId: guarded });
}
let guarded: string | undefined;

it('is led through setting up a second factor where the role requires one', async () => {
  const person = await guardedPerson();
  const { page, authorize } = await visit();
  await page.goto(authorize);
  await givePassword(page, person.email);
  const secret = (await page.textContent('main p > code'))?.replaceAll(' ', '') as string;
  await expectAccessible(page, 'second-factor-setup');
  await page.fill('#code', totpCode(secret));
  await page.press('#code', 'Enter');
  await page.waitForSelector('.codes');
  await expectAccessible(page, 'recovery-codes');
  await page.click('button[name=continue]');
  await arrive(page);
});

it('sets up a passkey instead, by keyboard alone, in German', async () => {
  const person = await guardedPerson();
  const { page, authorize } = await visit();
  await page.setExtraHTTPHeaders({ 'accept-language': 'de' });
  const authenticator = await addVirtualAuthenticator(page);
  await page.goto(authorize);
  await givePassword(page, person.email);
  const button = page.locator('form[data-options] button');
  await button.waitFor();
  await expectAccessible(page, 'second-factor-setup-de');
  const options = await holdOptions(page);
  await button.press('Enter');
  await button.press('Enter');
  options.release();
  await page.waitForSelector('.codes');
  expect(options.asked()).toBe(1);
  await page.press('button[name=continue]', 'Enter');
  await arrive(page);
  const factors = await provider.database.query(
    'SELECT kind FROM identity.factors WHERE account_id = $1 AND confirmed_at IS NOT NULL ORDER BY kind',
    [person.id],
  );
  expect(factors).toEqual([{ kind: 'passkey' }, { kind: 'recovery_codes' }]);
  // It is asked for from now on.
  await authenticator.setPresence(false);
  await page.goto(`${authorize}&prompt=login`);
  await givePassword(page, person.email);
  await page.waitForSelector('#code');
});
