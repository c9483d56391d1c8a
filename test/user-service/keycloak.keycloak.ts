import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Identity } from '#libs/database/users/identity.entity.js';
import type { Api } from '../support/api.js';
import { type BothServices, startBothServices } from '../support/both-services.js';
import { unique } from '../support/factories.js';
import { createRealm, type TestRealm, type TestUser } from '../support/keycloak.js';
import { keycloakSettings } from '../support/user-service.js';

let realm: TestRealm;
let both: BothServices;
beforeAll(async () => {
  realm = await createRealm();
  await realm.allowAnyAttribute();
  both = await startBothServices({ keycloak: keycloakSettings(realm) });
});
afterAll(async () => {
  await both?.close();
  await realm?.delete();
});

const callerOf = async (user: TestUser): Promise<Api> => both.service.api.as(await realm.passwordToken(user));
const rowsOf = (sub: string) => both.service.database.manager.countBy(Identity, { issuer: 'keycloak', sub });

describe('a Keycloak user', () => {
  it('has a profile from the first call on', async () => {
    const user = await realm.createUser();
    const { status, data } = await (await callerOf(user)).get('/users/me');
    expect(status).toBe(200);
    expect(data).toMatchObject({
      issuer: 'keycloak',
      sub: user.id,
      username: user.username,
      email: user.email,
      first_name: user.firstName,
      last_name: user.lastName,
      display_name: null,
      status: 'active',
    });
  });

  it('is another user than the native one with the same email', async () => {
    const user = await realm.createUser();
    const keycloak = await (await callerOf(user)).get('/users/me');
    const account = await both.idp.make.account({ email: user.email });
    const { token } = await both.idp.sessionOf(account);
    const native = await both.service.api.as(token as string).get('/users/me');
    expect(native.data.email).toBe(keycloak.data.email);
    expect(native.data.id).not.toBe(keycloak.data.id);
  });

  it('cannot sign in with an ID token or a refresh token', async () => {
    const user = await realm.createUser();
    const { idToken, refreshToken } = await realm.signIn(user);
    for (const token of [idToken, refreshToken]) {
      expect((await both.service.api.as(token as string).get('/users/me')).status).toBe(401);
    }
    expect(await rowsOf(user.id)).toBe(0);
  });
});

