import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import bcrypt from 'bcrypt';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { newId } from '#libs/core/ids.js';
import type { Account } from '#libs/database/identity/account.entity.js';
import { Factor } from '#libs/database/identity/factor.entity.js';
import { decodeToken } from '#libs/verify/src/token/compact-token.js';
import { eventsDuring } from '../support/audit.js';
import { unique } from '../support/factories.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { type MailServer, startMailServer } from '../support/mail-server.js';

const PASSWORD = 'securepass123';
const NEXT = 'another horse battery';
const BREACHED = 'a password of a leak';

let mail: MailServer;
let idp: TestIdentityProvider;
let passwordHash: string;

beforeAll(async () => {
  mail = await startMailServer();
  const file = join(mkdtempSync(join(tmpdir(), 'twinkey-')), 'hashes.txt');
  writeFileSync(file, `${createHash('sha1').update(BREACHED).digest('hex').toUpperCase()}:3\n`);
  idp = await startTestIdentityProvider({
    mail: mail.settings,
    breachedPasswordsFile: file,
    login: { maxFailures: 10, maxFailuresPerAddress: 1_000, windowSeconds: 900 },
  });
  passwordHash = await bcrypt.hash(PASSWORD, idp.settings.bcryptCost);
});
afterAll(async () => {
  await idp?.close();
  await mail?.close();
});

const newEmail = () => `${unique('ada')}@example.com`;
const register = (email: string, password = PASSWORD, names: object = {}) =>
  idp.api.post('/auth/register', { email, password, ...names });
const verify = (token: string) => idp.api.post('/auth/verify-email', { token });
const forget = (email: string) => idp.api.post('/auth/forgot-password', { email });
const reset = (token: string, new_password = NEXT) =>
  idp.api.post('/auth/reset-password', { token, new_password });
const login = async (email: string, password = PASSWORD) => {
  const { status, data } = await idp.api.post('/auth/login', { email, password });
  return { status, api: idp.api.as(data?.token ?? 'none') };
};
const withPassword = (overrides: Partial<Account> = {}) => idp.make.account({ passwordHash, ...overrides });
const rowOf = async (email: string) => {
  const [row] = await idp.database.query('SELECT * FROM identity.accounts WHERE email = $1', [email]);
  return row;
};
const INVALID = { status: 422, errors: ['token invalid_token'] };

