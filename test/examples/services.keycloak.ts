import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BothServices, startBothServices } from '../support/both-services.js';
import { createRealm, type TestRealm, type TestUser } from '../support/keycloak.js';
import { signInWithCode } from '../support/keycloak-browser-flow.js';
import type { TokenSet } from '../support/keycloak-tokens.js';
import { keycloakSettings } from '../support/user-service.js';
import { tampered } from '../verifiers/tampered-token.js';
import { InstalledServices, SERVICE_NAMES, type ServiceVariables } from './installed-services.js';

const FEED_TOKEN = 'a-token-for-the-feed';

let installed: InstalledServices;
let realm: TestRealm;
let services: BothServices;
let variables: ServiceVariables;
let user: TestUser;
let tokens: TokenSet;

beforeAll(async () => {
  [installed, realm] = await Promise.all([InstalledServices.install(), createRealm()]);
  services = await startBothServices({ keycloak: keycloakSettings(realm), authorityFeedToken: FEED_TOKEN });
  await sendLogoutsTo(`${services.idp.api.url}/auth/backchannel-logout`);
  const { issuer, audience } = services.idp.settings.signing;
  variables = {
    TWINKEY_ISSUER: issuer,
    TWINKEY_AUDIENCE: audience,
    TWINKEY_JWKS_URL: services.idp.api.url.replace('/api/v1', '/.well-known/jwks.json'),
    KEYCLOAK_URL: realm.keycloak.url,
    KEYCLOAK_REALM: realm.name,
    TWINKEY_FEED_URL: `${services.idp.api.url}/authority`,
    TWINKEY_FEED_TOKEN: FEED_TOKEN,
  };
  user = await realm.createUser();
  tokens = await realm.signIn(user);
}, 300_000);
afterAll(async () => {
  await services?.close();
  await realm?.delete();
  await installed?.close();
});

async function sendLogoutsTo(url: string): Promise<void> {
  const [client] = await realm.admin.clients.find({ clientId: 'frontend' });
  const attributes = { ...client?.attributes, 'backchannel.logout.url': url };
  await realm.admin.clients.update({ id: String(client?.id) }, { ...client, attributes });
}

describe.each(SERVICE_NAMES)('%s', { timeout: 180_000 }, (name) => {
  it('accepts the tokens of both issuers, and nothing else', async () => {
    const service = await installed.start(name, variables);
    try {
      expect(await service.get('/me', tokens.accessToken)).toMatchObject({
        status: 200,
        body: { issuer: 'keycloak', sub: user.id, username: user.username },
      });
      const { account, api } = await services.idp.signIn([]);
      expect(await service.get('/me', api.token as string)).toMatchObject({
        status: 200,
        body: { issuer: 'native', sub: account.id },
      });
      expect((await service.get('/reports', tokens.accessToken)).status).toBe(403);
      for (const token of [tampered(tokens.accessToken), tokens.idToken, tokens.refreshToken]) {
        expect((await service.get('/me', token as string)).status).toBe(401);
      }
    } finally {
      await service.close();
    }
  });

  it('refuses the tokens of a session that has ended in Keycloak', async () => {
    const service = await installed.start(name, variables);
    try {
      const client = {
        issuer: realm.issuer,
        clientId: 'frontend',
        redirectUri: 'http://localhost:5173/callback',
      };
      const person = await realm.createUser();
      const { accessToken } = await signInWithCode(client, person);
      expect((await service.get('/me', accessToken)).status).toBe(200);
      await realm.admin.users.logout({ id: person.id });
      const status = async () => (await service.get('/me', accessToken)).status;
      await expect.poll(status, { timeout: 15_000, interval: 50 }).toBe(401);
      expect((await service.get('/me', tokens.accessToken)).status).toBe(200);
    } finally {
      await service.close();
    }
  });
});
