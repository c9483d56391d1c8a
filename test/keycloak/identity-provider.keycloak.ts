import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cachedDistribution } from '#libs/development/keycloak/distribution.js';
import { runProgram } from '#libs/development/keycloak/programs.js';
import { startBothServices } from '../support/both-services.js';
import { createRealm, type TestRealm } from '../support/keycloak.js';
import { readToken, requestTokens, type TokenSet } from '../support/keycloak-tokens.js';
import {
  CALLBACK,
  PASSWORD,
  startTestOpenIdProvider,
  type TestOpenIdProvider,
} from '../support/openid-provider.js';
import { signInThroughPages } from '../support/stock-client.js';
import { keycloakSettings, type TestUserService } from '../support/user-service.js';
import { type VisitedPage, WebBrowser } from '../support/web-browser.js';

// A Keycloak that somebody else started brings no kcadm.sh.
const distribution = cachedDistribution(process.env);

let provider: TestOpenIdProvider;
let service: TestUserService;
let realm: TestRealm;

/** The code block in this language of the page's section. */
async function documented(language: string): Promise<string> {
  const page = await readFile(new URL('../../docs/keycloak.md', import.meta.url), 'utf8');
  const section = page.split('## Twinkey as an identity provider of a realm')[1] ?? '';
  const block = new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(section)?.[1];
  if (!block) throw new Error(`docs/keycloak.md has no block in ${language}`);
  return block.replaceAll(/^ {3}/gm, '');
}

beforeAll(async () => {
  if (!distribution) return;
  realm = await createRealm();
  const keycloak = keycloakSettings(realm);
  provider = await startTestOpenIdProvider({ keycloak, logoutClients: ['frontend'] });
  ({ service } = await startBothServices({ keycloak }, 10, provider));
  // The realm's client tells identity-provider of logouts, as the shipped realm does.
  const [frontend] = await realm.admin.clients.find({ clientId: 'frontend' });
  await realm.admin.clients.update(
    { id: String(frontend?.id) },
    {
      ...frontend,
      attributes: {
        ...frontend?.attributes,
        'backchannel.logout.url': `${provider.api.url}/auth/backchannel-logout`,
      },
    },
  );

  const environment: Record<string, string> = {
    KEYCLOAK_URL: realm.keycloak.url,
    KEYCLOAK_REALM: realm.name,
    KEYCLOAK_ADMIN: realm.keycloak.admin.username,
    KC_CLI_PASSWORD: realm.keycloak.admin.password,
    JWT_ISSUER: provider.issuer,
  };
  const body = (await documented('json')).replaceAll(/\$([A-Z_]+)/g, (_, name) => environment[name] ?? '');
  const administrator = await provider.signIn(['clients:create']);
  const created = await administrator.api.post<{ client_secret: string }>('/clients', JSON.parse(body));
  expect(created.status).toBe(201);
  const { code, output } = await runProgram('bash', ['-eu', '-c', await documented('sh')], {
    environment: {
      ...process.env,
      ...environment,
      CLIENT_SECRET: created.data.client_secret,
      PATH: [join(distribution, 'bin'), process.env['PATH']].join(delimiter),
    },
    timeoutMs: 100_000,
  });
  expect([code, output]).toEqual([0, expect.stringContaining('twinkey')]);
  // kcadm.sh starts a JVM.
}, 240_000);
afterAll(async () => {
  await service?.close();
  await provider?.close();
  await realm?.delete();
});

/** A browser at Keycloak and at Twinkey. */
class BrokeredBrowser {
  readonly atKeycloak = new WebBrowser(new URL(realm.issuer).origin);
  readonly atTwinkey = new WebBrowser(provider.issuer);

