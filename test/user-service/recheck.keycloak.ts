import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRealm, type TestRealm, type TestUser } from '../support/keycloak.js';
import { requestTokens } from '../support/keycloak-tokens.js';
import { keycloakSettings, startTestUserService, type TestUserService } from '../support/user-service.js';

/** A run is due every second. */
const WITHIN = { timeout: 20_000, interval: 200 };

let realm: TestRealm;
let service: TestUserService;
let replica: TestUserService;
beforeAll(async () => {
  realm = await createRealm({
    clients: [
      {
        clientId: 'pairwise',
        publicClient: true,
        directAccessGrantsEnabled: true,
        redirectUris: ['http://localhost/'],
        protocolMappers: [
          mapper('oidc-audience-mapper', {
            'included.client.audience': 'user-service',
            'access.token.claim': 'true',
          }),
          mapper('oidc-sha256-pairwise-sub-mapper', { pairwiseSubAlgorithmSalt: 'salt' }),
        ],
      },
    ],
  });
  const keycloak = { ...keycloakSettings(realm), maxLifetimeSeconds: 3_600 };
  service = await startTestUserService({ keycloak, keycloakRecheckSeconds: 1 });
  replica = await startTestUserService({ ...service.settings });
});
afterAll(async () => {
  await replica?.close();
  await service?.close();
  await realm?.delete();
});

const mapper = (protocolMapper: string, config: Record<string, string>) => ({
  name: protocolMapper,
  protocol: 'openid-connect',
  protocolMapper,
  config,
});

/** A Keycloak user with a profile, which the call makes. */
async function person(): Promise<TestUser> {
  const user = await realm.createUser();
  const { status } = await service.api.as(await realm.passwordToken(user)).get('/users/me');
  expect(status).toBe(200);
  return user;
}

/** The reason why a subject is ended, and whether the feed tells it; null if neither. */
async function stateOf(sub: string): Promise<[reason: string | null, isRevoked: boolean]> {
  const [ended] = await service.database.query('SELECT reason FROM users.ended_subjects WHERE sub = $1', [
    sub,
  ]);
  const [revoked] = await service.database.query(
    `SELECT FROM users.revocations WHERE issuer = 'keycloak' AND kind = 'subject' AND id = $1 AND NOT removed`,
    [sub],
  );
  return [ended?.reason ?? null, revoked !== undefined];
}

/** Waits for runs that have looked at everybody. */
async function untilRechecked(): Promise<void> {
  const probe = await person();
  await realm.admin.users.update({ id: probe.id }, { enabled: false });
  await expect.poll(() => stateOf(probe.id), WITHIN).toEqual(['disabled', true]);
}

it('a user who is disabled in Keycloak is ended, and restored when they are enabled again', async () => {
  const [user, other] = [await person(), await person()];
  await realm.admin.users.update({ id: user.id }, { enabled: false });
  await expect.poll(() => stateOf(user.id), WITHIN).toEqual(['disabled', true]);
  expect(await stateOf(other.id)).toEqual([null, false]);
  await realm.admin.users.update({ id: user.id }, { enabled: true });
  await expect.poll(() => stateOf(user.id), WITHIN).toEqual([null, false]);
});

it('a user who is deleted in Keycloak is ended', async () => {
  const user = await person();
  await realm.admin.users.del({ id: user.id });
  await expect.poll(() => stateOf(user.id), WITHIN).toEqual(['deleted', true]);
});

it('more users than fit in one request are looked at', async () => {
  const subs = Array.from({ length: 120 }, () => randomUUID());
  await service.database.query(
    `WITH made AS (
       INSERT INTO users.identities (issuer, sub, user_id, told_at)
       SELECT 'keycloak', sub, gen_random_uuid(), now() FROM unnest($1::text[]) AS sub RETURNING user_id)
     INSERT INTO users.users (id) SELECT user_id FROM made`,
    [subs],
  );
  const count = async () => {
    const [row] = await service.database.query(
      'SELECT count(*)::integer FROM users.ended_subjects WHERE sub = ANY($1)',
      [subs],
    );
    return row.count;
  };
  await expect.poll(count, { timeout: 60_000, interval: 500 }).toBe(120);
  await service.database.query('DELETE FROM users.identities WHERE sub = ANY($1)', [subs]);
});

it('people whose last token has expired are not asked for, and are forgotten', async () => {
  const [user, disabled] = [await person(), await person()];
  await realm.admin.users.update({ id: disabled.id }, { enabled: false });
  await expect.poll(() => stateOf(disabled.id), WITHIN).toEqual(['disabled', true]);
  await realm.admin.users.update({ id: user.id }, { enabled: false });
  await service.database.query(
    `UPDATE users.identities SET told_at = now() - interval '2 hours' WHERE sub = ANY($1)`,
    [[user.id, disabled.id]],
  );
  await expect.poll(() => stateOf(disabled.id), WITHIN).toEqual([null, false]);
});

it('a suspended person stays revoked when Keycloak enables them again', async () => {
  const user = await person();
  await realm.admin.users.update({ id: user.id }, { enabled: false });
  await expect.poll(() => stateOf(user.id), WITHIN).toEqual(['disabled', true]);
  await service.database.query(
    `UPDATE users.users SET status = 'suspended' WHERE id = (SELECT user_id FROM users.identities WHERE sub = $1)`,
    [user.id],
  );
  await realm.admin.users.update({ id: user.id }, { enabled: true });
  await expect.poll(() => stateOf(user.id), WITHIN).toEqual([null, true]);
});

it('activating a profile does not restore a user who is disabled in Keycloak', async () => {
  const user = await person();
  const setStatus = (status: string) =>
    service.database.query(
      `UPDATE users.users SET status = $2 WHERE id = (SELECT user_id FROM users.identities WHERE sub = $1)`,
      [user.id, status],
    );
  await realm.admin.users.update({ id: user.id }, { enabled: false });
  await setStatus('suspended');
  await expect.poll(() => stateOf(user.id), WITHIN).toEqual(['disabled', true]);
  await setStatus('active');
  await expect.poll(() => stateOf(user.id), WITHIN).toEqual(['disabled', true]);
});

it('a pairwise subject is not ended: it is no id of a user', async () => {
  const user = await realm.createUser();
  const { accessToken } = await requestTokens(realm.issuer, {
    grant_type: 'password',
    client_id: 'pairwise',
    username: user.username,
    password: user.password,
  });
  const { data } = await service.api.as(accessToken).get('/users/me');
  expect(data.sub).not.toBe(user.id);
  await untilRechecked();
  expect(await stateOf(data.sub)).toEqual([null, false]);
});
