import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EXPIRING_TABLES } from '#apps/identity-provider/src/expired-rows/expired-rows.service.js';
import { deleteExpired } from '#libs/background/expired-rows.js';
import { newId } from '#libs/core/ids.js';
import {
  keycloakToken,
  type Members,
  nativeToken,
  signingInput,
  signToken,
  type TokenParts,
  testKey,
} from '#libs/verify/src/testing/tokens.js';
import { auditRows, whileAuditFails } from '../support/audit.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { answerKeys, type JwksServer, startJwksServer } from '../support/jwks-server.js';

const ISSUER = 'https://sso.example.com/realms/people';
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const key = testKey('realm');
const otherKey = testKey('realm');

let jwks: JwksServer;
let idp: TestIdentityProvider;
let replica: TestIdentityProvider;
beforeAll(async () => {
  jwks = await startJwksServer(answerKeys(key));
  const keycloak = {
    issuer: ISSUER,
    jwksUrl: jwks.url,
    audience: 'twinkey',
    roleMap: new Map(),
    url: 'https://sso.example.com',
    internalUrl: new URL(jwks.url).origin,
    realm: 'people',
    maxLifetimeSeconds: 3_600,
  };
  idp = await startTestIdentityProvider({ keycloak, logoutClients: ['frontend', 'twinkey'] });
  replica = await startTestIdentityProvider({ ...idp.settings });
});
afterAll(async () => {
  await replica?.close();
  await idp?.close();
  await jwks?.close();
});

const now = () => Math.floor(Date.now() / 1_000);

/** Each test has its own Keycloak user with two sessions. */
let user: { sub: string; sid: string; otherSid: string };
beforeEach(() => {
  user = { sub: newId(), sid: newId(), otherSid: newId() };
});

/** A logout token as Keycloak 26.7 makes it, for the test's first session. */
const logoutToken = (claims: Members = {}, header: Members = {}): TokenParts => ({
  header: { alg: 'RS256', typ: 'logout+jwt', kid: key.kid, ...header },
  claims: {
    iat: now(),
    exp: now() + 120,
    jti: newId(),
    iss: ISSUER,
    aud: 'frontend',
    sub: user.sub,
    typ: 'Logout',
    sid: user.sid,
    events: { [EVENT]: {} },
    ...claims,
  },
});

const accessToken = (claims: Members = {}): string => {
  const { header, claims: usual } = keycloakToken(ISSUER, 'twinkey', key.kid);
  return signToken({ header, claims: { ...usual, sub: user.sub, sid: user.sid, ...claims } }, key);
};

const meStatus = async (token: string, of = idp) => (await of.api.as(token).get('/auth/me')).status;

function post(
  body: string | Uint8Array<ArrayBuffer> | URLSearchParams,
  headers: Record<string, string> = {},
  of = idp,
): Promise<Response> {
  return fetch(`${of.api.url}/auth/backchannel-logout`, { method: 'POST', body, headers });
}

const logOut = (token: string, of = idp) => post(new URLSearchParams({ logout_token: token }), {}, of);

const countRevocations = async (): Promise<number> => {
  const [row] = await idp.database.query(
    `SELECT count(*)::integer AS count FROM identity.revocations WHERE issuer = 'keycloak'`,
  );
  return row.count;
};