describe('signing up', () => {
  it('creates an account that the mailed link verifies, in its tokens too', async () => {
    const email = newEmail();
    const answer = await register(email, PASSWORD, { first_name: 'Ada', last_name: null });
    expect(answer).toMatchObject({ status: 202, data: null });
    const token = await mail.nextToken(email);
    const { status, api } = await login(email);
    expect(status).toBe(200);
    expect(decodeToken(api.token as string).claims).toMatchObject({ email_verified: false });
    expect((await api.get('/auth/me')).data).toMatchObject({
      email_verified: false,
      permissions: [],
      account: { first_name: 'Ada', email_verified: false, role: { name: 'user' } },
    });
    const events = await eventsDuring(idp.database, () => verify(token));
    expect(events.map(({ action }) => action)).toEqual(['session.ended', 'email.verified']);
    // The sessions before the proof may be somebody else's.
    expect((await api.get('/auth/me')).status).toBe(401);
    expect((await (await login(email)).api.get('/auth/me')).data.email_verified).toBe(true);
    expect(await verify(token)).toMatchObject(INVALID);
  });

  it('answers for a known address as for an unknown one, and tells its owner alone', async () => {
    const { email } = await withPassword();
    const known = await register(email, NEXT);
    const unknown = await register(newEmail(), NEXT);
    const bare = ({ status, message, data }: typeof known) => ({ status, message, data });
    expect(bare(known)).toEqual(bare(unknown));
    expect((await mail.next(email)).link).toContain('/forgot-password');
    expect((await login(email)).status).toBe(200);
    expect((await login(email, NEXT)).status).toBe(401);
  });

  it('gives an unverified account to who proves the address, with their password and names', async () => {
    const email = newEmail();
    await register(email, PASSWORD, { first_name: 'Eve' });
    const first = await mail.nextToken(email);
    const thief = await login(email);
    await register(email, NEXT, { first_name: 'Ada' });
    const second = await mail.nextToken(email);
    expect((await login(email)).status).toBe(200);
    expect(await verify(first)).toMatchObject(INVALID);
    expect((await verify(second)).status).toBe(200);
    expect((await thief.api.get('/auth/me')).status).toBe(401);
    expect((await login(email)).status).toBe(401);
    expect((await login(email, NEXT)).status).toBe(200);
    expect(await rowOf(email)).toMatchObject({ first_name: 'Ada', email_verified: true });
  });

  it.each([
    ['a common password', { password: 'password' }, 'password common_password'],
    ['a breached password', { password: BREACHED }, 'password breached_password'],
    ['an address without mail', { email: '"a b"@example.com' }, 'email invalid_email'],
    ['a role', { role_id: '018f5c3e-7a10-7cc3-9a54-0c8a8d4f0001' }, 'role_id unknown_field'],
    ['its own proof', { email_verified: true }, 'email_verified unknown_field'],
  ])('refuses %s', async (_, field, error) => {
    const body = { email: newEmail(), password: PASSWORD, ...field };
    expect(await idp.api.post('/auth/register', body)).toMatchObject({ status: 422, errors: [error] });
    expect(await rowOf(body.email)).toBeUndefined();
  });

  it('mails five times an hour at most, and then leaves the last link valid', async () => {
    const email = newEmail();
    for (let time = 0; time < 7; time += 1) expect((await register(email)).status).toBe(202);
    const tokens: string[] = [];
    for (let time = 0; time < 5; time += 1) tokens.push(await mail.nextToken(email));
    const [count] = await idp.database.query(
      'SELECT count(*)::int AS mails FROM identity.mail_outbox WHERE recipient = $1',
      [email],
    );
    expect(count).toEqual({ mails: 5 });
    const statuses = await Promise.all(tokens.map(async (token) => (await verify(token)).status));
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
  });

  it('is refused where registration is closed, the domain is not allowed, or the default role holds something', async () => {
    const start = (registration: object) =>
      startTestIdentityProvider({
        databaseUrl: idp.settings.databaseUrl,
        registration: { ...idp.settings.registration, ...registration },
      });
    const body = { email: newEmail(), password: PASSWORD };
    const closed = await start({ mode: 'invite' });
    const domains = await start({ emailDomains: ['shop.test'] });
    const named = await start({ role: (await idp.make.role(['accounts:read'])).name, isRoleNamed: true });
    const unnamed = await start({ role: (await idp.make.role(['accounts:read'])).name });
    try {
      expect(await closed.api.post('/auth/register', body)).toMatchObject({
        status: 403,
        errors: ['- registration_closed'],
      });
      expect(await domains.api.post('/auth/register', body)).toMatchObject({
        status: 422,
        errors: ['email email_domain_not_allowed'],
      });
      expect((await named.api.post('/auth/register', body)).status).toBe(202);
      expect(await unnamed.api.post('/auth/register', { ...body, email: newEmail() })).toMatchObject({
        status: 403,
        errors: ['- registration_closed'],
      });
    } finally {
      for (const one of [closed, domains, named, unnamed]) await one.close();
    }
  });

  it('is needed before a login where only verified emails can sign in, for the right password alone', async () => {
    const strict = await startTestIdentityProvider({
      databaseUrl: idp.settings.databaseUrl,
      registration: { ...idp.settings.registration, requireVerifiedEmail: true },
    });
    try {
      const { email } = await withPassword({ emailVerified: false });
      const to = (password: string) => strict.api.post('/auth/login', { email, password });
      expect(await to(PASSWORD)).toMatchObject({ status: 403, errors: ['- email_not_verified'] });
      expect(await to(NEXT)).toMatchObject({ status: 401, errors: ['- unauthorized'] });
      await idp.database.query('UPDATE identity.accounts SET email_verified = true WHERE email = $1', [
        email,
      ]);
      expect((await to(PASSWORD)).status).toBe(200);
    } finally {
      await strict.close();
    }
  });
});

