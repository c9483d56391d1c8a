import { createHash } from 'node:crypto';
import bcrypt from 'bcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Account } from '#libs/database/identity/account.entity.js';
import { decodeToken } from '#libs/verify/src/token/compact-token.js';
import type { Answer } from '../support/api.js';
import { type CapturedLog, captureLog } from '../support/captured-log.js';
import {
  type Caller,
  startTestIdentityProvider,
  type TestIdentityProvider,
} from '../support/identity-provider.js';

const PASSWORD = 'securepass123';
const OTHER = 'another-good-one';
const DAY = 86_400;

interface Tokens {
  token: string;
  expiresAt: string;
  refreshToken: string;
  refreshExpiresAt: string;
}

let log: CapturedLog;
let idp: TestIdentityProvider;
let replica: TestIdentityProvider;
/** The same database, without refresh tokens. */
let plain: TestIdentityProvider;
let admin: Caller;
let passwordHash: string;

beforeAll(async () => {
  log = await captureLog();
  const login = { maxFailures: 1_000, maxFailuresPerAddress: 10_000, windowSeconds: 900 };
  const sessions = { accessTokenSeconds: 900, refreshTokenSeconds: 14 * DAY, maxSeconds: 90 * DAY };
  idp = await startTestIdentityProvider({ login, sessions, bcryptCost: 4 }, log.logger);
  replica = await startTestIdentityProvider({ ...idp.settings, port: 0 }, log.logger);
  const sessionsWithout = { ...sessions, accessTokenSeconds: null, refreshTokenSeconds: null };
  const settings = { ...idp.settings, port: 0, sessions: sessionsWithout };
  plain = await startTestIdentityProvider(settings, log.logger);
  passwordHash = await bcrypt.hash(PASSWORD, 4);
  admin = await idp.signIn([], { roleId: (await idp.systemRole('admin')).id });
});
afterAll(async () => {
  await plain?.close();
  await replica?.close();
  await idp?.close();
});

async function signIn(given: Partial<Account> = {}): Promise<{ account: Account; tokens: Tokens }> {
  const account = await idp.make.account({ passwordHash, ...given });
  return { account, tokens: await signInAgain(account) };
}

async function signInAgain({ email }: Account): Promise<Tokens> {
  const { status, data } = await idp.api.post<Tokens>('/auth/login', { email, password: PASSWORD });
  expect(status).toBe(200);
  return data;
}

const refresh = (token: string, at = idp) => at.api.post<Tokens>('/auth/refresh', { refresh_token: token });

const sidOf = ({ token }: Tokens) => decodeToken(token).claims['sid'] as string;

const isAlive = async (tokens: Tokens) => (await replica.api.as(tokens.token).get('/auth/me')).status === 200;

/** Moves the last refresh of a session into the past, so that tests need not wait. */
const later = (tokens: Tokens, seconds: number) =>
  idp.database.query(
    'UPDATE identity.sessions SET refreshed_at = refreshed_at - $2::interval WHERE id = $1',
    [sidOf(tokens), `${seconds} seconds`],
  );

const inSeconds = (time: string) => (Date.parse(time) - Date.now()) / 1000;

describe('a login', () => {
  it('returns a refresh token of 256 bits, and an access token with a short life', async () => {
    const { tokens } = await signIn();
    expect(Object.keys(tokens).sort()).toEqual([
      'expiresAt',
      'refreshExpiresAt',
      'refreshToken',
      'token',
      'tokenType',
    ]);
    expect(Buffer.from(tokens.refreshToken, 'base64url')).toHaveLength(32);
    const { claims } = decodeToken(tokens.token);
    expect((claims['exp'] as number) - (claims['iat'] as number)).toBe(900);
    expect(Date.parse(tokens.expiresAt)).toBe((claims['exp'] as number) * 1000);
    expect(inSeconds(tokens.refreshExpiresAt) / DAY).toBeCloseTo(14, 2);
    const { data } = await idp.api.as(tokens.token).get('/auth/sessions');
    expect(data[0]).toMatchObject({ id: claims['sid'], expires_at: tokens.refreshExpiresAt });
  });

  it('returns no refresh token unless they are configured, and the session ends with its token', async () => {
    const { email } = await idp.make.account({ passwordHash });
    const { data } = await plain.api.post('/auth/login', { email, password: PASSWORD });
    expect(Object.keys(data).sort()).toEqual(['expiresAt', 'token', 'tokenType']);
    const { data: sessions } = await plain.api.as(data.token).get('/auth/sessions');
    expect(sessions[0].expires_at).toBe(data.expiresAt);
    const { tokens } = await signIn();
    expect((await refresh(tokens.refreshToken, plain)).status).toBe(401);
    expect((await refresh(tokens.refreshToken)).status).toBe(200);
  });
});

