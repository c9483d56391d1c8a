import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Account } from '#libs/database/identity/account.entity.js';
import { Permission } from '#libs/database/identity/permission.entity.js';
import {
  type Caller,
  startTestIdentityProvider,
  type TestIdentityProvider,
} from '../support/identity-provider.js';

const LAST_ADMIN = { status: 409, errors: ['- last_admin'] };

/** Each test has its own installation with exactly one administrator. */
let idp: TestIdentityProvider;
let admin: Caller;
beforeEach(async () => {
  idp = await startTestIdentityProvider();
  admin = await idp.signIn([], { roleId: (await idp.systemRole('admin')).id });
});
afterEach(() => idp.close());

/** Moves the only administrator to a role that can be changed, unlike a system role. */
async function adminByOwnRole() {
  const role = await idp.make.role(['*']);
  await admin.api.patch(`/accounts/${admin.account.id}`, { role_id: role.id });
  return role;
}

describe('the last active account with every permission keeps it', () => {
  it('when it would get a lower role', async () => {
    const { id, roleId } = admin.account;
    const { id: role_id } = await idp.systemRole('user');
    expect(await admin.api.patch(`/accounts/${id}`, { role_id })).toMatchObject(LAST_ADMIN);
    expect((await idp.database.manager.findOneBy(Account, { id }))?.roleId).toBe(roleId);
  });

  it('when the only other administrator is disabled', async () => {
    await idp.make.account({ roleId: admin.account.roleId, status: 'disabled' });
    const { id: role_id } = await idp.systemRole('user');
    expect(await admin.api.patch(`/accounts/${admin.account.id}`, { role_id })).toMatchObject(LAST_ADMIN);
  });

  it('when its role would lose *', async () => {
    const role = await adminByOwnRole();
    const everything = await idp.database.manager.findOneByOrFail(Permission, { name: '*' });
    const answer = await admin.api.delete(`/roles/${role.id}/permissions/${everything.id}`);
    expect(answer).toMatchObject(LAST_ADMIN);
    expect((await admin.api.get('/accounts')).status).toBe(200);
  });

  it("when the role's parent would lose *, or the role its parent", async () => {
    const parent = await adminByOwnRole();
    const child = await idp.make.role([], { parentId: parent.id });
    await admin.api.patch(`/accounts/${admin.account.id}`, { role_id: child.id });
    const everything = await idp.database.manager.findOneByOrFail(Permission, { name: '*' });
    const stripped = await admin.api.delete(`/roles/${parent.id}/permissions/${everything.id}`);
    expect(stripped).toMatchObject(LAST_ADMIN);
    expect(await admin.api.patch(`/roles/${child.id}`, { parent_id: null })).toMatchObject(LAST_ADMIN);
  });

  it('unless another one exists', async () => {
    const other = await idp.signIn(['*']);
    expect((await other.api.delete(`/accounts/${admin.account.id}`)).status).toBe(200);
  });
});

describe('two administrators who demote each other at once', () => {
  it.each(['role_id', 'status', 'deletion'])('by %s: one remains, in twenty attempts', async (means) => {
    const { id: user } = await idp.systemRole('user');
    let one = admin;
    for (let round = 0; round < 20; round++) {
      const other = await idp.signIn([], { roleId: (await idp.systemRole('admin')).id });
      const against = (by: Caller, { account }: Caller) =>
        means === 'deletion'
          ? by.api.delete(`/accounts/${account.id}`)
          : by.api.patch(
              `/accounts/${account.id}`,
              means === 'status' ? { status: 'disabled' } : { role_id: user },
            );
      const answers = await Promise.all([against(one, other), against(other, one)]);
      const statuses = answers.map(({ status }) => status).sort();
      // The slower one has lost the account (401) or the rights (403) by then.
      expect(statuses[0]).toBe(200);
      expect([401, 403]).toContain(statuses[1]);
      one = answers[0].status === 200 ? one : other;
      expect((await one.api.get('/accounts')).status).toBe(200);
    }
  });

  it('on two replicas: one remains', async () => {
    const replica = await startTestIdentityProvider({ databaseUrl: idp.settings.databaseUrl });
    const { id: user } = await idp.systemRole('user');
    let one = admin;
    for (let round = 0; round < 20; round++) {
      const other = await idp.signIn([], { roleId: (await idp.systemRole('admin')).id });
      const answers = await Promise.all([
        one.api.patch(`/accounts/${other.account.id}`, { role_id: user }),
        replica.api.as(other.api.token ?? '').patch(`/accounts/${one.account.id}`, { role_id: user }),
      ]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 403]);
      one = answers[0].status === 200 ? one : other;
    }
    await replica.close();
  });
});