describe('a forgotten password', () => {
  it('is replaced with the mailed link, once, and all sessions end', async () => {
    const { email } = await withPassword();
    const { api } = await login(email);
    expect((await forget(email.toUpperCase())).status).toBe(202);
    const token = await mail.nextToken(email);
    expect(await reset(token, 'password')).toMatchObject({ errors: ['new_password common_password'] });
    expect(await reset(token, email.split('@')[0])).toMatchObject({ errors: ['new_password matches_email'] });
    expect(await reset(token)).toMatchObject({ status: 200, data: null });
    expect((await api.get('/auth/me')).status).toBe(401);
    expect((await login(email)).status).toBe(401);
    expect((await login(email, NEXT)).status).toBe(200);
    expect(await reset(token)).toMatchObject(INVALID);
    expect((await mail.next(email)).link).toContain('/forgot-password');
  });

  it('voids the older link, and links of other purposes are refused', async () => {
    const { email } = await withPassword();
    await forget(email);
    const older = await mail.nextToken(email);
    await forget(email);
    const newer = await mail.nextToken(email);
    expect(await reset(older)).toMatchObject(INVALID);
    expect(await verify(newer)).toMatchObject(INVALID);
    expect((await idp.api.post('/auth/undo-email', { token: newer })).status).toBe(422);
    expect((await reset(newer)).status).toBe(200);
  });

  it('ends with a changed password, an expired link and a disabled account', async () => {
    const { id, email } = await withPassword();
    const { api } = await login(email);
    await forget(email);
    const before = await mail.nextToken(email);
    await api.post('/auth/password', { current_password: PASSWORD, new_password: NEXT });
    expect((await mail.next(email)).subject).toBe('Your password was changed');
    expect(await reset(before)).toMatchObject(INVALID);
    await forget(email);
    const expired = await mail.nextToken(email);
    await idp.database.query('UPDATE identity.account_links SET expires_at = now() WHERE account_id = $1', [
      id,
    ]);
    expect(await reset(expired)).toMatchObject(INVALID);
    await idp.database.query(`UPDATE identity.accounts SET status = 'disabled' WHERE id = $1`, [id]);
    expect((await forget(email)).status).toBe(202);
    const mails = await idp.database.query(
      `SELECT status FROM identity.mail_outbox WHERE recipient = $1 ORDER BY created_at`,
      [email],
    );
    expect(mails.at(-1)).toEqual({ status: 'discarded' });
  });

  it('proves the address of an unverified account', async () => {
    const { email } = await withPassword({ emailVerified: false });
    await forget(email);
    await reset(await mail.nextToken(email));
    expect(await rowOf(email)).toMatchObject({ email_verified: true });
  });

  it('stores no token', async () => {
    const { id, email } = await withPassword();
    await forget(email);
    const token = await mail.nextToken(email);
    const [row] = await idp.database.query('SELECT * FROM identity.account_links WHERE account_id = $1', [
      id,
    ]);
    expect(row.digest).toEqual(createHash('sha256').update(token).digest());
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(JSON.stringify(row)).not.toContain(token);
  });
});

