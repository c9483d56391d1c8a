import { hash } from 'bcrypt';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startBrowser, type TestBrowser, type Visit } from '../support/browser.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { SwaggerUi } from '../support/swagger-ui.js';

/** The viewer is two megabytes, and starts slowly on a busy machine. */
const SLOWLY = { timeout: 120_000 };
const EMAIL = 'admin@example.com';
const PASSWORD = 'securepass123';

let browser: TestBrowser;
let idp: TestIdentityProvider;
let origin: string;
let visit: Visit;
let page: Page;

beforeAll(async () => {
  [browser, idp] = await Promise.all([startBrowser(), startTestIdentityProvider({ docs: true })]);
  origin = new URL(idp.api.url).origin;
  const { id: roleId } = await idp.systemRole('admin');
  await idp.make.account({ email: EMAIL, passwordHash: await hash(PASSWORD, 10), roleId });
});
afterAll(async () => {
  await Promise.all([browser?.close(), idp?.close()]);
});

beforeEach(async () => {
  visit = await browser.visit(origin);
  page = visit.page;
});
afterEach(async () => {
  expect(visit.outside, 'requests that left the origin').toEqual([]);
  expect(visit.problems, 'errors in the browser').toEqual([]);
  await page.context().close();
});

const login = async () =>
  (await idp.api.post<{ token: string }>('/auth/login', { email: EMAIL, password: PASSWORD })).data.token;

describe('Swagger UI', SLOWLY, () => {
  const ui = () => new SwaggerUi(page);

  it('signs in an admin, runs requests, and keeps the token after a reload', async () => {
    await page.goto(`${origin}/docs`);
    const signedIn = await ui().run('authLogin', { email: EMAIL, password: PASSWORD });
    expect(signedIn.status).toMatch(/^200/);
    const token = /"token": "([^"]+)"/.exec(signedIn.json)?.[1] as string;

    await ui().authorize(token);

    const first = await ui().run('accountsList');
    expect(first.status).toMatch(/^200/);
    expect(first.json).toContain(EMAIL);

    await page.reload();
    const second = await ui().run('accountsList');
    expect(second.status).toMatch(/^200/);
    expect(second.json).toContain(EMAIL);
  });

  it('shows every group with its endpoints', async () => {
    await page.goto(`${origin}/docs`);
    await ui().operation('rolesGrant').waitFor();
    const groups = await page
      .locator('.opblock-tag')
      .evaluateAll((tags) => tags.map((tag) => tag.getAttribute('data-tag')));
    expect(groups).toEqual([
      'auth',
      'accounts',
      'roles',
      'permissions',
      'rights',
      'audit',
      'authority',
      'clients',
      'keys',
      'health',
    ]);
  });
});

describe('Scalar', SLOWLY, () => {
  const token = () => page.getByPlaceholder('Token').first();

  it('runs a request with the entered token, also after a reload', async () => {
    await page.goto(`${origin}/scalar`);
    await token().fill(await login());
    // Scalar stores the input after a pause in typing.
    await page.waitForFunction(() => {
      const { localStorage } = globalThis as unknown as { localStorage: Record<string, string> };
      return Object.values(localStorage).some((text) => text.includes('eyJ'));
    });

    await page.goto(`${origin}/scalar#tag/accounts/GET/api/v1/accounts`);
    await page.reload();
    await page
      .getByRole('button', { name: /Test Request.*\/api\/v1\/accounts\)?$/ })
      .first()
      .click();
    const answered = page.waitForResponse((response) => response.url().includes('/api/v1/accounts'));
    await page.getByRole('button', { name: /^Send/ }).first().click();
    expect((await answered).status()).toBe(200);
    await page.getByText('200 OK').first().waitFor();
  });
});
