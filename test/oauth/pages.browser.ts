import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBrowser, type TestBrowser } from '../support/browser.js';
import { expectAccessible } from '../support/expect-accessible.js';
import { PASSWORD, startTestOpenIdProvider, type TestOpenIdProvider } from '../support/openid-provider.js';

let provider: TestOpenIdProvider;
let browser: TestBrowser;
let callback: string;
let close: () => void;
beforeAll(async () => {
  // An application: it only has to exist, so that the browser arrives somewhere.
  const application = createServer((_request, response) => response.end('<h1>Application</h1>')).listen(0);
  await once(application, 'listening');
  callback = `http://localhost:${(application.address() as { port: number }).port}/callback`;
  close = () => application.close();
  provider = await startTestOpenIdProvider();
  browser = await startBrowser();
});
afterAll(async () => {
  close?.();
  await browser?.close();
  await provider?.close();
});

async function visit() {
  return browser.visit(provider.issuer, new URL(callback).origin);
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

describe('every page is accessible, at 320 and 1280 px, light and dark', () => {
  it('sign-in, its problems, and consent; the application gets its code', async () => {
    const client = await provider.client({
      name: 'Example shop',
      firstParty: false,
      redirectUris: [callback],
    });
    const person = await provider.person();
    const { page } = await visit();
    await page.goto(authorize(client.clientId));
    await expectAccessible(page, 'sign-in');
    expect(await page.evaluate('document.activeElement.id')).toBe('email');

    await page.fill('#email', person.email);
    await page.fill('#password', 'wrong-password');
    await page.click('button');
    await page.waitForSelector('[role=alert]');
    await expectAccessible(page, 'sign-in-problem');

    await page.fill('#password', PASSWORD);
    await page.click('button');
    await page.waitForSelector('button[value=allow]');
    await expectAccessible(page, 'consent');
    await page.click('button[value=allow]');
    await page.waitForURL((url) => url.origin === new URL(callback).origin);
    expect(new URL(page.url()).searchParams.get('code')).toBeTruthy();
  });

  it('the same in German', async () => {
    const client = await provider.client({ redirectUris: [callback] });
    const { page } = await visit();
    await page.goto(authorize(client.clientId, { ui_locales: 'de' }));
    expect(await page.getAttribute('html', 'lang')).toBe('de');
    expect(await page.textContent('h1')).toBe('Anmelden');
    await expectAccessible(page, 'sign-in-de');
  });

  it('device', async () => {
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
    const { page } = await visit();
    await page.goto(`${provider.issuer}/oauth/device/verify`);
    await page.fill('#user_code', 'BBBB-BBBB');
    await page.click('button');
    await page.waitForSelector('#user_code-problem');
    await expectAccessible(page, 'device-code');
    await page.fill('#user_code', user_code);
    await page.click('button');
    await page.waitForSelector('button[name=confirm]');
    await expectAccessible(page, 'device-confirmation');
    await page.click('button[name=confirm]');
    await page.fill('#email', person.email);
    await page.fill('#password', PASSWORD);
    await page.click('button');
    await page.waitForSelector('h1:has-text("Device connected")');
    await expectAccessible(page, 'device-done');

    await page.goto(`${provider.issuer}/oauth/logout`);
    await expectAccessible(page, 'sign-out');
    await page.click('button[name=logout]');
    await page.waitForSelector('h1:has-text("Signed out")');
    await expectAccessible(page, 'signed-out');
  });

  it('error', async () => {
    const { page } = await visit();
    await page.goto(authorize('unknown'));
    await page.click('summary');
    await expectAccessible(page, 'error');
  });
});
