import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { User } from '#libs/database/users/user.entity.js';
import type { Answer, Api } from '../support/api.js';
import { type BothServices, startBothServices } from '../support/both-services.js';
import { createRealm, type TestRealm, type TestUser } from '../support/keycloak.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { keycloakSettings } from '../support/user-service.js';

let realm: TestRealm;
let proxy: TcpProxy;
let both: BothServices;
/** Native, with only `users:update` and `users:delete`. */
let support: Api;
let supportId: string;
beforeAll(async () => {
  realm = await createRealm();
  proxy = await TcpProxy.start(realm.keycloak.url);
  const keycloak = keycloakSettings(realm, { internalUrl: proxy.url });
  const roleMap = new Map([...keycloak.roleMap, ['helpdesk', 'support'], ['audit', 'auditor']]);
  both = await startBothServices({ keycloak: { ...keycloak, roleMap } });
  const role = await both.idp.make.role(['users:update', 'users:delete'], { name: 'support' });
  await both.idp.make.role(['roles:read'], { name: 'auditor' });
  const { api } = await both.idp.signIn([], { roleId: role.id });
  support = both.service.api.as(api.token as string);
  supportId = (await support.get('/users/me')).data.id;
});
// So that no administrator of one test counts in the next.
afterEach(async () => {
  await proxy.set({ kind: 'pass' });
  await suspendOthersThan(supportId);
});
afterAll(async () => {
  await both?.close();
  await proxy?.close();
  await realm?.delete();
});

const suspendOthersThan = (...ids: string[]) =>
  both.service.database.query(`UPDATE users.users SET status = 'suspended' WHERE id <> ALL($1)`, [ids]);

interface Person {
  id: string;
  user: TestUser;
  api: Api;
}

/** A Keycloak user with a profile. */
async function person(roles: string[] = []): Promise<Person> {
  const user = await realm.createUser({ roles });
  return profiled(user);
}

async function profiled(user: TestUser): Promise<Person> {
  const api = both.service.api.as(await realm.passwordToken(user));
  return { user, api, id: (await api.get('/users/me')).data.id };
}

async function nativeAdministrator(): Promise<{ id: string; accountId: string; api: Api }> {
  const { account, api } = await both.idp.signIn(['*']);
  const caller = both.service.api.as(api.token as string);
  return { id: (await caller.get('/users/me')).data.id, accountId: account.id, api: caller };
}

const suspend = (api: Api, { id }: { id: string }) => api.patch(`/users/${id}`, { status: 'suspended' });
const outcomeOf = ({ status, errors }: Answer<unknown>) => [status, ...errors];
const statusOf = async ({ id }: { id: string }) =>
  (await both.service.database.manager.findOneByOrFail(User, { id })).status;
const EXCEEDS = [403, '- exceeds_own_permissions'];

describe('the rights of a Keycloak user', () => {
  it.each([
    [['twinkey-admin'], EXCEEDS],
    [['audit'], EXCEEDS],
    [['helpdesk'], [200]],
    [['helpdesk', 'audit'], EXCEEDS],
    [['admin', 'auditor'], [200]],
    [[], [200]],
  ])('with the realm roles %j decides whether support may suspend them: %j', async (roles, expected) => {
    expect(outcomeOf(await suspend(support, await person(roles)))).toEqual(expected);
  });

  it('include those from a group or from another role', async () => {
    const role = (await realm.admin.roles.findOneByName({ name: 'twinkey-admin' })) as {
      id: string;
      name: string;
    };
    const group = await realm.admin.groups.create({ name: 'administrators' });
    await realm.admin.groups.addRealmRoleMappings({ id: group.id, roles: [role] });
    const subgroup = await realm.admin.groups.createChildGroup({ id: group.id }, { name: 'night' });
    const [member, chief] = [await person(), await person(['chief'])];
    await realm.admin.users.addToGroup({ id: member.user.id, groupId: subgroup.id as string });
    const composite = await realm.admin.roles.findOneByName({ name: 'chief' });
    await realm.admin.roles.createComposite({ roleId: composite?.id as string }, [role]);
    for (const one of [member, chief]) {
      expect(outcomeOf(await suspend(support, one))).toEqual(EXCEEDS);
      expect(outcomeOf(await support.delete(`/users/${one.id}`))).toEqual(EXCEEDS);
      expect(await statusOf(one)).toBe('active');
    }
  });

  it('come from Keycloak at that moment, not from a token', async () => {
    const chief = await person(['twinkey-admin']);
    const role = (await realm.admin.roles.findOneByName({ name: 'twinkey-admin' })) as {
      id: string;
      name: string;
    };
    await realm.admin.users.delRealmRoleMappings({ id: chief.user.id, roles: [role] });
    expect((await suspend(support, chief)).status).toBe(200);
  });

  it('count for a disabled user, and not for one that is deleted in Keycloak', async () => {
    const chief = await person(['twinkey-admin']);
    await realm.admin.users.update({ id: chief.user.id }, { enabled: false });
    expect(outcomeOf(await support.delete(`/users/${chief.id}`))).toEqual(EXCEEDS);
    await realm.admin.users.del({ id: chief.user.id });
    expect((await support.delete(`/users/${chief.id}`)).status).toBe(200);
  });

  it('limit how they can change native users', async () => {
    const [helpdesk, chief, native] = [
      await person(['helpdesk']),
      await person(['twinkey-admin']),
      await nativeAdministrator(),
    ];
    expect(outcomeOf(await suspend(helpdesk.api, native))).toEqual(EXCEEDS);
    expect((await suspend(chief.api, native)).status).toBe(200);
  });

  it('are found where there are more roles than fit into one request', async () => {
    const user = await realm.createUser();
    const names = Array.from({ length: 120 }, (_, index) => `team-${index}`);
    await realm.assignRoles(user.id, [...names, 'twinkey-admin']);
    const chief = await profiled(user);
    expect(outcomeOf(await suspend(support, chief))).toEqual(EXCEEDS);
  });
});

