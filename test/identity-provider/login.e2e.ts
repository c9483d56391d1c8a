import { createHash, randomUUID } from 'node:crypto';
import bcrypt from 'bcrypt';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Session } from '#libs/database/identity/session.entity.js';
import { unique } from '../support/factories.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { readToken } from '../support/keycloak-tokens.js';

const PASSWORD = 'securepass123';
const COST = 10;

let idp: TestIdentityProvider;
let passwordHash: string;

beforeAll(async () => {
  const login = { maxFailures: 1_000, maxFailuresPerAddress: 10_000, windowSeconds: 900 };
  idp = await startTestIdentityProvider({ login, bcryptCost: COST });
  passwordHash = await bcrypt.hash(PASSWORD, COST);
});
afterAll(() => idp?.close());

const login = (email: unknown, password: unknown) => idp.api.post('/auth/login', { email, password });

async function rawLogin(email: string, password: string) {
  const response = await fetch(`${idp.api.url}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });
  const { date, 'x-request-id': id, ...headers } = Object.fromEntries(response.headers);
  return { status: response.status, headers, body: await response.text() };
}

describe('a login', () => {
  it('issues a token with exactly the documented claims', async () => {
    const role = await idp.make.role(['things:read', 'accounts:read']);
    const person = { firstName: 'Ada', lastName: 'Byron', roleId: role.id, passwordHash };
    const account = await idp.make.account({ ...person, email: `${unique('Ada')}@Example.com` });

    const { status, message, data, meta, headers } = await login(account.email, PASSWORD);
    expect([status, message, meta]).toEqual([200, 'Token issued.', null]);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(data).toEqual({ tokenType: 'Bearer', token: expect.any(String), expiresAt: expect.any(String) });

    const [header, claims] = readToken(data.token);
    const { issuer, audience, kid, lifetimeSeconds } = idp.settings.signing;
    expect(header).toEqual({ alg: 'RS256', typ: 'at+jwt', kid });
    const session = await idp.database.manager.findOneByOrFail(Session, { accountId: account.id });
    expect(claims).toEqual({
      iss: issuer,
      aud: audience,
      sub: account.id,
      client_id: 'twinkey',
      exp: (claims['iat'] as number) + lifetimeSeconds,
      iat: expect.closeTo(Date.now() / 1000, -1),
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      sid: session.id,
      email: account.email,
      email_verified: true,
      preferred_username: account.email,
      given_name: 'Ada',
      family_name: 'Byron',
      role: role.name,
      permissions: ['accounts:read', 'things:read'],
      amr: ['pwd'],
      acr: '1',
      auth_time: Math.floor(session.createdAt.getTime() / 1000),
    });
    expect(data.expiresAt).toBe(new Date((claims['exp'] as number) * 1000).toISOString());
    expect(session.expiresAt.toISOString()).toBe(data.expiresAt);
  });

  it('omits missing names, and never repeats an id', async () => {
    const { email } = await idp.make.account({ passwordHash });
    const answers = await Promise.all([1, 2, 3].map(() => login(email, PASSWORD)));
    const claims = answers.map(({ data }) => readToken(data.token)[1]);
    const names = claims.map((claim) => [claim['given_name'] ?? null, claim['family_name'] ?? null]);
    expect(names).toEqual(Array(3).fill([null, null]));
    expect(new Set(claims.map(({ jti }) => jti)).size).toBe(3);
    expect(new Set(claims.map(({ sid }) => sid)).size).toBe(3);
  });

  it.each([
    ['in capitals', (email: string) => email.toUpperCase()],
    ['with white space around', (email: string) => ` ${email}\t`],
    ['decomposed', (email: string) => email.normalize('NFD')],
  ])('accepts the email %s', async (_, spell) => {
    const email = `${unique('zoë')}@example.com`;
    await idp.make.account({ email, passwordHash });
    expect((await login(spell(email), PASSWORD)).status).toBe(200);
  });

  it('treats homographs as different emails', async () => {
    const email = `${unique('admin')}@example.com`;
    await idp.make.account({ email, passwordHash });
    for (const other of [email.replace('a', 'а'), email.replace('i', 'ı'), email.replace('m', 'ｍ')]) {
      expect((await login(other, PASSWORD)).status).toBe(401);
    }
  });

  it('returns the same bytes after the same work for every failure', async () => {
    const compare = vi.spyOn(bcrypt, 'compare');
    try {
      const longest = 'x'.repeat(72);
      const known = await idp.make.account({ passwordHash });
      const long = await idp.make.account({ passwordHash: await bcrypt.hash(longest, COST) });
      const surrogate = await idp.make.account({ passwordHash: await bcrypt.hash('pass�word', COST) });
      const disabled = await idp.make.account({ passwordHash, status: 'disabled' });
      const none = await idp.make.account();
      const cheap = await idp.make.account({ passwordHash: await bcrypt.hash(PASSWORD, 4) });
      const deleted = await idp.make.account({ passwordHash });
      await idp.database.query('DELETE FROM identity.accounts WHERE id = $1', [deleted.id]);
      const cases: [string, string][] = [
        [`${unique('nobody')}@example.com`, PASSWORD],
        [`${unique('nobody')}@example.com`, ''],
        [deleted.email, PASSWORD],
        [none.email, PASSWORD],
        [none.email, ''],
        [disabled.email, 'wrong-password'],
        [known.email, 'wrong-password'],
        [known.email, ''],
        [known.email, `${PASSWORD}\0`],
        [known.email, `${PASSWORD}\0more`],
        [known.email, PASSWORD.toUpperCase()],
        [known.email, `${PASSWORD} `],
        [known.email, 'y'.repeat(1_024)],
        [known.email, `${'😀'.repeat(18)}!`],
        [long.email, `${longest}x`],
        [long.email, longest.slice(1)],
        [surrogate.email, 'pass\ud800word'],
        [cheap.email, 'wrong-password'],
        // Such hashes occur in imported or damaged tables.
        ...(await Promise.all(
          ['', 'x', PASSWORD, '$2b$', '$2b$99$'.padEnd(60, 'a'), '$2x$10$'.padEnd(60, 'a')].map(
            async (hash): Promise<[string, string]> => [
              (await idp.make.account({ passwordHash: hash })).email,
              PASSWORD,
            ],
          ),
        )),
      ];
      const answers = [];
      for (const [email, password] of cases) {
        compare.mockClear();
        const answer = await rawLogin(email, password);
        const rounds = compare.mock.calls.map(([, hash]) => 2 ** Number(String(hash).slice(4, 6)));
        answers.push({ ...answer, rounds: rounds.reduce((sum, each) => sum + each, 0) });
      }
      expect(answers[0]).toMatchObject({ status: 401, rounds: 2 ** COST });
      for (const [index, answer] of answers.entries()) expect([index, answer]).toEqual([index, answers[0]]);
    } finally {
      compare.mockRestore();
    }
  });

  it('reports a disabled account only if the password is correct', async () => {
    const { email } = await idp.make.account({ passwordHash, status: 'disabled' });
    expect(await login(email, PASSWORD)).toMatchObject({ status: 403, errors: ['- account_disabled'] });
    expect(await login(email, 'wrong-password')).toMatchObject({
      status: 401,
      errors: ['- unauthorized'],
    });
  });

  it('accepts hashes of other bcrypt implementations, and compares all 72 bytes of a password', async () => {
    for (const prefix of ['$2a$', '$2b$', '$2y$']) {
      const { email } = await idp.make.account({ passwordHash: passwordHash.replace('$2b$', prefix) });
      expect([prefix, (await login(email, PASSWORD)).status]).toEqual([prefix, 200]);
    }
    for (const password of ['x'.repeat(72), '😀'.repeat(18)]) {
      const { email } = await idp.make.account({ passwordHash: await bcrypt.hash(password, COST) });
      expect((await login(email, password)).status).toBe(200);
    }
  });

  it.each([4, 9, 11])('replaces a hash of cost %i after a successful login', async (cost) => {
    const account = await idp.make.account({ passwordHash: await bcrypt.hash(PASSWORD, cost) });
    const stored = async () =>
      (await idp.database.query('SELECT password_hash FROM identity.accounts WHERE id = $1', [account.id]))[0]
        .password_hash;
    const before = await stored();
    await login(account.email, 'wrong-password');
    expect(await stored()).toBe(before);
    const { data } = await login(account.email, PASSWORD);
    const after = await stored();
    expect(after).toMatch(/^\$2b\$10\$/);
    expect(await bcrypt.compare(PASSWORD, after)).toBe(true);
    expect((await idp.api.as(data.token).get('/auth/me')).status).toBe(200);
    expect((await login(account.email, PASSWORD)).status).toBe(200);
    expect(await stored()).toBe(after);
  });

  it('succeeds twice in parallel if the hash has another cost', async () => {
    const account = await idp.make.account({ passwordHash: await bcrypt.hash(PASSWORD, 4) });
    const answers = await Promise.all([1, 2, 3, 4].map(() => login(account.email, PASSWORD)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });
});

describe('an invalid login request', () => {
  it.each([
    ['no fields', {}, ['email required', 'password required']],
    ['nulls', { email: null, password: null }, ['email null_not_allowed', 'password null_not_allowed']],
    [
      'operators',
      { email: { $ne: null }, password: { $gt: '' } },
      ['email string_expected', 'password string_expected'],
    ],
    [
      'lists',
      { email: ['admin@example.com'], password: ['admin123'] },
      ['email string_expected', 'password string_expected'],
    ],
    ['numbers', { email: 1, password: 12345678 }, ['email string_expected', 'password string_expected']],
    ['an invalid email', { email: "' OR 1=1 --", password: PASSWORD }, ['email invalid_email']],
    ['a NUL', { email: 'a\0@example.com', password: PASSWORD }, ['email invalid_characters']],
    ['a surrogate', { email: 'a\ud800@example.com', password: PASSWORD }, ['email invalid_characters']],
    ['a long password', { email: 'a@example.com', password: 'x'.repeat(1_025) }, ['password too_long']],
    ['long emoji', { email: 'a@example.com', password: '😀'.repeat(257) }, ['password too_long']],
    [
      'unknown fields',
      { email: 'a@example.com', password: PASSWORD, role: 'admin', otp: 1 },
      ['role unknown_field', 'otp unknown_field'],
    ],
  ])('is refused without hashing: %s', async (_, body, errors) => {
    const compare = vi.spyOn(bcrypt, 'compare');
    expect(await idp.api.post('/auth/login', body)).toMatchObject({ status: 422, errors });
    expect(compare).not.toHaveBeenCalled();
    compare.mockRestore();
  });

  it.each([100_000, 1_000_000, 10_000_000])(
    'is refused without hashing if its password has %i bytes',
    async (length) => {
      const compare = vi.spyOn(bcrypt, 'compare');
      const { status } = await login('a@example.com', 'x'.repeat(length)).catch(() => ({ status: 413 }));
      expect(status).toBe(length > 100_000 ? 413 : 422);
      expect(compare).not.toHaveBeenCalled();
      compare.mockRestore();
    },
  );

  it('is not caused by a bearer token, which is ignored', async () => {
    const { email } = await idp.make.account({ passwordHash });
    const { status } = await idp.api.as('nonsense').post('/auth/login', { email, password: PASSWORD });
    expect(status).toBe(200);
  });
});

it('no reply contains a password hash', async () => {
  const { api, account } = await idp.signIn(['*'], { passwordHash });
  const answers = await Promise.all([
    api.get('/auth/me'),
    api.get(`/accounts/${account.id}`),
    api.get('/accounts'),
    api.patch(`/accounts/${account.id}`, {
      first_name: createHash('md5').update(randomUUID()).digest('hex'),
    }),
    login(account.email, PASSWORD),
  ]);
  for (const { status, data } of answers) {
    expect(status).toBe(200);
    expect(JSON.stringify(data)).not.toMatch(/\$2|password/);
  }
});
