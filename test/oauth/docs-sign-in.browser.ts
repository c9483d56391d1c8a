import type { OpenAPIObject } from '@nestjs/swagger';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBrowser, type TestBrowser } from '../support/browser.js';
import { PASSWORD, startTestOpenIdProvider, type TestOpenIdProvider } from '../support/openid-provider.js';
import { SwaggerUi } from '../support/swagger-ui.js';
import { startTestUserService, type TestUserService } from '../support/user-service.js';

/** The viewers are megabytes, and start slowly on a busy machine. */
const SLOWLY = { timeout: 120_000 };
const docsClientId = 'twinkey-docs';

let provider: TestOpenIdProvider;
let service: TestUserService;
let browser: TestBrowser;
beforeAll(async () => {
  provider = await startTestOpenIdProvider({ docs: true, docsClientId });
  const { issuer, audience, lifetimeSeconds, publicKeys } = provider.settings.signing;
  service = await startTestUserService({
    docs: true,
    docsClientId,
    identityProviderUrl: provider.issuer,
    native: { issuer, audience, maxLifetimeSeconds: lifetimeSeconds, keys: publicKeys, jwksUrl: null },
  });
  const origins = [provider.issuer, service.api.url];
  await provider.client({
    clientId: docsClientId,
    redirectUris: origins.flatMap((origin) => [
      `${origin}/docs/oauth2-redirect.html`,
      `${origin}/scalar/oauth2-redirect.html`,
    ]),
  });
  browser = await startBrowser();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await service?.close();
  await provider?.close();
});

/** The two services, whose pages are the same. @returns the origin and the operation that shows the caller */
const SERVICES = {
  'identity-provider': { origin: () => provider.issuer, path: '/api/v1/auth/me', operation: 'authMe' },
  'user-service': { origin: () => service.api.url, path: '/users/me', operation: 'meGet' },
};
type ServiceName = keyof typeof SERVICES;

/** Signs in in the window that the button opens, and waits until it has closed. */
async function signIn(page: Page, press: () => Promise<void>): Promise<string> {
  const { email } = await provider.person();
  const [popup] = await Promise.all([page.waitForEvent('popup'), press()]);
  await popup.fill('#email', email);
  await popup.fill('#password', PASSWORD);
  const closed = popup.waitForEvent('close');
  await popup.click('button').catch(() => undefined);
  await closed;
  return email;
}

describe.each(Object.keys(SERVICES) as ServiceName[])('on the pages of %s, users sign in', SLOWLY, (name) => {
  const { origin, path, operation } = SERVICES[name];

  it('in Swagger UI', async () => {
    const visit = await browser.visit(provider.issuer, service.api.url);
    const { page } = visit;
    await page.goto(`${origin()}/docs`);
    await page.locator('.auth-wrapper .authorize').click();
    const form = page.locator('.auth-container', { hasText: 'authorizationCode' });
    expect(await form.locator('#client_id_authorizationCode').inputValue()).toBe(docsClientId);
    const email = await signIn(page, () => form.locator('button.authorize').click());
    await form.getByRole('button', { name: 'Remove authorization' }).waitFor();
    await form.locator('.btn-done').click();
    const { status, json } = await new SwaggerUi(page).run(operation);
    expect(status).toMatch(/^200/);
    expect(json).toContain(email);
    expect(visit.outside).toEqual([]);
    expect(visit.problems).toEqual([]);
  });

  it('in Scalar', async () => {
    const visit = await browser.visit(provider.issuer, service.api.url);
    const { page } = visit;
    await page.goto(`${origin()}/scalar`);
    const email = await signIn(page, () => page.getByRole('button', { name: 'Authorize' }).first().click());
    await page
      .getByRole('button', { name: new RegExp(`Test Request.*get ${path}\\)?$`, 'i') })
      .first()
      .click();
    const answered = page.waitForResponse((response) => response.url() === `${origin()}${path}`);
    await page.getByRole('button', { name: /^Send/ }).first().click();
    const response = await answered;
    expect(response.status()).toBe(200);
    expect(await response.text()).toContain(email);
    expect(visit.outside).toEqual([]);
    expect(visit.problems).toEqual([]);
  });
});

it('without a client, the pages only accept a token', async () => {
  const closed = await startTestUserService({ docs: true });
  try {
    const document = (await (await fetch(`${closed.api.url}/openapi.json`)).json()) as OpenAPIObject;
    expect(Object.keys(document.components?.securitySchemes ?? {})).toEqual(['bearer']);
    const statusOf = async (path: string) => (await fetch(`${closed.api.url}${path}`)).status;
    expect(await statusOf('/docs/oauth2-redirect.html')).toBe(404);
    expect(await statusOf('/scalar/oauth2-redirect.html')).toBe(404);
    const policy = (await fetch(`${closed.api.url}/docs`)).headers.get('content-security-policy');
    expect(policy).toContain("connect-src 'self';");
  } finally {
    await closed.close();
  }
});
