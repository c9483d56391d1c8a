import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { userServiceSettings } from '#libs/config/user-service.settings.js';
import { type BothServices, startBothServices } from '../support/both-services.js';
import { createRealm, keycloakEnv, type TestRealm } from '../support/keycloak.js';

const settingsOf = (realm: TestRealm, more: Record<string, string> = {}) => {
  const { keycloak } = userServiceSettings({
    DATABASE_URL: 'postgres://nobody@localhost/nothing',
    ...keycloakEnv(realm, { internalUrl: `http://127.0.0.1:${new URL(realm.keycloak.url).port}` }),
    ...more,
  });
  return keycloak ?? expect.unreachable();
};

describe.each([
  ['blanks and letters beyond ASCII', 'My Größe 日本'],
  ['characters that URLs escape', `50% "it's" a~b^c|`],
])('a realm whose name has %s', (_, prefix) => {
  let realm: TestRealm;
  let both: BothServices;
  beforeAll(async () => {
    realm = await createRealm({ realm: `${prefix} ${randomBytes(4).toString('hex')}` });
    both = await startBothServices({ keycloak: settingsOf(realm) });
  });
  afterAll(async () => {
    await both?.close();
    await realm?.delete();
  });

  it('has its tokens taken by both apps, their issuer compared as Keycloak writes it', async () => {
    const user = await realm.createUser({ roles: ['twinkey-admin'] });
    const token = await realm.passwordToken(user);
    const profile = await both.service.api.as(token).get('/users/me');
    expect(profile).toMatchObject({ status: 200, data: { sub: user.id, username: user.username } });
    expect(await both.idp.api.as(token).get('/auth/me')).toMatchObject({
      status: 200,
      data: { sub: user.id },
    });
  });

  it('has its users found and changed through the Admin API', async () => {
    const user = await realm.createUser();
    const found = await both.service.internal.get(`/users/username/${user.username}`);
    expect(found).toMatchObject({ status: 200, data: { email: user.email } });
    const caller = both.service.api.as(await realm.passwordToken(user));
    expect((await caller.put('/users/me', { last_name: 'Lovelace' })).status).toBe(200);
    expect(await realm.getUser(user.id)).toMatchObject({ lastName: 'Lovelace' });
  });

  it('is healthy', async () => {
    expect(await both.service.internal.get('/health')).toMatchObject({ status: 200 });
  });
});

it('takes tokens where KEYCLOAK_URL is written in upper case', async () => {
  const realm = await createRealm();
  const KEYCLOAK_URL = inject('keycloak').url.replace(/^.*?(?=:\d)/, (origin) => origin.toUpperCase());
  const both = await startBothServices({ keycloak: settingsOf(realm, { KEYCLOAK_URL }) });
  try {
    const token = await realm.passwordToken(await realm.createUser());
    expect((await both.service.api.as(token).get('/users/me')).status).toBe(200);
  } finally {
    await both.close();
    await realm.delete();
  }
});