describe('known and unknown addresses', () => {
  /** Texts of the queries that a request runs. Those of background tasks are left out. */
  async function queriesOf(request: () => Promise<{ status: number }>, status = 202): Promise<string[]> {
    const texts: string[] = [];
    const spy = vi.spyOn(pg.Client.prototype, 'query');
    try {
      expect((await request()).status).toBe(status);
      for (const [query] of spy.mock.calls as unknown as [string | { text: string }][]) {
        texts.push(typeof query === 'string' ? query : query.text);
      }
    } finally {
      spy.mockRestore();
    }
    return texts.filter(
      (text) => !/SKIP LOCKED|mail_outbox (m|SET|WHERE status)|identity\.revocations|LISTEN/.test(text),
    );
  }

  it('cause the same queries', async () => {
    const known = await withPassword();
    const unverified = await withPassword({ emailVerified: false });
    const disabled = await withPassword({ status: 'disabled' });
    const wrongLogin = (email: string) => login(email, 'wrong-password');
    for (const [request, status, least] of [
      [register, 202, 8],
      [forget, 202, 8],
      [wrongLogin, 401, 2],
    ] as const) {
      // The first one at each replica reads the rights of the role, which are cached then.
      for (const email of [newEmail(), newEmail()]) await queriesOf(() => request(email), status);
      const expected = await queriesOf(() => request(newEmail()), status);
      expect(expected.length).toBeGreaterThan(least);
      for (const { email } of [known, unverified, disabled]) {
        expect(await queriesOf(() => request(email), status)).toEqual(expected);
      }
    }
  });

  it('are hashed equally often', async () => {
    const { email } = await withPassword();
    const hash = vi.spyOn(bcrypt, 'hash');
    try {
      await register(email);
      await register(newEmail());
      expect(hash).toHaveBeenCalledTimes(2);
    } finally {
      hash.mockRestore();
    }
  });

  it('are limited by the client address, as logins are', async () => {
    const { email } = await withPassword();
    const statuses: number[] = [];
    for (let time = 0; time < 11; time += 1) statuses.push((await forget(email)).status);
    expect(statuses).toEqual([...Array(10).fill(202), 429]);
    expect((await login(email)).status).toBe(200);
  });
});

const addFactor = async ({ id: accountId }: Pick<Account, 'id'>, createdAt = new Date()) => {
  const name = unique('phone');
  const factor = { id: newId(), accountId, kind: 'totp', name, createdAt, confirmedAt: createdAt } as const;
  await idp.database.manager.insert(Factor, factor);
  return name;
};
const factorsOf = async ({ id: accountId }: Pick<Account, 'id'>) =>
  (await idp.database.manager.findBy(Factor, { accountId })).map(({ name }) => name);

describe('second factors', () => {
  it('go with the first proof of the address, and stay with a later one', async () => {
    const unverified = await withPassword({ emailVerified: false });
    const verified = await withPassword();
    for (const account of [unverified, verified]) {
      await addFactor(account);
      await reset(await idp.make.link(account, 'reset_password'));
    }
    expect(await factorsOf(unverified)).toEqual([]);
    expect(await factorsOf(verified)).toHaveLength(1);
  });

  it('that were added since a change of the email go when it is undone', async () => {
    const account = await withPassword();
    const before = await addFactor(account, new Date(Date.now() - 60_000));
    const token = await idp.make.link(account, 'undo_email');
    await addFactor(account, new Date(Date.now() + 1_000));
    expect((await idp.api.post('/auth/undo-email', { token })).status).toBe(200);
    expect(await factorsOf(account)).toEqual([before]);
  });
});

