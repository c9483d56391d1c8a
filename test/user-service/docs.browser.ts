import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { startBrowser, type TestBrowser, type Visit } from '../support/browser.js';
import { SwaggerUi } from '../support/swagger-ui.js';
import { startTestUserService, type TestUserService } from '../support/user-service.js';

/** The viewers have two megabytes and start slowly while other tests run. */
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

it('Swagger UI gives callers their own profile, also after a reload', SLOWLY, async () => {
  const { page } = visit;
  const email = 'ada@example.com';
  const { token } = service.native({ email });
  await page.goto(`${service.api.url}/docs`);
  const ui = new SwaggerUi(page);
  await ui.authorize(token as string);

  for (const round of [1, 2]) {
    const { status, json } = await ui.run('meGet');
    expect(status, `round ${round}`).toMatch(/^200/);
    expect(json).toContain(email);
    await page.reload();
  }
});

it('Scalar shows every endpoint', SLOWLY, async () => {
  const { page } = visit;
  await page.goto(`${service.api.url}/scalar`);
  await page.getByText('Your profile; your first call creates it').first().waitFor();
});
