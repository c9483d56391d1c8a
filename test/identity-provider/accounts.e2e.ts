import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#libs/core/ids.js';
import { Account } from '#libs/database/identity/account.entity.js';
import { Session } from '#libs/database/identity/session.entity.js';
import type { Api } from '../support/api.js';
import { unique } from '../support/factories.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';

const PASSWORD = 'correct horse battery';

let idp: TestIdentityProvider;
let admin: Api;
beforeAll(async () => {
  idp = await startTestIdentityProvider();
  ({ api: admin } = await idp.signIn(['*']));
});
afterAll(() => idp.close());

const email = () => `${unique('ada')}@example.com`;
const logIn = (address: string, password: string) =>
  idp.api.post('/auth/login', { email: address, password });
const rowOf = (id: string) => idp.database.manager.findOneByOrFail(Account, { id });

describe('creating an account', () => {
  it('answers 201 with the account, Location and ETag, and the user can sign in', async () => {
    const role = await idp.make.role();
    const address = email();
    const { status, data, headers } = await admin.post('/accounts', {
      email: address,
      password: PASSWORD,
      role_id: role.id,
      first_name: 'Ada',
      last_name: 'Lovelace',
    });
    expect(status).toBe(201);
    expect(data).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{14}7/),
      email: address,
      email_verified: false,
      first_name: 'Ada',
      last_name: 'Lovelace',
      status: 'active',
      role: { id: role.id, name: role.name },
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      updated_at: data.created_at,
    });
    expect(headers.get('location')).toBe(`/api/v1/accounts/${data.id}`);
    expect(headers.get('etag')).toBe('"1-1"');
    expect((await admin.get(`/accounts/${data.id}`)).data).toEqual(data);
    expect((await logIn(address, PASSWORD)).status).toBe(200);
  });

  it('can create a disabled account without names', async () => {
    const role = await idp.make.role();
    const { data } = await admin.post('/accounts', {
      email: email(),
      password: PASSWORD,
      role_id: role.id,
      status: 'disabled',
    });
    expect(data).toMatchObject({ status: 'disabled', first_name: null, last_name: null });
  });

  it('keeps the case of an email and trims it', async () => {
    const role = await idp.make.role();
    const address = `Ada.${unique('L')}@Example.COM`;
    const { data } = await admin.post('/accounts', {
      email: `  ${address} `,
      password: PASSWORD,
      role_id: role.id,
    });
    expect(data.email).toBe(address);
  });

  it.each([
    ['letter case', (address: string) => address.toUpperCase()],
    ['surrounding spaces', (address: string) => ` ${address} `],
    ['Unicode normalization', (address: string) => address.normalize('NFD')],
  ])('refuses an email that differs only in %s: 409', async (_, spell) => {
    const role = await idp.make.role();
    const address = `jos\u00e9-${unique('x')}@example.com`;
    await idp.make.account({ email: address });
    const answer = await admin.post('/accounts', {
      email: spell(address),
      password: PASSWORD,
      role_id: role.id,
    });
    expect(answer).toMatchObject({ status: 409, errors: ['email email_taken'] });
  });

  it('lists all invalid fields at once: 422', async () => {
    const answer = await admin.post('/accounts', {
      email: 'nobody',
      password: 'password123',
      role_id: 'admin',
      first_name: '',
      last_name: 'x'.repeat(256),
      status: 'deleted',
      password_hash: '$2b$10$',
    });
    expect(answer.status).toBe(422);
    expect(answer.errors.sort()).toEqual([
      'email invalid_email',
      'first_name too_short',
      'last_name too_long',
      'password common_password',
      'password_hash unknown_field',
      'role_id invalid_id',
      'status invalid_choice',
    ]);
  });

  it('requires email, password and role', async () => {
    const answer = await admin.post('/accounts', {});
    expect(answer.status).toBe(422);
    expect(answer.errors.sort()).toEqual(['email required', 'password required', 'role_id required']);
  });

  it('accepts null only for names', async () => {
    const answer = await admin.post('/accounts', {
      email: null,
      password: null,
      role_id: null,
      status: null,
      first_name: null,
    });
    expect(answer.status).toBe(422);
    expect(answer.errors.sort()).toEqual([
      'email null_not_allowed',
      'password null_not_allowed',
      'role_id null_not_allowed',
      'status null_not_allowed',
    ]);
  });

  it('refuses an unknown role: 422, and writes nothing', async () => {
    const before = await idp.database.manager.count(Account);
    const answer = await admin.post('/accounts', { email: email(), password: PASSWORD, role_id: newId() });
    expect(answer).toMatchObject({ status: 422, errors: ['role_id not_found'] });
    expect(await idp.database.manager.count(Account)).toBe(before);
  });

  it('creates one account for twenty concurrent requests with one email', async () => {
    const role = await idp.make.role();
    const address = email();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        admin.post('/accounts', {
          email: index % 2 ? address : address.toUpperCase(),
          password: PASSWORD,
          role_id: role.id,
        }),
      ),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    // The hash queue may be full for some of the twenty.
    expect(statuses.every((status) => [201, 409, 503].includes(status))).toBe(true);
    expect(await idp.database.manager.countBy(Account, { roleId: role.id })).toBe(1);
  });
});