  /** Opens the application's sign-in at Keycloak and follows the button "Twinkey". @returns Twinkey's answer */
  async chooseTwinkey(verifier: string): Promise<VisitedPage> {
    const query = new URLSearchParams({
      client_id: 'frontend',
      redirect_uri: CALLBACK,
      response_type: 'code',
      scope: 'openid profile email',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    const login = await this.atKeycloak.get(`${realm.issuer}/protocol/openid-connect/auth?${query}`);
    const button = /href="([^"]*\/broker\/twinkey\/login[^"]*)"/.exec(login.html)?.[1];
    expect(button).toBeDefined();
    const target = new URL(String(button).replaceAll('&amp;', '&'), login.url).href;
    return this.atTwinkey.get((await this.atKeycloak.get(target)).url);
  }

  /** Signs in to the application. @returns Keycloak's tokens */
  async signIn(email: string): Promise<TokenSet> {
    const verifier = 'v'.repeat(43);
    const page = await this.chooseTwinkey(verifier);
    const atBroker =
      page.html === '' ? page : await this.atTwinkey.submit(page, { email, password: PASSWORD });
    const callback = await this.atKeycloak.get(atBroker.url);
    expect(callback.url).toContain(CALLBACK);
    return requestTokens(realm.issuer, {
      grant_type: 'authorization_code',
      client_id: 'frontend',
      redirect_uri: CALLBACK,
      code: new URL(callback.url).searchParams.get('code') ?? '',
      code_verifier: verifier,
    });
  }
}

const named = () => provider.person({ firstName: 'Ada', lastName: 'Byron' });
const meStatus = async (token: string) => (await provider.api.as(token).get('/auth/me')).status;
const refreshAtKeycloak = ({ refreshToken }: TokenSet) =>
  requestTokens(realm.issuer, {
    grant_type: 'refresh_token',
    client_id: 'frontend',
    refresh_token: String(refreshToken),
  });

it.skipIf(!distribution)(
  'a native user signs in to an application of Keycloak, and is a person of their own there',
  async () => {
    const person = await named();
    const first = readToken((await new BrokeredBrowser().signIn(person.email)).accessToken)[1];
    expect(first).toMatchObject({ iss: realm.issuer, email: person.email, name: 'Ada Byron' });
    const [link] = await realm.admin.users.listFederatedIdentities({ id: String(first['sub']) });
    expect(link).toMatchObject({ identityProvider: 'twinkey', userId: person.id });

    const again = await new BrokeredBrowser().signIn(person.email);
    expect(readToken(again.accessToken)[1]['sub']).toBe(first['sub']);

    const { data } = await provider.api.post('/auth/login', { email: person.email, password: PASSWORD });
    const [brokered, native] = await Promise.all(
      [again.accessToken, data.token].map((token) => service.api.as(token).get('/users/me')),
    );
    expect([brokered?.status, native?.status]).toEqual([200, 200]);
    expect(brokered?.data.email).toBe(native?.data.email);
    expect(brokered?.data.id).not.toBe(native?.data.id);
  },
);

it.skipIf(!distribution)('a sign-in at Twinkey is one for Keycloak too', async () => {
  const person = await named();
  const browser = new BrokeredBrowser();
  await signInThroughPages(provider, await provider.client(), person.email, { browser: browser.atTwinkey });
  const page = await browser.chooseTwinkey('v'.repeat(43));
  expect([page.html, page.url]).toEqual(['', expect.stringContaining('/broker/twinkey/endpoint')]);
});

it.skipIf(!distribution)('a sign-out at Twinkey ends the session at Keycloak, and its tokens', async () => {
  const person = await named();
  const browser = new BrokeredBrowser();
  const tokens = await browser.signIn(person.email);
  expect(await meStatus(tokens.accessToken)).toBe(200);
  const page = await browser.atTwinkey.get(`${provider.issuer}/oauth/logout`);
  await browser.atTwinkey.submit(page, { logout: 'yes' });
  await expect(refreshAtKeycloak(tokens)).rejects.toThrow('invalid_grant');
  await expect.poll(() => meStatus(tokens.accessToken), { timeout: 10_000 }).toBe(401);
});

it.skipIf(!distribution)(
  'a logout at Keycloak ends its session, and not the sign-in at Twinkey',
  async () => {
    const person = await named();
    const browser = new BrokeredBrowser();
    const tokens = await browser.signIn(person.email);
    const query = new URLSearchParams({
      id_token_hint: String(tokens.idToken),
      post_logout_redirect_uri: 'http://localhost:5173/',
    });
    const left = await browser.atKeycloak.get(`${realm.issuer}/protocol/openid-connect/logout?${query}`);
    expect(left.url).toBe('http://localhost:5173/');
    await expect(refreshAtKeycloak(tokens)).rejects.toThrow('invalid_grant');
    const page = await browser.chooseTwinkey('v'.repeat(43));
    expect([page.html, page.url]).toEqual(['', expect.stringContaining('/broker/twinkey/endpoint')]);
  },
);