describe('PUT /users/me', () => {
  it('writes names to Keycloak and application fields to Postgres, and nothing else', async () => {
    const user = await realm.createUser({ attributes: { phone: ['+1 555'], team: ['a', 'b'] } });
    await realm.admin.users.update({ id: user.id }, { requiredActions: [] });
    const caller = await callerOf(user);
    const before = await realm.getUser(user.id);
    const { status, data } = await caller.put('/users/me', {
      last_name: 'Lovelace 🦄',
      display_name: 'Countess',
    });
    expect(status).toBe(200);
    expect(data).toMatchObject({ first_name: 'Ada', last_name: 'Lovelace 🦄', display_name: 'Countess' });
    expect(await realm.getUser(user.id)).toEqual({ ...before, lastName: 'Lovelace 🦄' });
  });

  it('shows the new name to the old token, and later changes in Keycloak to a later token', async () => {
    const user = await realm.createUser();
    const caller = await callerOf(user);
    await caller.put('/users/me', { last_name: 'Lovelace' });
    expect((await caller.get('/users/me')).data.last_name).toBe('Lovelace');
    await realm.admin.users.update({ id: user.id }, { lastName: 'King' });
    expect((await caller.get('/users/me')).data.last_name).toBe('Lovelace');
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const later = await callerOf(user);
    expect((await later.get('/users/me')).data.last_name).toBe('King');
    expect((await caller.get('/users/me')).data.last_name).toBe('King');
  });

  it('keeps both of two concurrent changes of different names', async () => {
    const user = await realm.createUser();
    const caller = await callerOf(user);
    await caller.get('/users/me');
    for (let round = 0; round < 10; round += 1) {
      const names = { first_name: `Augusta ${round}`, last_name: `Lovelace ${round}` };
      const answers = await Promise.all([
        caller.put('/users/me', { first_name: names.first_name }),
        caller.put('/users/me', { last_name: names.last_name }),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      const { firstName, lastName } = (await realm.getUser(user.id)) ?? {};
      expect({ first_name: firstName, last_name: lastName }).toEqual(names);
      expect((await caller.get('/users/me')).data).toMatchObject(names);
    }
  });

  it.each(['<b>', 'a%b', 'a/b', 'a(b)', 'a&b'])(
    'is 422 on the field for %j, which Keycloak refuses, and changes nothing',
    async (name) => {
      const user = await realm.createUser();
      const caller = await callerOf(user);
      const { status, errors } = await caller.put('/users/me', { last_name: name, display_name: 'X' });
      expect([status, errors]).toEqual([422, ['last_name refused_by_keycloak']]);
      expect((await caller.get('/users/me')).data).toMatchObject({ last_name: 'Byron', display_name: null });
    },
  );

  // Keycloak treats each of them as an empty name, and would erase the stored one.
  it.each([' ', '   ', '\u3000', '\u2003', '\u1680'])('is 422 for the blank name %j', async (name) => {
    const user = await realm.createUser();
    const { status, errors } = await (await callerOf(user)).put('/users/me', { first_name: name });
    expect([status, errors]).toEqual([422, ['first_name too_short']]);
    expect(await realm.getUser(user.id)).toMatchObject({ firstName: 'Ada' });
  });

  it('is 404 for a user that is deleted in Keycloak; GET works until the token expires', async () => {
    const user = await realm.createUser();
    const caller = await callerOf(user);
    await caller.get('/users/me');
    await realm.admin.users.del({ id: user.id });
    expect((await caller.get('/users/me')).status).toBe(200);
    expect((await caller.put('/users/me', { last_name: 'X' })).status).toBe(404);
    expect((await caller.put('/users/me', { display_name: 'X' })).status).toBe(200);
  });

  it('renews once a service token that Keycloak no longer accepts', async () => {
    const user = await realm.createUser();
    const caller = await callerOf(user);
    expect((await caller.put('/users/me', { last_name: 'One' })).status).toBe(200);
    // Keycloak then refuses tokens issued before this second.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await realm.admin.realms.update({ realm: realm.name }, { notBefore: Math.floor(Date.now() / 1_000) });
    expect((await caller.put('/users/me', { last_name: 'Two' })).status).toBe(200);
    expect(await realm.getUser(user.id)).toMatchObject({ lastName: 'Two' });
  });
});

describe('a service account', () => {
  it('is not a person: no profile, no row', async () => {
    const token = await realm.clientCredentialsToken();
    const service = both.service.api.as(token);
    for (const answer of [
      await service.get('/users/me'),
      await service.put('/users/me', { display_name: 'X' }),
    ]) {
      expect([answer.status, answer.errors]).toEqual([403, ['- not_a_person']]);
    }
    const { sub } = JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString());
    expect(await rowsOf(sub)).toBe(0);
  });

  it('is not found by its username', async () => {
    const { status } = await both.service.internal.get('/users/username/service-account-test-service');
    expect(status).toBe(404);
  });
});

describe('KEYCLOAK_ROLE_MAP', () => {
  it('makes users with the mapped role administrators of both services', async () => {
    const chief = await realm.createUser({ roles: ['twinkey-admin'] });
    const token = await realm.passwordToken(chief);
    expect((await both.idp.api.as(token).get('/accounts')).status).toBe(200);
    expect((await both.service.api.as(token).get('/users')).status).toBe(200);
    const { data } = await both.idp.api.as(token).get('/auth/me');
    expect(data).toMatchObject({ issuer: 'keycloak', roles: ['admin'], permissions: ['*'], account: null });
  });

  it('is the only way: the name of a Keycloak role grants nothing', async () => {
    const user = await realm.createUser({ roles: ['admin', 'user'] });
    const token = await realm.passwordToken(user);
    expect((await both.idp.api.as(token).get('/accounts')).status).toBe(403);
    expect((await both.service.api.as(token).get('/users')).status).toBe(403);
    expect((await both.idp.api.as(token).get('/auth/me')).data).toMatchObject({ roles: [], permissions: [] });
  });

  it('works for a token with 150 realm roles', async () => {
    const names = Array.from(
      { length: 149 },
      (_, index) => `department-${index}-of-the-large-organization-administrators`,
    );
    const chief = await realm.createUser({ roles: ['twinkey-admin', ...names] });
    const token = await realm.passwordToken(chief);
    expect(token.length).toBeGreaterThan(8_192);
    expect((await both.service.api.as(token).get('/users/me')).status).toBe(200);
    expect((await both.service.api.as(token).get('/users')).status).toBe(200);
    expect((await both.idp.api.as(token).get('/accounts')).status).toBe(200);
  });

  it('does not open routes for native accounts', async () => {
    const chief = await realm.createUser({ roles: ['twinkey-admin'] });
    const api = both.idp.api.as(await realm.passwordToken(chief));
    const passwords = { current_password: 'x', new_password: 'a new password 7' };
    for (const answer of [
      await api.patch('/auth/me', { first_name: 'X' }),
      await api.post('/auth/password', passwords),
      await api.post('/auth/logout'),
    ]) {
      expect([answer.status, answer.errors]).toEqual([403, ['- native_account_required']]);
    }
  });
});

describe('GET /users/username/{username}', () => {
  it('looks up an unknown user in Keycloak by exact match, and stores the profile', async () => {
    const user = await realm.createUser();
    const { status, data } = await both.service.internal.get(
      `/users/username/${user.username.toUpperCase()}`,
    );
    expect([status, data.sub, data.email]).toEqual([200, user.id, user.email]);
    expect((await both.service.internal.get(`/users/username/${user.username.slice(0, -1)}`)).status).toBe(
      404,
    );
    expect(await rowsOf(user.id)).toBe(1);
    expect((await (await callerOf(user)).get('/users/me')).data.id).toBe(data.id);
  });

  it('makes one profile for many requests at once', async () => {
    const user = await realm.createUser();
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => both.service.internal.get(`/users/username/${user.username}`)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await rowsOf(user.id)).toBe(1);
  });

  it.each(['a&exact=false', 'a*', '%25', 'x?y', 'a b', '"'])(
    'takes %j as a name and nothing more: 404',
    async (name) => {
      const path = `/users/username/${encodeURIComponent(name)}`;
      expect((await both.service.internal.get(path)).status).toBe(404);
    },
  );

  it("prefers Keycloak's user where two issuers have the same username", async () => {
    const email = `${unique('ada')}@example.com`;
    const named = await realm.createUser({ username: email, email });
    const native = await both.idp.make.account({ email });
    const { token } = await both.idp.sessionOf(native);
    await both.service.api.as(token as string).get('/users/me');
    await (await callerOf(named)).get('/users/me');
    const path = `/users/username/${encodeURIComponent(named.username)}`;
    expect((await both.service.internal.get(path)).data.issuer).toBe('keycloak');
    expect((await both.service.internal.get(`${path}?issuer=native`)).data.sub).toBe(native.id);
  });

  it('does not find a user that an administrator has deleted', async () => {
    const user = await realm.createUser();
    const { data } = await both.service.internal.get(`/users/username/${user.username}`);
    const { api } = await both.idp.signIn(['*']);
    expect((await both.service.api.as(api.token as string).delete(`/users/${data.id}`)).status).toBe(200);
    expect((await both.service.internal.get(`/users/username/${user.username}`)).status).toBe(404);
    expect((await (await callerOf(user)).get('/users/me')).errors).toEqual(['- user_deleted']);
    expect(await realm.getUser(user.id)).toMatchObject({ username: user.username });
  });
});