describe.each([
  ['away', { kind: 'refuse' } as const],
  ['frozen', { kind: 'freeze' } as const],
  ['failing', { kind: 'answer', status: 500 } as const],
  ['behind a proxy that does not find it', { kind: 'answer', status: 404 } as const],
])('with Keycloak %s', (_, mode) => {
  it('support cannot change Keycloak users: 503; an administrator can', async () => {
    const [customer, admin] = [await person(), await nativeAdministrator()];
    await proxy.set(mode);
    for (const refused of [await suspend(support, customer), await support.delete(`/users/${customer.id}`)]) {
      expect(outcomeOf(refused)).toEqual([503, '- keycloak_unavailable']);
      expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    }
    expect(await statusOf(customer)).toBe('active');
    expect((await suspend(admin.api, customer)).status).toBe(200);
  });
});

describe('two administrators of Keycloak, or of two issuers, at once', () => {
  it('cannot both suspend the other', async () => {
    for (const other of [() => person(['twinkey-admin']), nativeAdministrator]) {
      const [one, two] = [await person(['twinkey-admin']), await other()];
      const answers = await Promise.all([suspend(one.api, two), suspend(two.api, one)]);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      const states = [await statusOf(one), await statusOf(two)];
      expect(states.sort()).toEqual(['active', 'suspended']);
      await suspendOthersThan(supportId);
    }
  });
});

describe('a service account with every permission', () => {
  /** `test-service`, a service account. */
  let program: Api;
  beforeAll(async () => {
    const [client] = await realm.admin.clients.find({ clientId: 'test-service' });
    const account = await realm.admin.clients.getServiceAccountUser({ id: client?.id as string });
    await realm.assignRoles(account.id as string, ['twinkey-admin']);
    program = both.service.api.as(await realm.clientCredentialsToken());
  });

  it('cannot suspend or delete the last administrator', async () => {
    for (const make of [() => person(['twinkey-admin']), nativeAdministrator]) {
      const last = await make();
      await suspendOthersThan(supportId, last.id);
      expect(outcomeOf(await suspend(program, last))).toEqual([409, '- last_admin']);
      expect(outcomeOf(await program.delete(`/users/${last.id}`))).toEqual([409, '- last_admin']);
      expect(await statusOf(last)).toBe('active');
    }
  });

  it('can do so where another administrator of any issuer remains', async () => {
    for (const other of [() => person(['twinkey-admin']), nativeAdministrator]) {
      const [chief, stays] = [await person(['twinkey-admin']), await other()];
      expect((await suspend(program, chief)).status).toBe(200);
      expect(outcomeOf(await suspend(program, stays))).toEqual([409, '- last_admin']);
      await suspendOthersThan(supportId);
    }
  });

  it('is refused where the others cannot sign in', async () => {
    const [chief, off, native] = [
      await person(['twinkey-admin']),
      await person(['twinkey-admin']),
      await nativeAdministrator(),
    ];
    await realm.admin.users.update({ id: off.user.id }, { enabled: false });
    const { api: root } = await both.idp.signIn(['*']);
    await root.patch(`/accounts/${native.accountId}`, { status: 'disabled' });
    expect(outcomeOf(await suspend(program, chief))).toEqual([409, '- last_admin']);
  });

  it('can suspend users who are not administrators, and a suspended administrator is not the last one', async () => {
    const [customer, chief] = [await person(), await person(['twinkey-admin'])];
    expect((await suspend(program, customer)).status).toBe(200);
    await both.service.database.manager.update(User, { id: chief.id }, { status: 'suspended' });
    expect((await program.delete(`/users/${chief.id}`)).status).toBe(200);
  });

  it('gets 503 while Keycloak cannot list other administrators', async () => {
    const chief = await person(['twinkey-admin']);
    await proxy.set({ kind: 'freeze' });
    expect((await suspend(program, chief)).status).toBe(503);
    expect(await statusOf(chief)).toBe('active');
  });
});