describe('a refresh', () => {
  it('returns new tokens of the same session, on every replica', async () => {
    const { tokens: first } = await signIn();
    const answer = await refresh(first.refreshToken, replica);
    expect([answer.status, answer.message]).toEqual([200, 'Token refreshed.']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const second = answer.data;
    expect(Object.keys(second).sort()).toEqual(Object.keys(first).sort());
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect(sidOf(second)).toBe(sidOf(first));
    expect(decodeToken(second.token).claims['jti']).not.toBe(decodeToken(first.token).claims['jti']);
    expect([await isAlive(first), await isAlive(second)]).toEqual([true, true]);
    expect((await refresh(second.refreshToken)).status).toBe(200);
  });

  it('gives the token that holds now', async () => {
    const { account, tokens } = await signIn();
    const role = await idp.make.role(['accounts:read']);
    await admin.api.patch(`/accounts/${account.id}`, { role_id: role.id, first_name: 'Ada' });
    const { data } = await refresh(tokens.refreshToken, replica);
    expect(decodeToken(data.token).claims).toMatchObject({
      sub: account.id,
      role: role.name,
      permissions: ['accounts:read'],
      given_name: 'Ada',
      client_id: 'twinkey',
    });
  });

  it('prolongs the session, but not beyond its greatest age', async () => {
    const { tokens } = await signIn();
    const age = (days: number) =>
      idp.database.query(
        `UPDATE identity.sessions SET created_at = now() - $2::interval, expires_at = now() + interval '1 hour'
         WHERE id = $1`,
        [sidOf(tokens), `${days * DAY} seconds`],
      );
    await age(1);
    const { data: young } = await refresh(tokens.refreshToken);
    expect(inSeconds(young.refreshExpiresAt) / DAY).toBeCloseTo(14, 2);
    await age(80);
    const { data: old } = await refresh(young.refreshToken);
    expect(inSeconds(old.refreshExpiresAt) / DAY).toBeCloseTo(10, 2);
    // Five minutes before its end, also the access token ends then.
    await age(90 - 300 / DAY);
    const { data: last } = await refresh(old.refreshToken);
    expect(inSeconds(last.refreshExpiresAt)).toBeGreaterThan(200);
    expect(inSeconds(last.refreshExpiresAt)).toBeLessThan(301);
    expect(Date.parse(last.expiresAt)).toBeLessThanOrEqual(Date.parse(last.refreshExpiresAt));
    await age(90.1);
    expect((await refresh(last.refreshToken)).status).toBe(401);
  });

  it('counts as a use of the session', async () => {
    const { tokens } = await signIn();
    await refresh(tokens.refreshToken);
    const [session] = (await idp.api.as(tokens.token).get('/auth/sessions')).data;
    expect(Date.parse(session.last_used_at)).toBeGreaterThan(Date.parse(session.created_at));
  });

  it.each([
    ['no token', {}, 'refresh_token required'],
    ['a number', { refresh_token: 1 }, 'refresh_token string_expected'],
    ['an endless token', { refresh_token: 'a'.repeat(8_193) }, 'refresh_token too_long'],
    ['another field', { refresh_token: 'a', email: 'a@example.com' }, 'email unknown_field'],
  ])('refuses %s', async (_, body, error) => {
    const answer = await idp.api.post('/auth/refresh', body);
    expect([answer.status, answer.errors]).toEqual([422, [error]]);
  });
});

describe('a used refresh token', () => {
  it('gives the same successor for 20 seconds', async () => {
    const { tokens } = await signIn();
    const first = await refresh(tokens.refreshToken);
    await later(tokens, 15);
    const again = await refresh(tokens.refreshToken, replica);
    expect(again.status).toBe(200);
    expect(again.data).toMatchObject({
      refreshToken: first.data.refreshToken,
      refreshExpiresAt: first.data.refreshExpiresAt,
    });
    expect(await isAlive(again.data)).toBe(true);
  });

  it('ends the session after 20 seconds', async () => {
    const { tokens } = await signIn();
    const { data: next } = await refresh(tokens.refreshToken);
    await later(tokens, 21);
    expect((await refresh(tokens.refreshToken, replica)).status).toBe(401);
    expect([await isAlive(tokens), await isAlive(next)]).toEqual([false, false]);
    expect((await refresh(next.refreshToken)).status).toBe(401);
    expect(log.lines()).toContainEqual(
      expect.objectContaining({
        msg: 'refresh token used again, session ended',
        session_id: sidOf(tokens),
        request_id: expect.any(String),
      }),
    );
  });

  it('ends the session if its successor was used, however long ago it was issued', async () => {
    for (const uses of [1, 3]) {
      const { tokens } = await signIn();
      let { data: newest } = await refresh(tokens.refreshToken);
      for (let i = 0; i < uses; i += 1) newest = (await refresh(newest.refreshToken)).data;
      expect((await refresh(tokens.refreshToken)).status).toBe(401);
      expect([await isAlive(newest), (await refresh(newest.refreshToken)).status]).toEqual([false, 401]);
    }
  });

  it('ends no other session of the account', async () => {
    const { account, tokens } = await signIn();
    const other = await signInAgain(account);
    await refresh(tokens.refreshToken);
    await later(tokens, 21);
    await refresh(tokens.refreshToken);
    expect([await isAlive(tokens), await isAlive(other)]).toEqual([false, true]);
    expect((await refresh(other.refreshToken)).status).toBe(200);
  });
});

describe('twenty tabs that refresh at once, over two replicas', () => {
  const tabs = (tokens: Tokens) =>
    Promise.all(
      Array.from({ length: 20 }, (_, tab) => refresh(tokens.refreshToken, tab % 2 ? idp : replica)),
    );
  const newest = (answers: Answer<Tokens>[]) => new Set(answers.map(({ data }) => data?.refreshToken));

  it('keep one session and get one successor', async () => {
    const { tokens } = await signIn();
    const answers = await tabs(tokens);
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(newest(answers).size).toBe(1);
    const { data } = await refresh([...newest(answers)][0] as string, replica);
    expect(sidOf(data)).toBe(sidOf(tokens));
    const { data: sessions } = await idp.api.as(data.token).get('/auth/sessions');
    expect(sessions).toHaveLength(1);
  });

  it('all lose the session if the token was used longer ago', async () => {
    const { tokens } = await signIn();
    const { data: next } = await refresh(tokens.refreshToken);
    await later(tokens, 21);
    const answers = await tabs(tokens);
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(401));
    expect(await isAlive(next)).toBe(false);
  });

  it('lose the session to a logout at the same time', async () => {
    const { tokens } = await signIn();
    const [answers] = await Promise.all([tabs(tokens), idp.api.as(tokens.token).post('/auth/logout')]);
    for (const { status, data } of answers) {
      if (status === 200) expect((await refresh(data.refreshToken)).status).toBe(401);
      else expect(status).toBe(401);
    }
    expect(await isAlive(tokens)).toBe(false);
  });
});

