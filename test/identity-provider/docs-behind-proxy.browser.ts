import { hash } from 'bcrypt';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { startBrowser, type TestBrowser, type Visit } from '../support/browser.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { type PrefixProxy, startPrefixProxy } from '../support/prefix-proxy.js';
import { SwaggerUi } from '../support/swagger-ui.js';

/** The viewer is two megabytes, and starts slowly on a busy machine. */
const SLOWLY = { timeout: 120_000 };
const PREFIX = '/a/prefix';
const CREDENTIALS = { email: 'ada@example.com', password: 'securepass123' };

let browser: TestBrowser;
let idp: TestIdentityProvider;
let proxy: PrefixProxy;
let visit: Visit;

beforeAll(async () => {
  [browser, idp] = await Promise.all([startBrowser(), startTestIdentityProvider({ docs: true })]);
  proxy = await startPrefixProxy(new URL(idp.api.url).origin, PREFIX);
  const { email, password } = CREDENTIALS;
  await idp.make.account({ email, passwordHash: await hash(password, 10) });
});
afterAll(async () => {
  await proxy?.close();
  await Promise.all([browser?.close(), idp?.close()]);
});

beforeEach(async () => {
  visit = await browser.visit(proxy.origin);
});
afterEach(async () => {
  expect(visit.outside, 'requests that left the origin').toEqual([]);
  expect(visit.problems, 'errors in the browser').toEqual([]);
  await visit.page.context().close();
});

it.each(['/docs', '/docs/'])('Swagger UI at %s sends its requests under the prefix', SLOWLY, async (path) => {
  const { page } = visit;
  await page.goto(`${proxy.origin}${PREFIX}${path}`);
  const asked = page.waitForRequest((request) => request.method() === 'POST');
  const { status, json } = await new SwaggerUi(page).run('authLogin', CREDENTIALS);
  expect((await asked).url()).toBe(`${proxy.origin}${PREFIX}/api/v1/auth/login`);
  expect(status).toMatch(/^200/);
  expect(json).toContain('"token"');
});

it('Scalar sends its requests under the prefix', SLOWLY, async () => {
  const { page } = visit;
  await page.goto(`${proxy.origin}${PREFIX}/scalar#tag/health/GET/api/v1/health/live`);
  await page
    .getByRole('button', { name: /Test Request.*\/api\/v1\/health\/live\)?$/ })
    .first()
    .click();
  const answered = page.waitForResponse((response) => response.url().includes('/api/v1/health/live'));
  await page.getByRole('button', { name: /^Send/ }).first().click();
  const answer = await answered;
  expect(answer.url()).toBe(`${proxy.origin}${PREFIX}/api/v1/health/live`);
  expect(answer.status()).toBe(200);
});