describe('reading an account', () => {
  it('never shows a hash', async () => {
    const { account } = await idp.signIn([], { passwordHash: '$2b$10$secret' });
    const answers = [await admin.get(`/accounts/${account.id}`), await admin.get('/accounts?limit=100')];
    expect(JSON.stringify(answers)).not.toContain('$2b$');
  });

  it('answers 304 for the current ETag', async () => {
    const account = await idp.make.account();
    const { headers } = await admin.get(`/accounts/${account.id}`);
    const again = await admin.get(`/accounts/${account.id}`, { 'if-none-match': headers.get('etag') ?? '' });
    expect(again).toMatchObject({ status: 304, data: undefined });
  });

  it('changes the ETag when the role is renamed', async () => {
    const role = await idp.make.role();
    const account = await idp.make.account({ roleId: role.id });
    const before = await admin.get(`/accounts/${account.id}`);
    const name = unique('renamed');
    await admin.patch(`/roles/${role.id}`, { name });
    const after = await admin.get(`/accounts/${account.id}`, {
      'if-none-match': before.headers.get('etag') ?? '',
    });
    expect(after).toMatchObject({ status: 200, data: { role: { name } } });
  });

  it.each(['nonsense', '1', '../roles', newId()])('answers 404 for the id %s', async (id) => {
    expect(await admin.get(`/accounts/${encodeURIComponent(id)}`)).toMatchObject({
      status: 404,
      errors: ['- not_found'],
    });
  });
});

