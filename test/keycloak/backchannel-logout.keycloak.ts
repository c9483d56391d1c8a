import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { createRealm, type TestRealm } from '../support/keycloak.js';
import { signInWithCode } from '../support/keycloak-browser-flow.js';
import { readToken, type TokenSet } from '../support/keycloak-tokens.js';

let idp: TestIdentityProvider;
let realm: TestRealm;
beforeAll(async () => {
  const { url } = inject('keycloak');
  const name = `logout-${randomBytes(6).toString('hex')}`;
  const issuer = `${url}/realms/${name}`;
  idp = await startTestIdentityProvider({
    keycloak: {
      issuer,
      jwksUrl: `${issuer}/protocol/openid-connect/certs`,
      audience: 'user-service',
      roleMap: new Map(),
      url,
      internalUrl: url,
      realm: name,
    },
  });
  realm = await createRealm({ realm: name }, undefined, {
    logoutUrl: `${idp.api.url}/auth/backchannel-logout`,
  });
});
afterAll(async () => {
  await realm?.delete();
  await idp?.close();
});

const signIn = (user: { username: string; password: string }): Promise<TokenSet> =>
  signInWithCode(
    { issuer: realm.issuer, clientId: 'frontend', redirectUri: 'http://localhost:5173/callback' },
    user,
  );

const meStatus = async ({ accessToken }: TokenSet) => (await idp.api.as(accessToken).get('/auth/me')).status;

/** `kind issuedBefore` of the revocations of these ids. */
const revocationsOf = async (...ids: unknown[]): Promise<string[]> => {
  const rows = await idp.database.query(
    `SELECT kind, issued_before FROM identity.revocations WHERE issuer = 'keycloak' AND id = ANY($1)`,
    [ids],
  );
  return rows.map((row: { kind: string; issued_before: Date | null }) => `${row.kind} ${row.issued_before}`);
};

it('a logout in the browser ends the session of the frontend, and no other of the same user', async () => {
  const user = await realm.createUser();
  const [first, second] = [await signIn(user), await signIn(user)];
  expect([await meStatus(first), await meStatus(second)]).toEqual([200, 200]);
  const { sid, sub } = readToken(first.accessToken)[1];
  const answer = await fetch(`${realm.issuer}/protocol/openid-connect/logout`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: 'frontend', refresh_token: String(first.refreshToken) }),
  });
  expect(answer.status).toBe(204);
  await expect.poll(() => meStatus(first), { timeout: 5_000 }).toBe(401);
  expect(await meStatus(second)).toBe(200);
  expect(await revocationsOf(sid, sub)).toEqual(['session null']);
});

it('an RP-initiated logout does the same', async () => {
  const user = await realm.createUser();
  const tokens = await signIn(user);
  const query = new URLSearchParams({ id_token_hint: String(tokens.idToken), client_id: 'frontend' });
  const answer = await fetch(`${realm.issuer}/protocol/openid-connect/logout?${query}`);
  expect(answer.status).toBe(200);
  await expect.poll(() => meStatus(tokens), { timeout: 5_000 }).toBe(401);
});

it('an administrator who ends all sessions of a user ends each of them here', async () => {
  const user = await realm.createUser();
  const [first, second] = [await signIn(user), await signIn(user)];
  const other = await signIn(await realm.createUser());
  await realm.admin.users.logout({ id: user.id });
  for (const tokens of [first, second])
    await expect.poll(() => meStatus(tokens), { timeout: 5_000 }).toBe(401);
  expect(await meStatus(other)).toBe(200);
});

it('without "session required", Keycloak names the user alone, and all of their tokens end', async () => {
  const [client] = await realm.admin.clients.find({ clientId: 'frontend' });
  const update = (required: string) =>
    realm.admin.clients.update(
      { id: String(client?.id) },
      { ...client, attributes: { ...client?.attributes, 'backchannel.logout.session.required': required } },
    );
  await update('false');
  try {
    const user = await realm.createUser();
    const [first, second] = [await signIn(user), await signIn(user)];
    await realm.admin.users.logout({ id: user.id });
    for (const tokens of [first, second])
      await expect.poll(() => meStatus(tokens), { timeout: 5_000 }).toBe(401);
    expect(await revocationsOf(user.id)).toEqual([expect.stringMatching(/^subject ./)]);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await meStatus(await signIn(user))).toBe(200);
  } finally {
    await update('true');
  }
});

it('an ID token, an access token and a refresh token of the same session are not logout tokens', async () => {
  const tokens = await signIn(await realm.createUser());
  for (const token of [tokens.accessToken, tokens.idToken, tokens.refreshToken]) {
    const answer = await fetch(`${idp.api.url}/auth/backchannel-logout`, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: String(token) }),
    });
    expect(answer.status).toBe(400);
  }
  expect(await meStatus(tokens)).toBe(200);
});
