import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { startBrowser, type TestBrowser, type Visit } from '../support/browser.js';
import { startTestUserService, type TestUserService } from '../support/user-service.js';

/** Two megabytes of viewer start slowly where everything else is at work too. */
const SLOWLY = { timeout: 120_000 };

let browser: TestBrowser;
let service: TestUserService;
let visit: Visit;

beforeAll(async () => {
  [browser, service] = await Promise.all([startBrowser(), startTestUserService({ docs: true })]);
});
afterAll(async () => {
  await Promise.all([browser?.close(), service?.close()]);
});

beforeEach(async () => {
  visit = await browser.visit(service.api.url);
});
afterEach(async () => {
  expect(visit.outside, 'requests that left the origin').toEqual([]);
  expect(visit.problems, 'errors in the browser').toEqual([]);
  await visit.page.context().close();
});

it('Swagger UI gives a caller his own profile, also after a reload', SLOWLY, async () => {
  const { page } = visit;
  const email = 'ada@example.com';
  const { token } = service.native({ email });
  await page.goto(`${service.api.url}/docs`);
  await page.locator('.auth-wrapper .authorize').click();
  await page.locator('.auth-container input').fill(token as string);
  await page.locator('.auth-container button.authorize').click();
  await page.locator('.auth-container .btn-done').click();

  for (const round of [1, 2]) {
    const block = page.locator('.opblock[id$="-meGet"]');
    await block.waitFor();
    if (!(await block.getAttribute('class'))?.includes('is-open')) {
      await block.locator('.opblock-summary-control').click();
    }
    await block.getByRole('button', { name: 'Try it out' }).click();
    await block.getByRole('button', { name: 'Execute' }).click();
    const live = block.locator('.live-responses-table .response');
    expect(await live.locator('.response-col_status').innerText(), `round ${round}`).toMatch(/^200/);
    expect(await live.locator('.highlight-code').first().innerText()).toContain(email);
    await page.reload();
  }
});

it('Scalar shows every endpoint', SLOWLY, async () => {
  const { page } = visit;
  await page.goto(`${service.api.url}/scalar`);
  await page.getByText('Your profile; your first call makes it').first().waitFor();
});