describe('changing an account', () => {
  it('sets whether the email is verified, and forgets it with another email', async () => {
    const account = await idp.make.account({ emailVerified: false });
    const change = async (body: object) =>
      (await admin.patch(`/accounts/${account.id}`, body)).data.email_verified;
    expect(await change({ email_verified: true })).toBe(true);
    expect(await change({ email: account.email.toUpperCase() })).toBe(true);
    expect(await change({ email: email() })).toBe(false);
    expect(await change({ email: email(), email_verified: true })).toBe(true);
  });

  it('changes only the given fields', async () => {
    const role = await idp.make.role();
    const account = await idp.make.account({ firstName: 'Ada', lastName: 'Byron' });
    const address = email();
    const { status, data, headers } = await admin.patch(`/accounts/${account.id}`, {
      email: address,
      last_name: 'Lovelace',
      role_id: role.id,
      status: 'disabled',
    });
    expect(status).toBe(200);
    expect(data).toMatchObject({
      email: address,
      first_name: 'Ada',
      last_name: 'Lovelace',
      status: 'disabled',
      role: { id: role.id },
    });
    expect(headers.get('etag')).toBe('"2-1"');
    expect(await rowOf(account.id)).toMatchObject({ emailKey: address, firstName: 'Ada', roleId: role.id });
  });

  it('clears a name with null', async () => {
    const account = await idp.make.account({ firstName: 'Ada', lastName: 'Byron' });
    const { data } = await admin.patch(`/accounts/${account.id}`, { first_name: null });
    expect(data).toMatchObject({ first_name: null, last_name: 'Byron' });
  });

  it('trims names and refuses blank names and control characters, as for a new account', async () => {
    const account = await idp.make.account({ firstName: 'Ada', lastName: 'Byron' });
    const path = `/accounts/${account.id}`;
    const named = { first_name: ' Ada ', last_name: 'King\t' };
    expect((await admin.patch(path, named)).data).toMatchObject({ first_name: 'Ada', last_name: 'King' });
    const bad = { first_name: '   ', last_name: 'a\nb' };
    const role = await idp.make.role();
    for (const answer of [
      await admin.patch(path, bad),
      await admin.post('/accounts', { ...bad, email: email(), password: PASSWORD, role_id: role.id }),
    ]) {
      expect(answer).toMatchObject({
        status: 422,
        errors: ['first_name too_short', 'last_name invalid_characters'],
      });
    }
  });

  it('accepts null only for names', async () => {
    const account = await idp.make.account();
    const answer = await admin.patch(`/accounts/${account.id}`, {
      email: null,
      password: null,
      role_id: null,
      status: null,
    });
    expect(answer.status).toBe(422);
    expect(answer.errors).toHaveLength(4);
    expect(answer.errors.every((error) => error.endsWith('null_not_allowed'))).toBe(true);
  });

  it.each(['id', 'password_hash', 'created_at', 'updated_at', 'version', 'email_key', 'role', 'verified'])(
    'refuses the unknown field %s',
    async (field) => {
      const account = await idp.make.account();
      const answer = await admin.patch(`/accounts/${account.id}`, { [field]: 'x' });
      expect(answer).toMatchObject({ status: 422, errors: [`${field} unknown_field`] });
      expect(await rowOf(account.id)).toEqual(account);
    },
  );

  it('changes nothing without fields or differences', async () => {
    const account = await idp.make.account({ firstName: 'Ada' });
    const empty = await admin.patch(`/accounts/${account.id}`, {});
    const same = await admin.patch(`/accounts/${account.id}`, { first_name: 'Ada', status: 'active' });
    for (const answer of [empty, same]) {
      expect(answer.status).toBe(200);
      expect(answer.headers.get('etag')).toBe('"1-1"');
    }
    expect(await rowOf(account.id)).toEqual(account);
  });

  it("refuses another account's email: 409, and writes nothing", async () => {
    const [one, other] = await Promise.all([idp.make.account(), idp.make.account()]);
    const answer = await admin.patch(`/accounts/${one.id}`, {
      email: other.email.toUpperCase(),
      first_name: 'X',
    });
    expect(answer).toMatchObject({ status: 409, errors: ['email email_taken'] });
    expect(await rowOf(one.id)).toEqual(one);
  });

  it('accepts its own email in a different case', async () => {
    const account = await idp.make.account();
    const { data } = await admin.patch(`/accounts/${account.id}`, { email: account.email.toUpperCase() });
    expect(data.email).toBe(account.email.toUpperCase());
  });

  it('refuses an unknown role: 422', async () => {
    const account = await idp.make.account();
    const answer = await admin.patch(`/accounts/${account.id}`, { role_id: newId() });
    expect(answer).toMatchObject({ status: 422, errors: ['role_id not_found'] });
  });

  it("refuses the email's local part as password, with and without the email in the body: 422", async () => {
    const account = await idp.make.account({ email: `${unique('longenough')}@example.com` });
    const password = account.email.split('@')[0];
    for (const body of [{ password }, { password, email: account.email }]) {
      const answer = await admin.patch(`/accounts/${account.id}`, body);
      expect(answer).toMatchObject({ status: 422, errors: ['password matches_email'] });
    }
  });

  it('answers 404 for an unknown account, and 422 if a field is invalid too', async () => {
    expect((await admin.patch(`/accounts/${newId()}`, { first_name: 'Ada' })).status).toBe(404);
    expect((await admin.patch(`/accounts/${newId()}`, {})).status).toBe(404);
    expect((await admin.patch(`/accounts/${newId()}`, { first_name: 1 })).status).toBe(422);
    expect((await admin.patch(`/accounts/${newId()}`, { role_id: newId() })).status).toBe(422);
  });

  it('answers 412 for an old ETag; without If-Match the last write wins', async () => {
    const account = await idp.make.account();
    const path = `/accounts/${account.id}`;
    const tag = (await admin.get(path)).headers.get('etag') ?? '';
    expect((await admin.patch(path, { first_name: 'Ada' }, { 'if-match': tag })).status).toBe(200);
    const late = await admin.patch(path, { first_name: 'Eve' }, { 'if-match': tag });
    expect(late).toMatchObject({ status: 412, errors: ['- precondition_failed'] });
    expect((await admin.patch(path, {}, { 'if-match': tag })).status).toBe(412);
    expect((await rowOf(account.id)).firstName).toBe('Ada');
    expect((await admin.patch(path, { first_name: 'Joan' })).status).toBe(200);
  });
});

