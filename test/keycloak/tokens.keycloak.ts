import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRealm, type TestRealm, type TestUser } from '../support/keycloak.js';
import { readToken, requestTokens, type TokenSet } from '../support/keycloak-tokens.js';

/** docs/keycloak.md has the same in a table; the verifier relies on it. */
describe('the tokens of a real Keycloak', () => {
  let realm: TestRealm;
  let user: TestUser;
  let tokens: TokenSet;
  let listener: Server;
  /** Bodies of back-channel logout requests. */
  const logouts: string[] = [];

  beforeAll(async () => {
    listener = createServer(async (request, response) => {
      logouts.push(await text(request));
      response.end();
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as { port: number };
    const attributes = {
      'backchannel.logout.url': `http://127.0.0.1:${port}/`,
      'backchannel.logout.session.required': 'true',
    };
    realm = await createRealm({
      clients: [
        {
          clientId: 'with-backchannel-logout',
          publicClient: true,
          directAccessGrantsEnabled: true,
          attributes,
        },
      ],
    });
    user = await realm.createUser({ username: 'MiXed', roles: ['support'] });
    tokens = await realm.signIn(user);
  });
  afterAll(async () => {
    listener?.close();
    await realm?.delete();
  });

  test('an access token of a client with full scope: the audience is a list, and all realm roles are included', () => {
    const [header, payload] = readToken(tokens.accessToken);
    expect(header).toEqual({ alg: 'RS256', typ: 'JWT', kid: expect.any(String) });
    expect(payload).toMatchObject({
      typ: 'Bearer',
      aud: ['user-service', 'account'],
      azp: 'test',
      sub: user.id,
    });
    expect(payload['realm_access']).toEqual({ roles: expect.arrayContaining(['support', 'offline_access']) });
  });

  test('an ID token: signed with the same key, for the client', () => {
    const [{ kid }] = readToken(tokens.accessToken);
    const [header, payload] = readToken(String(tokens.idToken));
    expect(header).toEqual({ alg: 'RS256', typ: 'JWT', kid });
    expect(payload).toMatchObject({ typ: 'ID', aud: 'test', sub: user.id });
  });

  test('refresh and offline tokens: HS512, the audience is the issuer', async () => {
    const offline = await realm.signIn(user, 'openid offline_access');
    const [header, payload] = readToken(String(tokens.refreshToken));
    expect(header).toMatchObject({ alg: 'HS512', typ: 'JWT' });
    expect(payload).toMatchObject({ typ: 'Refresh', aud: realm.issuer });
    const [offlineHeader, offlinePayload] = readToken(String(offline.refreshToken));
    expect(offlineHeader).toMatchObject({ alg: 'HS512', typ: 'JWT' });
    expect(offlinePayload).toMatchObject({ typ: 'Offline', aud: realm.issuer });
    expect(offlinePayload).not.toHaveProperty('exp');
  });

  test('a logout token: signed with the same key, with another type', async () => {
    await requestTokens(realm.issuer, {
      grant_type: 'password',
      client_id: 'with-backchannel-logout',
      username: user.username,
      password: user.password,
    });
    await realm.admin.users.logout({ id: user.id });
    await expect.poll(() => logouts.length).toBe(1);
    const [header, payload] = readToken(String(new URLSearchParams(logouts[0]).get('logout_token')));
    expect(header).toEqual({ alg: 'RS256', typ: 'logout+jwt', kid: readToken(tokens.accessToken)[0]['kid'] });
    expect(payload).toMatchObject({ typ: 'Logout', aud: 'with-backchannel-logout', sub: user.id });
  });

  test('usernames and emails are in lower case', () => {
    const [, payload] = readToken(tokens.accessToken);
    expect(payload).toMatchObject({ preferred_username: 'mixed', email: 'mixed@example.com' });
  });

  test('the key set has an encryption key and a signing key', async () => {
    const response = await fetch(`${realm.issuer}/protocol/openid-connect/certs`);
    const { keys } = (await response.json()) as { keys: { use: string; alg: string; kid: string }[] };
    expect(keys.map(({ use, alg }) => `${use} ${alg}`).sort()).toEqual(['enc RSA-OAEP', 'sig RS256']);
    expect(keys.find(({ use }) => use === 'sig')?.kid).toBe(readToken(tokens.accessToken)[0]['kid']);
  });
});
