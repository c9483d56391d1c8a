import { fileURLToPath } from 'node:url';
import { createServer, type ViteDevServer } from 'vite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startBrowser, type TestBrowser, type Visit } from '../support/browser.js';
import { unique } from '../support/factories.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { createRealm, type TestRealm } from '../support/keycloak.js';
import { keycloakSettings, startTestUserService, type TestUserService } from '../support/user-service.js';

/** The pages of three servers load slowly on a busy machine. */
const SLOWLY = { timeout: 120_000 };
const PASSWORD = 'correct horse battery';

let realm: TestRealm;
let idp: TestIdentityProvider;
let service: TestUserService;
let site: ViteDevServer;
let origin: string;
let browser: TestBrowser;

beforeAll(async () => {
  realm = await createRealm();
  const keycloak = keycloakSettings(realm);
  idp = await startTestIdentityProvider({ keycloak, corsLocalhost: true });
  const { issuer, audience, lifetimeSeconds, publicKeys } = idp.settings.signing;
  const identityProviderUrl = new URL(idp.api.url).origin;
  service = await startTestUserService({
    keycloak,
    identityProviderUrl,
    corsLocalhost: true,
    native: { issuer, audience, maxLifetimeSeconds: lifetimeSeconds, keys: publicKeys, jwksUrl: null },
  });
  vi.stubEnv('VITE_IDENTITY_PROVIDER_URL', identityProviderUrl);
  vi.stubEnv('VITE_USER_SERVICE_URL', service.api.url);
  vi.stubEnv('VITE_KEYCLOAK_URL', realm.keycloak.url);
  vi.stubEnv('VITE_KEYCLOAK_REALM', realm.name);
  site = await createServer({
    configFile: fileURLToPath(new URL('../../examples/spa/vite.config.ts', import.meta.url)),
    server: { port: 0, host: '127.0.0.1', strictPort: false },
    // A separate folder, because several checkouts or runs may be tested at the same time.
    cacheDir: fileURLToPath(new URL(`../../node_modules/.vite-test-${process.pid}`, import.meta.url)),
    logLevel: 'error',
  });
  await site.listen();
  origin = site.resolvedUrls?.local[0]?.replace(/\/$/, '') ?? '';
  const [client] = await realm.admin.clients.find({ clientId: 'frontend' });
  await realm.admin.clients.update(
    { id: client?.id as string },
    { ...client, redirectUris: [`${origin}/*`], webOrigins: [origin] },
  );
  browser = await startBrowser();
}, 120_000);
afterAll(async () => {
  vi.unstubAllEnvs();
  await browser?.close();
  await site?.close();
  await service?.close();
  await idp?.close();
  await realm?.delete();
});

async function open(): Promise<Visit> {
  const visit = await browser.visit(
    origin,
    new URL(idp.api.url).origin,
    service.api.url,
    new URL(realm.keycloak.url).origin,
  );
  await visit.page.goto(`${origin}/`);
  return visit;
}

async function createNativeUser() {
  const { api: admin } = await idp.signIn(['*']);
  const email = `${unique('ada')}@example.com`;
  const role = await idp.make.role();
  await admin.post('/accounts', { email, password: PASSWORD, role_id: role.id });
  return { email };
}

async function signInNatively({ page }: Visit, email: string): Promise<void> {
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('heading', { name: 'Your profile' }).waitFor();
}

describe('with Keycloak', SLOWLY, () => {
  it('a user registers, returns, edits their profile, signs out, and signs in again', async () => {
    const visit = await open();
    const { page } = visit;
    const username = unique('ada');
    await page.getByRole('button', { name: 'Continue with Keycloak' }).click();
    await page.getByRole('link', { name: 'Register' }).click();
    await page.locator('#username').fill(username);
    await page.locator('#password').fill(PASSWORD);
    await page.locator('#password-confirm').fill(PASSWORD);
    await page.locator('#email').fill(`${username}@example.com`);
    await page.locator('#firstName').fill('Ada');
    await page.locator('#lastName').fill('Byron');
    await page.locator('input[type=submit], button[type=submit]').first().click();

    await page.getByRole('heading', { name: 'Your profile' }).waitFor();
    expect(new URL(page.url()).search).toBe('');
    expect(await page.locator('#username').textContent()).toBe(username);
    expect(await page.getByLabel('Last name').inputValue()).toBe('Byron');

    await page.getByLabel('Last name').fill('Lovelace');
    await page.getByLabel('Display name').fill('Countess');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    const [user] = await realm.admin.users.find({ username, exact: true });
    expect(user).toMatchObject({ firstName: 'Ada', lastName: 'Lovelace' });

    await page.reload();
    await page.getByRole('heading', { name: 'Your profile' }).waitFor();
    expect(await page.getByLabel('Last name').inputValue()).toBe('Lovelace');
    expect(await page.getByLabel('Display name').inputValue()).toBe('Countess');

    await page.getByLabel('Last name').fill('<b>');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('label.wrong', { hasText: 'Last name' }).waitFor();

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Continue with Keycloak' }).click();
    await page.locator('#username').fill(username);
    await page.locator('#password').fill(PASSWORD);
    await page.locator('#kc-login').click();
    await page.getByRole('heading', { name: 'Your profile' }).waitFor();
    expect(visit.outside).toEqual([]);
  });
});

describe('with email and password', SLOWLY, () => {
  it('a user signs in, edits their profile and signs out', async () => {
    const { email } = await createNativeUser();
    const visit = await open();
    const { page } = visit;
    await signInNatively(visit, email);
    expect(await page.locator('#issuer').textContent()).toBe('email and password');
    await page.getByLabel('First name').fill('Ada');
    await page.getByLabel('Picture').fill('https://images.example.com/a.png');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Your profile' }).waitFor();
    expect(await page.getByLabel('First name').inputValue()).toBe('Ada');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('Signed out.').waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Continue with Keycloak' }).waitFor();
    expect(visit.outside).toEqual([]);
    expect(visit.problems).toEqual([]);
  });

  it('a wrong password shows a message', async () => {
    const { email } = await createNativeUser();
    const { page } = await open();
    await page.getByLabel('Email').fill(email);
    await page.getByLabel('Password').fill('a wrong one');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByText('The email or the password is wrong.').waitFor();
  });

  it('after the session has ended, the page asks to sign in again', async () => {
    const { email } = await createNativeUser();
    const visit = await open();
    const { page } = visit;
    await signInNatively(visit, email);
    await idp.database.query('DELETE FROM identity.sessions');
    await page.getByLabel('First name').fill('Ada');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Your session has ended. Sign in again.').waitFor();
    await page.getByRole('button', { name: 'Continue with Keycloak' }).waitFor();
  });

  it('an expired token is not used', async () => {
    const { email } = await createNativeUser();
    const visit = await open();
    const { page } = visit;
    await signInNatively(visit, email);
    // As a string, because it runs in the page.
    await page.evaluate(`{
      const session = JSON.parse(sessionStorage.getItem('twinkey.session'));
      sessionStorage.setItem('twinkey.session', JSON.stringify({ ...session, expiresAt: Date.now() - 1 }));
    }`);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Your session has ended. Sign in again.').waitFor();
  });
});
