import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { demoUsers } from '#libs/development/keycloak/realm-files.js';
import { createRealm, type TestRealm } from '../support/keycloak.js';
import { keycloakAdmin } from '../support/keycloak-admin.js';
import { openLoginPage, signInWithCode } from '../support/keycloak-browser-flow.js';
import { readToken, requestClientToken, requestTokens } from '../support/keycloak-tokens.js';

const REDIRECT_URI = 'http://localhost:5173/callback';

/** The shipped file in a separate realm on any Keycloak, with two more clients for the tests' sign-ins. */
describe('the shipped realm', () => {
  let realm: TestRealm;
  const frontend = () => ({ issuer: realm.issuer, clientId: 'frontend', redirectUri: REDIRECT_URI });

  beforeAll(async () => {
    realm = await createRealm();
  });
  afterAll(() => realm?.delete());

  test('gives the service only the rights to query, view and manage users', async () => {
    const [client] = await realm.admin.clients.find({ clientId: 'user-service' });
    const account = await realm.admin.clients.getServiceAccountUser({ id: String(client?.id) });
    const { clientMappings, realmMappings } = await realm.admin.users.listRoleMappings({
      id: String(account.id),
    });
    const rights = Object.entries(clientMappings ?? {}).map(([client, { mappings }]) => [
      client,
      (mappings as { name: string }[]).map(({ name }) => name).sort(),
    ]);
    expect(rights).toEqual([['realm-management', ['manage-users', 'query-users', 'view-users']]]);
    expect(realmMappings).toBeUndefined();
  });

  test('lets the service read users, but nothing else of the realm', async () => {
    const token = await realm.clientCredentialsToken('user-service');
    const statusOf = async (path: string) => {
      const url = `${realm.keycloak.url}/admin/realms/${realm.name}${path}`;
      return (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status;
    };
    expect(await statusOf('/users?username=nobody&exact=true')).toBe(200);
    expect(await statusOf('/clients')).toBe(403);
    expect(await statusOf('/events')).toBe(403);
  });

  test('gives no client a token for a password', async () => {
    const { username, password } = await realm.createUser();
    for (const [clientId, secret] of [['frontend'], ['admin-cli'], ['user-service', realm.clientSecret]]) {
      const attempt = requestTokens(realm.issuer, {
        grant_type: 'password',
        client_id: String(clientId),
        ...(secret ? { client_secret: secret } : {}),
        username,
        password,
      });
      await expect(attempt, clientId).rejects.toThrow(/unauthorized_client|invalid_client/);
    }
  });

  test('signs users in at the frontend: a Bearer token with our audience, the subject and the names', async () => {
    const user = await realm.createUser({ roles: ['twinkey-admin'] });
    const { accessToken } = await signInWithCode(frontend(), user);
    const [header, payload] = readToken(accessToken);
    expect(header).toMatchObject({ alg: 'RS256', typ: 'JWT' });
    expect(payload).toMatchObject({
      iss: realm.issuer,
      aud: 'user-service',
      typ: 'Bearer',
      azp: 'frontend',
      sub: user.id,
      preferred_username: user.username,
      email: user.email,
      given_name: 'Ada',
      family_name: 'Byron',
      realm_access: { roles: ['twinkey-admin'] },
    });
    expect(payload['sid']).toEqual(expect.any(String));
    expect(Number(payload['exp']) - Number(payload['iat'])).toBe(300);
    expect(payload).not.toHaveProperty('client_id');
  });

  test("does not put a user's Keycloak administration rights into the frontend's tokens", async () => {
    const user = await realm.createUser({ username: 'realm-admin' });
    const [management] = await realm.admin.clients.find({ clientId: 'realm-management' });
    const role = await realm.admin.clients.findRole({ id: String(management?.id), roleName: 'realm-admin' });
    const mapping = { id: user.id, clientUniqueId: String(management?.id) };
    await realm.admin.users.addClientRoleMappings({
      ...mapping,
      roles: [{ id: String(role?.id), name: 'realm-admin' }],
    });
    const [, payload] = readToken((await signInWithCode(frontend(), user)).accessToken);
    expect(payload['aud']).toBe('user-service');
    expect(payload).not.toHaveProperty('resource_access');
  });

  test('lets users sign in with their email, and register', async () => {
    const { email, password } = await realm.createUser();
    await expect(signInWithCode(frontend(), { username: email, password })).resolves.toBeDefined();
    const { html } = await openLoginPage(frontend(), 'unused');
    expect(html).toContain('login-actions/registration');
  });

  test('refuses a code without PKCE, and a redirect to another site', async () => {
    const user = await realm.createUser();
    await expect(signInWithCode({ ...frontend(), pkce: false }, user)).rejects.toThrow(
      /code_challenge_method/,
    );
    const elsewhere = { ...frontend(), redirectUri: 'http://evil.example.com/callback' };
    await expect(signInWithCode(elsewhere, user)).rejects.toThrow(/answers 400/);
  });

  test('locks an account temporarily after ten wrong passwords, also for the right one', async () => {
    const user = await realm.createUser();
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await expect(realm.signIn({ ...user, password: `wrong ${attempt}` })).rejects.toThrow(/invalid_grant/);
    }
    await expect(realm.signIn(user)).rejects.toThrow(/invalid_grant/);
  });

  test('gives our service a token with client_id and without a session', async () => {
    const [, payload] = readToken(await realm.clientCredentialsToken('user-service'));
    expect(payload).toMatchObject({
      client_id: 'user-service',
      azp: 'user-service',
      preferred_username: 'service-account-user-service',
      typ: 'Bearer',
    });
    expect(payload).not.toHaveProperty('sid');
  });
});

describe.skipIf(inject('keycloak').shippedRealm === null)('the realm as npm run keycloak imports it', () => {
  const issuer = () => `${inject('keycloak').url}/realms/myrealm`;

  test('has the secret from the environment, not the placeholder', async () => {
    const attempt = (secret: string) => requestClientToken(issuer(), 'user-service', secret);
    const token = await attempt(String(inject('keycloak').shippedRealm?.clientSecret));
    expect(readToken(token)[1]).toMatchObject({ iss: issuer(), client_id: 'user-service' });
    await expect(attempt('$' + '{KEYCLOAK_CLIENT_SECRET}')).rejects.toThrow('unauthorized_client');
  });

  test('has the built-in client scopes', async () => {
    const scopes = await keycloakAdmin(inject('keycloak'), 'myrealm').clientScopes.find();
    expect(scopes.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['basic', 'roles', 'profile', 'email']),
    );
  });

  test('tells identity-provider on this machine of the logouts of the frontend, unless the environment says otherwise', async () => {
    const [client] = await keycloakAdmin(inject('keycloak'), 'myrealm').clients.find({
      clientId: 'frontend',
    });
    expect(client?.frontchannelLogout).toBe(false);
    expect(client?.attributes).toMatchObject({
      'backchannel.logout.url': 'http://localhost:8001/api/v1/auth/backchannel-logout',
      'backchannel.logout.session.required': 'true',
    });
  });

  test('has the demo users, and only kcadmin is an admin of Twinkey', async () => {
    const roles: Record<string, unknown> = {};
    for (const { username, credentials } of await demoUsers()) {
      const flow = { issuer: issuer(), clientId: 'frontend', redirectUri: REDIRECT_URI };
      const password = String(credentials?.[0]?.value);
      const tokens = await signInWithCode(flow, { username: String(username), password });
      roles[String(username)] = readToken(tokens.accessToken)[1]['realm_access'];
    }
    expect(roles).toEqual({ alice: undefined, kcadmin: { roles: ['twinkey-admin'] } });
  });
});
