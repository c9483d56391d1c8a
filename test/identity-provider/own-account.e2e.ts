import { randomUUID } from 'node:crypto';
import bcrypt from 'bcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unique } from '../support/factories.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';

const PASSWORD = 'securepass123';
const OTHER = 'another-good-one';

let idp: TestIdentityProvider;
let passwordHash: string;

beforeAll(async () => {
  const login = { maxFailures: 1_000, maxFailuresPerAddress: 10_000, windowSeconds: 900 };
  idp = await startTestIdentityProvider({ login });
  passwordHash = await bcrypt.hash(PASSWORD, idp.settings.bcryptCost);
});
afterAll(() => idp?.close());

const rowOf = async (id: string) =>
  (await idp.database.query('SELECT * FROM identity.accounts WHERE id = $1', [id]))[0];

describe('GET /auth/me', () => {
  it('returns the caller with the current permissions', async () => {
    const role = await idp.make.role(['things:read', 'accounts:read']);
    const { account, api } = await idp.signIn([], { roleId: role.id, firstName: 'Ada', lastName: null });
    const { status, data, headers } = await api.get('/auth/me');
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(data).toEqual({
      issuer: 'native',
      sub: account.id,
      username: account.email,
      email: account.email,
      email_verified: true,
      first_name: 'Ada',
      last_name: null,
      kind: 'person',
      roles: [role.name],
      permissions: ['accounts:read', 'things:read'],
      token: { id: expect.any(String), issued_at: expect.any(String), expires_at: expect.any(String) },
      account: {
        id: account.id,
        email: account.email,
        email_verified: true,
        first_name: 'Ada',
        last_name: null,
        status: 'active',
        role: { id: role.id, name: role.name },
        created_at: account.createdAt.toISOString(),
        updated_at: account.updatedAt.toISOString(),
      },
    });
  });

  it('includes inherited permissions, and shows exactly * if the role has it', async () => {
    const parent = await idp.make.role(['things:read']);
    const child = await idp.make.role(['things:write'], { parentId: parent.id });
    const { api } = await idp.signIn([], { roleId: child.id });
    expect((await api.get('/auth/me')).data.permissions).toEqual(['things:read', 'things:write']);
    const { api: admin } = await idp.signIn(['*', 'things:read']);
    expect((await admin.get('/auth/me')).data.permissions).toEqual(['*']);
  });

  it('ignores ids in the request', async () => {
    const { account, api } = await idp.signIn([]);
    const { account: other } = await idp.signIn([]);
    const headers = { 'x-user-id': other.id, 'x-forwarded-user': other.email };
    expect((await api.get('/auth/me', headers)).data.sub).toBe(account.id);
    expect(await api.get(`/auth/me?id=${other.id}`)).toMatchObject({ status: 422 });
  });
});