describe('changing the own email', () => {
  const change = (api: TestIdentityProvider['api'], email: string, current_password = PASSWORD) =>
    api.post('/auth/email', { email, current_password });

  it('takes effect when the new address confirms it; the old one is told and can undo it', async () => {
    const { email } = await withPassword();
    const { api } = await login(email);
    const next = newEmail();
    expect(await change(api, next, NEXT)).toMatchObject({
      status: 422,
      errors: ['current_password wrong_password'],
    });
    expect((await change(api, next)).status).toBe(202);
    expect((await api.get('/auth/me')).data.email).toBe(email);
    expect((await verify(await mail.nextToken(next))).status).toBe(200);
    expect((await api.get('/auth/me')).data).toMatchObject({ email: next, email_verified: true });
    const notice = await mail.next(email);
    expect(notice.text).toContain(next);
    const undo = { token: new URL(notice.link).searchParams.get('token') };
    // Nobody takes the old address in the meantime.
    await register(email, NEXT);
    expect((await mail.next(email)).link).toContain('/forgot-password');
    expect((await idp.api.post('/auth/undo-email', undo)).status).toBe(200);
    expect((await api.get('/auth/me')).status).toBe(401);
    expect(await rowOf(email)).toMatchObject({ email_verified: true });
    expect((await login(email)).status).toBe(401);
    await reset(await mail.nextToken(email));
    expect((await login(email, NEXT)).status).toBe(200);
    expect(await idp.api.post('/auth/undo-email', undo)).toMatchObject(INVALID);
  });

  it('can be undone from the first address, also after a second change', async () => {
    const { id, email } = await withPassword();
    const { api } = await login(email);
    const [second, third] = [newEmail(), newEmail()];
    for (const next of [second, third]) {
      await change(api, next);
      await verify(await mail.nextToken(next));
    }
    const first = await mail.nextToken(email);
    const later = await mail.nextToken(second);
    expect((await idp.api.post('/auth/undo-email', { token: first })).status).toBe(200);
    expect(await rowOf(email)).toMatchObject({ id });
    expect(await idp.api.post('/auth/undo-email', { token: later })).toMatchObject(INVALID);
  });

  it('does not tell whether another account has the address', async () => {
    const other = await withPassword();
    const { email } = await withPassword();
    const { api } = await login(email);
    expect((await change(api, other.email)).status).toBe(202);
    expect((await mail.next(other.email)).link).toContain('/forgot-password');
  });

  it('sends another link for the own unverified address', async () => {
    const { email } = await withPassword({ emailVerified: false });
    const { api } = await login(email);
    await change(api, email);
    await verify(await mail.nextToken(email));
    expect(await rowOf(email)).toMatchObject({ email_verified: true });
  });

  it('ends with a new password: the link of a thief changes nothing', async () => {
    const { email } = await withPassword();
    const { api } = await login(email);
    const next = newEmail();
    await change(api, next);
    const token = await mail.nextToken(next);
    await api.post('/auth/password', { current_password: PASSWORD, new_password: NEXT });
    expect(await verify(token)).toMatchObject(INVALID);
  });
});

describe('an invitation', () => {
  it('sets the password of an account, and proves its address', async () => {
    const { api } = await idp.signIn(['accounts:create']);
    const account = await idp.make.account({ emailVerified: false });
    expect(await api.post(`/accounts/${account.id}/invite`)).toMatchObject({ status: 202, data: null });
    expect((await reset(await mail.nextToken(account.email))).status).toBe(200);
    expect((await login(account.email, NEXT)).status).toBe(200);
    expect(await rowOf(account.email)).toMatchObject({ email_verified: true });
  });

  it('is refused for accounts with more rights, unknown and disabled ones, and where registration is off', async () => {
    const { api } = await idp.signIn(['accounts:create']);
    const admin = await idp.make.account({ roleId: (await idp.make.role(['roles:delete'])).id });
    const disabled = await idp.make.account({ status: 'disabled' });
    const invite = (id: string) => api.post(`/accounts/${id}/invite`);
    expect(await invite(admin.id)).toMatchObject({ status: 403, errors: ['- exceeds_own_permissions'] });
    expect(await invite(disabled.id)).toMatchObject({ status: 409, errors: ['- account_disabled'] });
    expect((await invite('018f5c3e-7a10-7cc3-9a54-0c8a8d4f0001')).status).toBe(404);
    const off = await startTestIdentityProvider({
      databaseUrl: idp.settings.databaseUrl,
      registration: { ...idp.settings.registration, mode: 'off' },
    });
    try {
      const account = await idp.make.account();
      expect(await off.api.as(api.token as string).post(`/accounts/${account.id}/invite`)).toMatchObject({
        status: 403,
        errors: ['- invitations_closed'],
      });
    } finally {
      await off.close();
    }
  });
});
