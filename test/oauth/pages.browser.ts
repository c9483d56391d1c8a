import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PageRenderer } from '#apps/identity-provider/src/oauth/pages/page-renderer.js';
import { de } from '#apps/identity-provider/src/oauth/pages/texts/de.js';
import { en } from '#apps/identity-provider/src/oauth/pages/texts/en.js';
import { startBrowser, type TestBrowser } from '../support/browser.js';
import { startCallbackApplication } from '../support/callback-application.js';
import { PASSWORD, startTestOpenIdProvider, type TestOpenIdProvider } from '../support/openid-provider.js';
import { expectAccessible, focusOrder, pressEnterOn } from './accessibility.js';
import { ELEMENTS_PAGE } from './elements-page.js';

/** axe-core takes its time on a busy machine. */
const SLOWLY = { timeout: 120_000 };

let provider: TestOpenIdProvider;
let browser: TestBrowser;
let callback: string;
let close: () => void;
beforeAll(async () => {
  ({ callback, close } = await startCallbackApplication());
  provider = await startTestOpenIdProvider();
  browser = await startBrowser();
});
afterAll(async () => {
  close?.();
  await browser?.close();
  await provider?.close();
});

/** A browser whose user reads that language. */
async function visit(language: string): Promise<Page> {
  const { page } = await browser.visit(provider.issuer, new URL(callback).origin);
  await page.setExtraHTTPHeaders({ 'accept-language': language });
  return page;
}

const authorize = (clientId: string, parameters: Record<string, string> = {}) =>
  `${provider.issuer}/oauth/authorize?${new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: callback,
    scope: 'openid profile email',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    ...parameters,
  })}`;

const focused = (page: Page) => page.evaluate('document.activeElement.id');

describe.each([en, de])(
  'in $language: every page is accessible, at 320 and 1280 px, light and dark',
  SLOWLY,
  (texts) => {
    const { language } = texts;
    const title = (text: string) => `h1:text-is("${text}")`;

    it('sign-in, its problems, and consent, by keyboard alone; the application gets its code', async () => {
      const client = await provider.client({
        name: 'Example shop',
        firstParty: false,
        redirectUris: [callback],
      });
      const person = await provider.person();
      const page = await visit(language);
      await page.goto(authorize(client.clientId));
      expect(await page.getAttribute('html', 'lang')).toBe(language);
      await expect.poll(() => focused(page)).toBe('email');
      expect(await page.getAttribute('#email', 'autocomplete')).toBe('username webauthn');
      expect(await page.getAttribute('#password', 'autocomplete')).toBe('current-password');
      await expectAccessible(page, `sign-in-${language}`);
      const order = await focusOrder(page);
      expect(order.slice(0, 3)).toEqual(['#email', '#password', `button ${texts.signIn.submit}`]);
      // A passkey, signing up, and a forgotten password.
      expect(order).toHaveLength(6);

      // Chromium accepts it as an address, and identity-provider does not.
      await page.fill('#email', 'ada@example');
      await page.focus('#password');
      await page.keyboard.type('wrong-password');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#email-problem');
      expect(await page.getAttribute('#email', 'aria-describedby')).toBe('email-problem');
      expect(await page.title()).toContain(texts.problems.summary);
      await expect.poll(() => focused(page)).toBe('email');
      await expectAccessible(page, `sign-in-field-${language}`);

      await page.keyboard.press('ControlOrMeta+A');
      await page.keyboard.type(person.email);
      await page.keyboard.press('Tab');
      await page.keyboard.type('wrong-password');
      await page.keyboard.press('Enter');
      await page.waitForSelector('[role=alert]');
      expect(await page.getAttribute('#password', 'aria-describedby')).toBe('problem');
      await expect.poll(() => focused(page)).toBe('password');
      await expectAccessible(page, `sign-in-problem-${language}`);

      await page.keyboard.type(PASSWORD);
      await page.keyboard.press('Enter');
      await page.waitForSelector(title(texts.consent.title));
      await expectAccessible(page, `consent-${language}`);
      await pressEnterOn(page, `button ${texts.consent.allow}`);
      await page.waitForURL((url) => url.origin === new URL(callback).origin);
      expect(new URL(page.url()).searchParams.get('code')).toBeTruthy();
    });

    it('device and sign-out, by keyboard alone', async () => {
      const client = await provider.client({
        name: 'Television',
        grantTypes: ['urn:ietf:params:oauth:grant-type:device_code'],
        redirectUris: [],
      });
      const started = await fetch(`${provider.issuer}/oauth/device`, {
        method: 'POST',
        body: new URLSearchParams({ client_id: client.clientId, scope: 'openid' }),
      });
      const { user_code } = (await started.json()) as { user_code: string };
      const person = await provider.person();
      const page = await visit(language);
      await page.goto(`${provider.issuer}/oauth/device/verify`);
      await expectAccessible(page, `device-${language}`);
      await page.keyboard.type('BBBB-BBBB');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#user_code-problem');
      await expectAccessible(page, `device-problem-${language}`);
      await page.keyboard.press('ControlOrMeta+A');
      await page.keyboard.type(user_code);
      await page.keyboard.press('Enter');
      await page.waitForSelector(title(texts.device.confirmTitle));
      await expectAccessible(page, `device-confirmation-${language}`);
      await pressEnterOn(page, `button ${texts.device.confirm}`);
      await page.waitForSelector('#email');
      await page.keyboard.type(person.email);
      await page.keyboard.press('Tab');
      await page.keyboard.type(PASSWORD);
      await page.keyboard.press('Enter');
      await page.waitForSelector(title(texts.device.doneTitle));
      await expectAccessible(page, `device-done-${language}`);

      await page.goto(`${provider.issuer}/oauth/logout`);
      await expectAccessible(page, `sign-out-${language}`);
      await pressEnterOn(page, `button ${texts.signOut.submit}`);
      await page.waitForSelector(title(texts.signOut.doneTitle));
      await expectAccessible(page, `signed-out-${language}`);
    });

    it('error', async () => {
      const page = await visit(language);
      await page.goto(authorize('unknown'));
      await pressEnterOn(page, `summary ${texts.error.details}`);
      expect(await page.getByText('invalid_client').isVisible()).toBe(true);
      await expectAccessible(page, `error-${language}`);
    });
  },
);