describe('PATCH /auth/me', () => {
  it('changes only the given fields, and clears them with null', async () => {
    const { account, api } = await idp.signIn([], { firstName: 'Ada', lastName: 'Byron' });
    expect((await api.patch('/auth/me', { last_name: 'Lovelace' })).data).toMatchObject({
      first_name: 'Ada',
      last_name: 'Lovelace',
      account: { first_name: 'Ada', last_name: 'Lovelace' },
    });
    expect((await api.patch('/auth/me', { first_name: null })).data.first_name).toBeNull();
    expect(await rowOf(account.id)).toMatchObject({ first_name: null, last_name: 'Lovelace', version: 3 });
    expect((await api.get('/auth/me')).data).toMatchObject({ first_name: null, last_name: 'Lovelace' });
  });

  it.each([[{}], [undefined], [{ first_name: 'Ada' }]])('changes nothing with %j', async (body) => {
    const { account, api } = await idp.signIn([], { firstName: 'Ada' });
    const before = await rowOf(account.id);
    expect(await api.patch('/auth/me', body)).toMatchObject({ status: 200, data: { first_name: 'Ada' } });
    expect(await rowOf(account.id)).toEqual(before);
  });

  it('refuses all other fields', async () => {
    const { account, api } = await idp.signIn([], { firstName: 'Ada' });
    const before = await rowOf(account.id);
    const others = {
      id: randomUUID(),
      role_id: (await idp.systemRole('admin')).id,
      role: 'admin',
      permissions: ['*'],
      status: 'active',
      email: 'other@example.com',
      email_verified: true,
      password: OTHER,
      password_hash: passwordHash,
      created_at: '2020-01-01T00:00:00.000Z',
      issuer: 'keycloak',
      sub: randomUUID(),
      version: 9,
      constructor: 'x',
    };
    for (const [field, value] of Object.entries(others)) {
      expect(await api.patch('/auth/me', { first_name: 'Eve', [field]: value })).toMatchObject({
        status: 422,
        errors: [`${field} unknown_field`],
      });
    }
    const { errors } = await api.patch('/auth/me', others);
    expect(errors.toSorted()).toEqual(
      Object.keys(others)
        .map((name) => `${name} unknown_field`)
        .toSorted(),
    );
    expect(await rowOf(account.id)).toEqual(before);
  });

  it.each([
    [{ first_name: '' }, ['first_name too_short']],
    [{ first_name: 'x'.repeat(256), last_name: 7 }, ['first_name too_long', 'last_name string_expected']],
    [{ first_name: 'a\0b' }, ['first_name invalid_characters']],
    [{ first_name: 'a\nb', last_name: '\u3000 ' }, ['first_name invalid_characters', 'last_name too_short']],
    [{ last_name: '\ud800' }, ['last_name invalid_characters']],
    [[], ['- object_expected']],
    ['text', ['- object_expected']],
    [null, ['- object_expected']],
  ])('refuses %j', async (body, errors) => {
    const { api } = await idp.signIn([]);
    expect(await api.patch('/auth/me', body)).toMatchObject({ status: 422, errors });
  });

  it.each([
    '<script>',
    '‮drow',
    'Zoë 👩‍👩‍👧',
    "Robert'); DROP TABLE accounts;--",
    '\\u0000',
    '%00',
    'İ',
    'a\u2028b',
  ])('returns %j unchanged', async (name) => {
    const { api } = await idp.signIn([]);
    await api.patch('/auth/me', { first_name: name });
    expect((await api.get('/auth/me')).data.account.first_name).toBe(name);
  });

  it('trims a name', async () => {
    const { account, api } = await idp.signIn([]);
    const names = { first_name: ' Ada\n', last_name: '\u3000King Noel ' };
    const expected = { first_name: 'Ada', last_name: 'King Noel' };
    expect((await api.patch('/auth/me', names)).data).toMatchObject(expected);
    expect(await rowOf(account.id)).toMatchObject(expected);
  });

  it('accepts names of 255 characters that normalization makes four times as long, and finds them', async () => {
    const { account, api } = await idp.signIn(['accounts:read']);
    const first_name = Array.from({ length: 255 }, (_, n) => String.fromCodePoint(0x20000 + n * 97)).join('');
    const last_name = '\u{1D160}'.repeat(255);
    expect((await api.patch('/auth/me', { first_name, last_name })).data).toMatchObject({
      first_name,
      last_name,
    });
    const found = await api.get(`/accounts?q=${encodeURIComponent(first_name.slice(0, 40))}`);
    expect(found.data.map(({ id }: { id: string }) => id)).toEqual([account.id]);
    expect((await api.get(`/accounts?q=${encodeURIComponent(last_name)}`)).data).toHaveLength(1);
  });

  it('keeps both of two concurrent changes to different names', async () => {
    const { account, api } = await idp.signIn([], { firstName: 'a', lastName: 'b' });
    await Promise.all([
      api.patch('/auth/me', { first_name: 'A' }),
      api.patch('/auth/me', { last_name: 'B' }),
    ]);
    expect(await rowOf(account.id)).toMatchObject({ first_name: 'A', last_name: 'B' });
  });
});