describe('takes effect immediately', () => {
  it('a new password: the old one is refused, all sessions end, and the owner gets a mail', async () => {
    const { account, api } = await idp.signIn([]);
    const other = await idp.sessionOf(account);
    const mails = () =>
      idp.database.query('SELECT kind FROM identity.mail_outbox WHERE recipient = $1', [account.email]);
    await admin.patch(`/accounts/${account.id}`, { first_name: 'Ada' });
    expect(await mails()).toEqual([]);
    expect((await admin.patch(`/accounts/${account.id}`, { password: PASSWORD })).status).toBe(200);
    expect(await mails()).toEqual([{ kind: 'password-changed' }]);
    expect((await api.get('/auth/me')).status).toBe(401);
    expect((await other.get('/auth/me')).status).toBe(401);
    expect(await idp.database.manager.countBy(Session, { accountId: account.id })).toBe(0);
    expect((await logIn(account.email, PASSWORD)).status).toBe(200);
    const next = 'another good one';
    await admin.patch(`/accounts/${account.id}`, { password: next });
    expect((await logIn(account.email, PASSWORD)).status).toBe(401);
    expect((await logIn(account.email, next)).status).toBe(200);
  });

  it('disabling: 401, and enabling the account does not restore sessions', async () => {
    const { account, api } = await idp.signIn([]);
    await admin.patch(`/accounts/${account.id}`, { status: 'disabled' });
    expect((await api.get('/auth/me')).status).toBe(401);
    await admin.patch(`/accounts/${account.id}`, { status: 'active' });
    expect((await api.get('/auth/me')).status).toBe(401);
    expect((await (await idp.sessionOf(account)).get('/auth/me')).status).toBe(200);
  });

  it('deletion: 401, and the email is available again', async () => {
    const { account, api } = await idp.signIn([]);
    expect(await admin.delete(`/accounts/${account.id}`)).toMatchObject({ status: 200, data: null });
    expect((await api.get('/auth/me')).status).toBe(401);
    expect((await admin.get(`/accounts/${account.id}`)).status).toBe(404);
    const role = await idp.make.role();
    const again = { email: account.email, password: PASSWORD, role_id: role.id };
    expect((await admin.post('/accounts', again)).status).toBe(201);
  });

  it('a different role: exactly its permissions', async () => {
    const reader = await idp.make.role(['roles:read']);
    const { account, api } = await idp.signIn(['accounts:read']);
    expect((await api.get('/accounts')).status).toBe(200);
    await admin.patch(`/accounts/${account.id}`, { role_id: reader.id });
    expect((await api.get('/accounts')).status).toBe(403);
    expect((await api.get('/roles')).status).toBe(200);
  });

  it('a new name: sessions continue', async () => {
    const { account, api } = await idp.signIn([]);
    await admin.patch(`/accounts/${account.id}`, { first_name: 'Ada', email: email() });
    expect((await api.get('/auth/me')).data).toMatchObject({ first_name: 'Ada' });
  });
});

describe('deleting an account', () => {
  it('answers 404 for an unknown account, with If-Match too', async () => {
    expect((await admin.delete(`/accounts/${newId()}`)).status).toBe(404);
    expect((await admin.delete(`/accounts/${newId()}`, { 'if-match': '"1-1"' })).status).toBe(404);
  });

  it('answers 412 for an old ETag', async () => {
    const account = await idp.make.account();
    await admin.patch(`/accounts/${account.id}`, { first_name: 'Ada' });
    expect((await admin.delete(`/accounts/${account.id}`, { 'if-match': '"1-1"' })).status).toBe(412);
    expect((await admin.delete(`/accounts/${account.id}`, { 'if-match': '"2-1"' })).status).toBe(200);
  });
});