describe('the refusal of a refresh token', () => {
  const change = (id: string, body: object) => admin.api.patch(`/accounts/${id}`, body);

  const ends: [string, (account: Account, tokens: Tokens) => Promise<unknown>][] = [
    ['logout', (_, { token }) => idp.api.as(token).post('/auth/logout')],
    ['logout everywhere', (_, { token }) => idp.api.as(token).post('/auth/logout-all')],
    ['the end of the session', (_, t) => idp.api.as(t.token).delete(`/auth/sessions/${sidOf(t)}`)],
    ['its end by an administrator', ({ id }) => admin.api.delete(`/accounts/${id}/sessions`)],
    ['disabling', ({ id }) => change(id, { status: 'disabled' })],
    ['deleting', ({ id }) => admin.api.delete(`/accounts/${id}`)],
    ['a reset of the password', ({ id }) => change(id, { password: OTHER })],
    [
      'the expiry of the session',
      (_, t) =>
        idp.database.query('UPDATE identity.sessions SET expires_at = now() WHERE id = $1', [sidOf(t)]),
    ],
    [
      'disabling in the database',
      ({ id }) => idp.database.query(`UPDATE identity.accounts SET status = 'disabled' WHERE id = $1`, [id]),
    ],
  ];

  it('is the same for every reason', async () => {
    const { tokens: live } = await signIn();
    const changed = (index: number) => {
      const bytes = Buffer.from(live.refreshToken, 'base64url');
      bytes[index] = (bytes[index] as number) ^ 1;
      return bytes.toString('base64url');
    };
    const unknown = ['', 'nonsense', 'A'.repeat(43), live.token, `${live.refreshToken}=`];
    const ended = [];
    for (const [, end] of ends) {
      const { account, tokens } = await signIn();
      await end(account, tokens);
      ended.push(tokens.refreshToken);
    }
    for (const token of [...unknown, changed(0), changed(8), changed(31), ...ended]) {
      const { status, message, errors, headers } = await refresh(token, replica);
      expect([status, message, errors, headers.get('www-authenticate')]).toEqual([
        401,
        'Valid credentials are required.',
        ['- unauthorized'],
        'Bearer',
      ]);
    }
    // A changed token is not a used one.
    expect((await refresh(live.refreshToken)).status).toBe(200);
  });

  it('follows a change of the own password, in the other sessions', async () => {
    const { account, tokens } = await signIn();
    const other = await signInAgain(account);
    const body = { current_password: PASSWORD, new_password: OTHER };
    expect((await idp.api.as(tokens.token).post('/auth/password', body)).status).toBe(200);
    expect((await refresh(other.refreshToken)).status).toBe(401);
    expect((await refresh(tokens.refreshToken)).status).toBe(200);
  });

  it('applies to sessions of OAuth clients, which have an endpoint of their own', async () => {
    const { tokens } = await signIn();
    await idp.database.query(`UPDATE identity.sessions SET client_id = 'frontend' WHERE id = $1`, [
      sidOf(tokens),
    ]);
    expect((await refresh(tokens.refreshToken)).status).toBe(401);
    expect(await isAlive(tokens)).toBe(true);
  });
});

describe('the database and the log', () => {
  it('have digests of refresh tokens only', async () => {
    const { tokens } = await signIn();
    const { data } = await refresh(tokens.refreshToken);
    const [row] = await idp.database.query('SELECT * FROM identity.sessions WHERE id = $1', [sidOf(tokens)]);
    const digest = (text: string) => createHash('sha256').update(text).digest();
    expect(row.refresh_digest).toEqual(digest(data.refreshToken));
    expect(row.previous_refresh_digest).toEqual(digest(tokens.refreshToken));
    const stored = Buffer.concat(
      Object.values(row).map((value) => (Buffer.isBuffer(value) ? value : Buffer.from(String(value)))),
    );
    for (const { refreshToken, token } of [tokens, data]) {
      const bytes = Buffer.from(refreshToken, 'base64url');
      for (const part of [bytes.subarray(0, 8), bytes.subarray(8, 24), bytes.subarray(24)]) {
        expect(stored.includes(part)).toBe(false);
      }
      expect([log.text().includes(refreshToken), log.text().includes(token)]).toEqual([false, false]);
    }
    expect(log.text()).toContain('/api/v1/auth/refresh');
  });
});