describe('POST /auth/password', () => {
  const change = (current_password: unknown, new_password: unknown) => ({ current_password, new_password });

  it('sets the new password', async () => {
    const { account, api } = await idp.signIn([], { passwordHash });
    expect(await api.post('/auth/password', change(PASSWORD, OTHER))).toMatchObject({
      status: 200,
      data: null,
    });
    const login = (password: string) => idp.api.post('/auth/login', { email: account.email, password });
    expect([(await login(PASSWORD)).status, (await login(OTHER)).status]).toEqual([401, 200]);
  });

  it.each([
    ['Xq7-pl', ['new_password too_short']],
    ['password123', ['new_password common_password']],
    ['PassWord123', ['new_password common_password']],
    ['x'.repeat(73), ['new_password too_long']],
    [`${'😀'.repeat(18)}!`, ['new_password too_long']],
    ['secure\u0000pass123', ['new_password invalid_characters']],
    ['securepass\ud800123', ['new_password invalid_characters']],
    [null, ['new_password null_not_allowed']],
    [12345678901, ['new_password string_expected']],
    [undefined, ['new_password required']],
  ])('refuses %j and keeps the old password', async (replacement, errors) => {
    const { account, api } = await idp.signIn([], { passwordHash });
    const answer = await api.post('/auth/password', change(PASSWORD, replacement));
    expect(answer).toMatchObject({ status: 422, errors });
    expect((await rowOf(account.id)).password_hash).toBe(passwordHash);
  });

  it('refuses the local part of the email', async () => {
    const local = unique('somebody');
    const { api } = await idp.signIn([], { passwordHash, email: `${local}@example.com` });
    const { status, errors } = await api.post('/auth/password', change(PASSWORD, local.toUpperCase()));
    expect([status, errors]).toEqual([422, ['new_password matches_email']]);
  });

  it.each(['wrong-password', '', `${PASSWORD}\0`, 'y'.repeat(1_024)])(
    'asks for the current one: %j is not it',
    async (current) => {
      const { account, api } = await idp.signIn([], { passwordHash });
      const answer = await api.post('/auth/password', change(current, OTHER));
      expect(answer).toMatchObject({ status: 422, errors: ['current_password wrong_password'] });
      expect((await rowOf(account.id)).password_hash).toBe(passwordHash);
    },
  );

  it('requires the current password, and is refused for an account without a password', async () => {
    const { api } = await idp.signIn([], { passwordHash });
    expect(await api.post('/auth/password', { new_password: OTHER })).toMatchObject({
      status: 422,
      errors: ['current_password required'],
    });
    const { api: none } = await idp.signIn([]);
    expect(await none.post('/auth/password', change('', OTHER))).toMatchObject({
      status: 422,
      errors: ['current_password wrong_password'],
    });
  });

  it('accepts a hash of a different cost, also while a login replaces it', async () => {
    const { account, api } = await idp.signIn([], { passwordHash: await bcrypt.hash(PASSWORD, 4) });
    const [changed] = await Promise.all([
      api.post('/auth/password', change(PASSWORD, OTHER)),
      idp.api.post('/auth/login', { email: account.email, password: PASSWORD }),
    ]);
    expect(changed.status).toBe(200);
  });

  it('keeps the later of two concurrent changes', async () => {
    const { account, api } = await idp.signIn([], { passwordHash });
    const answers = await Promise.all([1, 2].map(() => api.post('/auth/password', change(PASSWORD, OTHER))));
    // For the later one, the current password is already a different one.
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 422]);
    expect((await api.get('/auth/me')).status).toBe(200);
    expect((await idp.api.post('/auth/login', { email: account.email, password: OTHER })).status).toBe(200);
  });
});