it(
  'forms submit themselves: an answer to the application, and a link with a device code',
  SLOWLY,
  async () => {
    const page = await visit('en');
    const person = await provider.person();
    const client = await provider.client({ redirectUris: [callback] });
    const posted = page.waitForRequest(
      (request) => request.method() === 'POST' && request.url() === callback,
    );
    await page.goto(authorize(client.clientId, { response_mode: 'form_post' }));
    await page.fill('#email', person.email);
    await page.fill('#password', PASSWORD);
    await page.keyboard.press('Enter');
    expect((await posted).postData()).toContain('code=');

    const device = await provider.client({
      grantTypes: ['urn:ietf:params:oauth:grant-type:device_code'],
      redirectUris: [],
    });
    const response = await fetch(`${provider.issuer}/oauth/device`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: device.clientId, scope: 'openid' }),
    });
    const { verification_uri_complete } = (await response.json()) as { verification_uri_complete: string };
    await page.goto(verification_uri_complete);
    await page.waitForSelector(`h1:text-is("${en.device.confirmTitle}")`);
  },
);

describe('the elements for further pages', SLOWLY, () => {
  it('are accessible, also where the system sets the colors', async () => {
    const page = await visit('en');
    const html = new PageRenderer(provider.settings).render(en, ELEMENTS_PAGE);
    const url = `${provider.issuer}/oauth/elements`;
    await page.route(url, (route) => route.fulfill({ contentType: 'text/html', body: html }));
    await page.goto(url);
    await expectAccessible(page, 'elements');
    await page.emulateMedia({ forcedColors: 'active' });
    for (const name of ['button', 'button.plain', 'button.danger', 'input', 'a.button']) {
      const edge = await page.evaluate(`getComputedStyle(document.querySelector('${name}')).borderTopColor`);
      expect(edge, name).not.toMatch(/, 0\)$/);
    }
    expect(await focusOrder(page)).toContain('#new_password');
  });
});