describe('a logout token of Keycloak', () => {
  it('ends the session that it names on all replicas, and no other session of the user', async () => {
    const [ended, other] = [accessToken(), accessToken({ sid: user.otherSid })];
    expect([await meStatus(ended), await meStatus(other)]).toEqual([200, 200]);
    const answer = await logOut(signToken(logoutToken(), key));
    expect([answer.status, await answer.text()]).toEqual([200, '']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect([await meStatus(ended), await meStatus(ended, replica)]).toEqual([401, 401]);
    expect([await meStatus(other), await meStatus(other, replica)]).toEqual([200, 200]);
  });

  it('without a session ends all tokens of the user that were issued until then', async () => {
    const [first, second] = [accessToken(), accessToken({ sid: user.otherSid })];
    const later = accessToken({ sid: newId(), iat: now() + 5 });
    const stranger = accessToken({ sub: newId() });
    expect((await logOut(signToken(logoutToken({ sid: undefined }), key))).status).toBe(200);
    expect([await meStatus(first), await meStatus(second)]).toEqual([401, 401]);
    expect([await meStatus(later), await meStatus(stranger)]).toEqual([200, 200]);
  });

  it('is in the audit log, or not accepted', async () => {
    const token = signToken(logoutToken(), key);
    const refused = await whileAuditFails(idp.database, () => logOut(token));
    expect(refused.status).toBeGreaterThanOrEqual(500);
    expect(await meStatus(accessToken())).toBe(200);
    expect((await logOut(token)).status).toBe(200);
    const details = { issuer: 'keycloak', sub: user.sub, reason: 'keycloak_logout' };
    expect(await auditRows(idp.database, 'target_id = $1', user.sid)).toMatchObject([
      { action: 'session.ended', actor_sub: null, target_type: 'session', address: '127.0.0.1', details },
    ]);
  });

  it('is recorded until the last token of the session has expired', async () => {
    await logOut(signToken(logoutToken(), key));
    const rows = await idp.database.query(
      `SELECT issuer, kind, issued_before, round(extract(epoch FROM expires_at - now())) AS seconds
       FROM identity.revocations WHERE id = $1`,
      [user.sid],
    );
    expect(rows).toEqual([
      { issuer: 'keycloak', kind: 'session', issued_before: null, seconds: expect.any(String) },
    ]);
    expect(Number(rows[0].seconds)).toBeGreaterThan(3_600);
    expect(Number(rows[0].seconds)).toBeLessThan(3_700);
  });

  it('may name several clients, and another of the accepted ones', async () => {
    expect((await logOut(signToken(logoutToken({ aud: ['x', 'frontend'] }), key))).status).toBe(200);
    expect((await logOut(signToken(logoutToken({ aud: 'twinkey' }), key))).status).toBe(200);
  });

  it('is accepted once, by one replica', async () => {
    const token = signToken(logoutToken(), key);
    const answers = await Promise.all([
      logOut(token),
      logOut(token, replica),
      logOut(token),
      logOut(token, replica),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400]);
    expect((await logOut(token, replica)).status).toBe(400);
  });
});

/** `hmac`: with the public key as its secret. */
const hmac = (parts: TokenParts): string => {
  const input = signingInput(parts);
  return `${input}.${createHmac('sha256', key.pem).update(input).digest('base64url')}`;
};

describe('a forged logout token gets 400 and ends nothing:', () => {
  const forged: [title: string, make: () => string][] = [
    ['another issuer', () => signToken(logoutToken({ iss: 'https://evil.example.com/realms/people' }), key)],
    [
      "another realm's issuer",
      () => signToken(logoutToken({ iss: 'https://sso.example.com/realms/other' }), key),
    ],
    ["another realm's key", () => signToken(logoutToken(), otherKey)],
    ['the native issuer', () => signToken(logoutToken({ iss: idp.settings.signing.issuer }), key)],
    ['an unknown kid', () => signToken(logoutToken({}, { kid: 'unknown' }), key)],
    ['another client', () => signToken(logoutToken({ aud: 'somebody-else' }), key)],
    ['no audience', () => signToken(logoutToken({ aud: undefined }), key)],
    ['an audience within a text', () => signToken(logoutToken({ aud: 'frontend twinkey' }), key)],
    ['HS256 with the public key', () => hmac(logoutToken({}, { alg: 'HS256' }))],
    ['alg none', () => `${signingInput(logoutToken({}, { alg: 'none' }))}.`],
    ['RS512', () => signToken(logoutToken({}, { alg: 'RS512' }), key)],
    ['crit', () => signToken(logoutToken({}, { crit: ['exp'] }), key)],
    ['a key of its own', () => signToken(logoutToken({}, { jwk: otherKey.jwk }), otherKey)],
    ['a nonce', () => signToken(logoutToken({ nonce: 'n' }), key)],
    ['a nonce that is null', () => signToken(logoutToken({ nonce: null }), key)],
    ['no events', () => signToken(logoutToken({ events: undefined }), key)],
    ['another event', () => signToken(logoutToken({ events: { [`${EVENT}2`]: {} } }), key)],
    ['events as a list', () => signToken(logoutToken({ events: [EVENT] }), key)],
    ['an event that is no object', () => signToken(logoutToken({ events: { [EVENT]: true } }), key)],
    ['neither sub nor sid', () => signToken(logoutToken({ sub: undefined, sid: undefined }), key)],
    ['an empty sid beside a sub', () => signToken(logoutToken({ sid: '' }), key)],
    ['a sid that is no text', () => signToken(logoutToken({ sid: [user.sid] }), key)],
    ['no jti', () => signToken(logoutToken({ jti: undefined }), key)],
    ['a jti of 4 kB', () => signToken(logoutToken({ jti: 'x'.repeat(4_096) }), key)],
    ['no iat', () => signToken(logoutToken({ iat: undefined }), key)],
    ['no exp', () => signToken(logoutToken({ exp: undefined }), key)],
    ['an iat ahead', () => signToken(logoutToken({ iat: now() + 300, exp: now() + 400 }), key)],
    ['expired', () => signToken(logoutToken({ iat: now() - 300, exp: now() - 100 }), key)],
    ['a life of a day', () => signToken(logoutToken({ exp: now() + 86_400 }), key)],
    ['times as texts', () => signToken(logoutToken({ exp: String(now() + 60) }), key)],
    ['the type of an access token', () => signToken(logoutToken({}, { typ: 'JWT' }), key)],
    ['the use of an ID token', () => signToken(logoutToken({ typ: 'ID' }), key)],
    ['an access token', () => accessToken()],
    ['a native token', () => signToken(nativeToken(ISSUER, 'frontend', key.kid), key)],
    ['nonsense', () => 'nonsense'],
    ['nothing', () => ''],
    ['17 KiB', () => signToken(logoutToken({ more: 'x'.repeat(17_000) }), key)],
  ];

  it.each(forged)('%s', async (_, make) => {
    const token = accessToken();
    const before = await countRevocations();
    const answer = await logOut(make());
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([400, 'no-store']);
    expect(await answer.json()).toEqual({
      error: 'invalid_request',
      error_description: 'The logout token is not valid.',
    });
    expect(await countRevocations()).toBe(before);
    expect(await meStatus(token)).toBe(200);
  });
});

describe('a request that is no logout', () => {
  const valid = () => signToken(logoutToken(), key);
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const requests: [title: string, send: () => Promise<Response>][] = [
    ['without a body', () => fetch(`${idp.api.url}/auth/backchannel-logout`, { method: 'POST' })],
    ['with an empty form', () => post('', form)],
    [
      'with JSON',
      () => post(JSON.stringify({ logout_token: valid() }), { 'content-type': 'application/json' }),
    ],
    ['with malformed JSON', () => post('{', { 'content-type': 'application/json' })],
    ['with two tokens', () => post(`logout_token=${valid()}&logout_token=${valid()}`, form)],
    ['with bytes that are not UTF-8', () => post(new Uint8Array([0x6c, 0xff, 0xfe]), form)],
    [
      'with the token in the query',
      () => fetch(`${idp.api.url}/auth/backchannel-logout?logout_token=${valid()}`, { method: 'POST' }),
    ],
  ];

  it.each(requests)('%s gets 400 and ends nothing', async (_, send) => {
    const before = await countRevocations();
    const answer = await send();
    expect(answer.status).toBe(400);
    expect(await countRevocations()).toBe(before);
  });

  it('is a form on any other route', async () => {
    const answer = await fetch(`${idp.api.url}/auth/login`, {
      method: 'POST',
      headers: form,
      body: 'email=a@example.com&password=b',
    });
    expect([answer.status, ((await answer.json()) as { code: number }).code]).toEqual([415, 415]);
  });

  it('gets 405 or 404 with GET', async () => {
    expect([404, 405]).toContain((await idp.api.get('/auth/backchannel-logout')).status);
  });
});

it("answers 503 while Keycloak's keys are not available, and can be repeated", async () => {
  const away = await startJwksServer();
  const { keycloak } = idp.settings;
  const other = await startTestIdentityProvider({
    ...idp.settings,
    keycloak: keycloak && { ...keycloak, jwksUrl: away.url, internalUrl: new URL(away.url).origin },
  });
  const token = signToken(logoutToken(), key);
  const answer = await logOut(token, other);
  expect([answer.status, Number(answer.headers.get('retry-after')) > 0]).toEqual([503, true]);
  expect(await answer.json()).toMatchObject({ error: 'temporarily_unavailable' });
  expect((await logOut(token)).status).toBe(200);
  await other.close();
  await away.close();
});

it('writes an event with the session, the subject and the reason', async () => {
  await logOut(signToken(logoutToken(), key));
  const events = await idp.database.query(
    `SELECT action, outcome, actor_sub, details FROM identity.audit_events WHERE target_id = $1`,
    [user.sid],
  );
  const details = { reason: 'keycloak_logout', issuer: 'keycloak', sub: user.sub };
  expect(events).toEqual([{ action: 'session.ended', outcome: 'success', actor_sub: null, details }]);
});

it('deletes the ids of expired logout tokens', async () => {
  await idp.database.query(
    `INSERT INTO identity.logout_tokens (issuer, id, expires_at) VALUES ('keycloak', 'old', now() - interval '1 s')`,
  );
  await logOut(signToken(logoutToken(), key));
  await deleteExpired(idp.database, EXPIRING_TABLES['expired-logout-tokens']);
  const rows = await idp.database.query('SELECT id FROM identity.logout_tokens');
  expect(rows.length).toBeGreaterThan(0);
  expect(rows).not.toContainEqual({ id: 'old' });
});
