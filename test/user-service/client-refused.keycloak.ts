import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Api } from '../support/api.js';
import { type CapturedLog, captureLog } from '../support/captured-log.js';
import { createRealm, type TestRealm } from '../support/keycloak.js';
import { keycloakSettings, startTestUserService, type TestUserService } from '../support/user-service.js';

let realm: TestRealm;
let log: CapturedLog;
const services: TestUserService[] = [];
beforeAll(async () => {
  realm = await createRealm();
  log = await captureLog();
});
afterAll(async () => {
  for (const service of services) await service.close();
  await realm?.delete();
});

async function start(clientSecret: string): Promise<TestUserService> {
  const service = await startTestUserService(
    { keycloak: { ...keycloakSettings(realm), clientSecret } },
    log.logger,
  );
  services.push(service);
  return service;
}

const causes = () => log.lines().flatMap(({ cause }) => (typeof cause === 'string' ? [cause] : []));

const healthOf = (service: TestUserService) => async () => {
  const { status, data } = await service.internal.get('/health/ready');
  return [status, data.status, data.checks.keycloak];
};

/** More often than it takes to open the circuit: the answer is the same then. */
async function expectRefusals(caller: Api, httpStatus: number): Promise<void> {
  for (let attempt = 0; attempt < 8; attempt += 1) {
    const before = causes().length;
    const refused = await caller.put('/users/me', { last_name: 'King', display_name: 'X' });
    expect([refused.status, refused.errors]).toEqual([
      503,
      ['last_name keycloak_unavailable', 'display_name keycloak_unavailable'],
    ]);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(causes().slice(before)).toEqual([`Keycloak refused the service's client: HTTP ${httpStatus}`]);
  }
}

it('a wrong client secret shows in the answer, the log and health', async () => {
  const service = await start('not the secret');
  const caller = service.api.as(await realm.passwordToken(await realm.createUser()));
  await expectRefusals(caller, 401);
  await expect.poll(healthOf(service)).toEqual([200, 'degraded', 'down']);
  expect((await caller.get('/users/me')).data).toMatchObject({ last_name: 'Byron', display_name: null });
  expect(log.text()).not.toContain('not the secret');
});

it('health shows it before any request needs Keycloak', async () => {
  const service = await start('not the secret');
  await expect.poll(healthOf(service)).toEqual([200, 'degraded', 'down']);
});

it('so does a client that may not change users, until it may', async () => {
  const service = await start(realm.clientSecret);
  const user = await realm.createUser();
  const caller = service.api.as(await realm.passwordToken(user));
  expect((await caller.put('/users/me', { last_name: 'Lovelace' })).status).toBe(200);
  await expect.poll(healthOf(service)).toEqual([200, 'ok', 'ok']);

  const [account] = await realm.admin.users.find({ username: 'service-account-user-service', exact: true });
  const [management] = await realm.admin.clients.find({ clientId: 'realm-management' });
  const clientUniqueId = String(management?.id);
  const role = await realm.admin.clients.findRole({ id: clientUniqueId, roleName: 'manage-users' });
  const mapping = {
    id: String(account?.id),
    clientUniqueId,
    roles: [{ id: String(role?.id), name: 'manage-users' }],
  };
  await realm.admin.users.delClientRoleMappings(mapping);
  await expectRefusals(caller, 403);
  await expect.poll(healthOf(service)).toEqual([200, 'degraded', 'down']);
  expect(await realm.getUser(user.id)).toMatchObject({ lastName: 'Lovelace' });

  await realm.admin.users.addClientRoleMappings(mapping);
  await expect.poll(healthOf(service), { timeout: 5_000 }).toEqual([200, 'ok', 'ok']);
  await expect
    .poll(async () => (await caller.put('/users/me', { last_name: 'King' })).status, { timeout: 5_000 })
    .toBe(200);
});
