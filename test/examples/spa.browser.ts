import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { createServer, type ViteDevServer } from 'vite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startBrowser, type TestBrowser, type Visit } from '../support/browser.js';
import { unique } from '../support/factories.js';
import { createRealm, type TestRealm } from '../support/keycloak.js';
import {
  PASSWORD as NATIVE_PASSWORD,
  startTestOpenIdProvider,
  type TestOpenIdProvider,
} from '../support/openid-provider.js';
import { keycloakSettings, startTestUserService, type TestUserService } from '../support/user-service.js';

/** The pages of three servers load slowly on a busy machine. */
const SLOWLY = { timeout: 120_000 };

interface Person {
  username: string;
  password: string;
}

/** What differs between the two: who has the account, and the issuer's own sign-in page. */
interface Issuer {
  name: string;
  createPerson(): Promise<Person>;
  fillSignInPage(page: Page, person: Person): Promise<void>;
  /** Ends all sessions of the installation. */
  endSessions(): Promise<void>;
}

let realm: TestRealm;
let idp: TestOpenIdProvider;
let service: TestUserService;
let site: ViteDevServer;
let origin: string;
let browser: TestBrowser;

beforeAll(async () => {
  realm = await createRealm();
  const keycloak = keycloakSettings(realm);
  idp = await startTestOpenIdProvider({ keycloak, corsLocalhost: true });
  const { issuer, audience, lifetimeSeconds, publicKeys } = idp.settings.signing;
  service = await startTestUserService({
    keycloak,
    identityProviderUrl: idp.issuer,
    corsLocalhost: true,
    native: { issuer, audience, maxLifetimeSeconds: lifetimeSeconds, keys: publicKeys, jwksUrl: null },
  });
  vi.stubEnv('VITE_TWINKEY_URL', idp.issuer);
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
  await idp.client({
    clientId: 'frontend',
    redirectUris: [`${origin}/`],
    postLogoutRedirectUris: [`${origin}/`],
  });
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

const KEYCLOAK: Issuer = {
  name: 'Keycloak',
  createPerson: () => realm.createUser(),
  fillSignInPage: async (page, { username, password }) => {
    await page.locator('#username').fill(username);
    await page.locator('#password').fill(password);
    await page.locator('#kc-login').click();
  },
  endSessions: () => realm.admin.realms.logoutAll({ realm: realm.name }),
};

const TWINKEY: Issuer = {
  name: 'Twinkey',
  createPerson: async () => ({ username: (await idp.person()).email, password: NATIVE_PASSWORD }),
  fillSignInPage: async (page, { username, password }) => {
    await page.locator('#email').fill(username);
    await page.locator('#password').fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  },
  endSessions: async () => {
    await idp.database.query('DELETE FROM identity.sessions');
  },
};

async function open(): Promise<Visit> {
  const visit = await browser.visit(origin, idp.issuer, service.api.url, new URL(realm.keycloak.url).origin);
  await visit.page.goto(`${origin}/`);
  return visit;
}

const profileOf = (page: Page) => page.getByRole('heading', { name: 'Your profile' }).waitFor();

async function signIn({ name, fillSignInPage }: Issuer, page: Page, person: Person): Promise<void> {
  await page.getByRole('button', { name: `Continue with ${name}` }).click();
  await fillSignInPage(page, person);
  await profileOf(page);
}

interface StoredUser {
  access_token: string;
  expires_at: number;
}

const storedUser = async (page: Page) => {
  const text = await page.evaluate(
    `Object.entries(sessionStorage).find(([key]) => key.startsWith('oidc.user:'))?.[1]`,
  );
  return JSON.parse(text as string) as StoredUser;
};

/** As if the page had been asleep until now. */
const expireToken = (page: Page) =>
  // As a string, because it runs in the page.
  page.evaluate(`{
    const [key, text] = Object.entries(sessionStorage).find(([key]) => key.startsWith('oidc.user:'));
    sessionStorage.setItem(key, JSON.stringify({ ...JSON.parse(text), expires_at: 1 }));
  }`);

describe.each([KEYCLOAK, TWINKEY])('with $name', SLOWLY, (issuer) => {
  it('a user signs in, edits their profile, is renewed silently, and signs out at the issuer', async () => {
    const person = await issuer.createPerson();
    const visit = await open();
    const { page } = visit;
    await signIn(issuer, page, person);
    expect(new URL(page.url()).search).toBe('');
    expect(await page.locator('#issuer').textContent()).toBe(issuer.name);
    expect(await page.locator('#username').textContent()).toBe(person.username);

    await page.getByLabel('Last name').fill('Lovelace');
    await page.getByLabel('Display name').fill('Countess');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();

    const before = await storedUser(page);
    await expireToken(page);
    await page.reload();
    await profileOf(page);
    expect(await page.getByLabel('Last name').inputValue()).toBe('Lovelace');
    expect(await page.getByLabel('Display name').inputValue()).toBe('Countess');
    const after = await storedUser(page);
    expect(after.access_token).not.toBe(before.access_token);
    expect(after.expires_at * 1_000).toBeGreaterThan(Date.now());

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: `Continue with ${issuer.name}` }).waitFor();
    expect(page.url()).toBe(`${origin}/`);
    // The issuer has forgotten them too: it asks for the password again.
    await signIn(issuer, page, person);
    expect(visit.outside).toEqual([]);
    expect(visit.problems).toEqual([]);
  });

  it('a second tab needs no password', async () => {
    const person = await issuer.createPerson();
    const { page } = await open();
    await signIn(issuer, page, person);
    const second = await page.context().newPage();
    await second.goto(`${origin}/`);
    await second.getByRole('button', { name: `Continue with ${issuer.name}` }).click();
    await profileOf(second);
  });

  it('after the session has ended at the issuer, the page asks to sign in again', async () => {
    const { page } = await open();
    await signIn(issuer, page, await issuer.createPerson());
    await issuer.endSessions();
    await expireToken(page);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Your session has ended. Sign in again.').waitFor();
    await page.getByRole('button', { name: `Continue with ${issuer.name}` }).waitFor();
  });
});

describe('the profile', SLOWLY, () => {
  it('a refused value has its message beside its field', async () => {
    const { page } = await open();
    await signIn(KEYCLOAK, page, await KEYCLOAK.createPerson());
    await page.getByLabel('Last name').fill('<b>');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('label.wrong', { hasText: 'Last name' }).waitFor();
  });

  it('a user registers at Keycloak and is signed in', async () => {
    const { page } = await open();
    const username = unique('ada');
    await page.getByRole('button', { name: 'Continue with Keycloak' }).click();
    await page.getByRole('link', { name: 'Register' }).click();
    await page.locator('#username').fill(username);
    await page.locator('#password').fill(NATIVE_PASSWORD);
    await page.locator('#password-confirm').fill(NATIVE_PASSWORD);
    await page.locator('#email').fill(`${username}@example.com`);
    await page.locator('#firstName').fill('Ada');
    await page.locator('#lastName').fill('Byron');
    await page.locator('input[type=submit], button[type=submit]').first().click();
    await profileOf(page);
    expect(await page.locator('#username').textContent()).toBe(username);
    expect(await page.getByLabel('Last name').inputValue()).toBe('Byron');
  });
});
