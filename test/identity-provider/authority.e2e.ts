import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Account } from '#libs/database/identity/account.entity.js';
import { Permission } from '#libs/database/identity/permission.entity.js';
import { Role } from '#libs/database/identity/role.entity.js';
import type { Api } from '../support/api.js';
import { unique } from '../support/factories.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';

const PASSWORD = 'correct horse battery';
const EXCEEDS = 'exceeds_own_permissions';

/** Every permission of the administration routes, but not `*`. */
const MANAGER = ['accounts', 'roles', 'permissions'].flatMap((resource) =>
  ['create', 'read', 'update', 'delete'].map((action) => `${resource}:${action}`),
);

let idp: TestIdentityProvider;
let manager: Api;
beforeAll(async () => {
  idp = await startTestIdentityProvider();
  // Another account must have every permission, because the last one must keep them.
  await idp.signIn(['*']);
  ({ api: manager } = await idp.signIn(MANAGER));
});
afterAll(() => idp.close());

const permissionNamed = (name: string) => idp.database.manager.findOneByOrFail(Permission, { name });
const roleRow = (id: string) => idp.database.manager.findOneBy(Role, { id });
const accountRow = (id: string) => idp.database.manager.findOneBy(Account, { id });
const ownPermissions = async (id: string) => {
  const rows = await idp.database.query(
    'SELECT p.name FROM identity.role_permissions JOIN identity.permissions p ON p.id = permission_id WHERE role_id = $1',
    [id],
  );
  return rows.map(({ name }: { name: string }) => name).sort();
};

describe('users cannot grant permissions that they do not have', () => {
  it.each([
    ['all permissions', ['*']],
    ['one more permission', ['accounts:read', 'users:read']],
    ['a permission that no role has', ['exotic:power']],
  ])('by creating an account: %s', async (_, permissions) => {
    const role = await idp.make.role(permissions);
    const answer = await manager.post('/accounts', {
      email: `${unique('eve')}@example.com`,
      password: PASSWORD,
      role_id: role.id,
    });
    expect(answer).toMatchObject({ status: 403, errors: [`role_id ${EXCEEDS}`] });
    expect(await idp.database.manager.countBy(Account, { roleId: role.id })).toBe(0);
  });

  it('by assigning a role to an account, including their own', async () => {
    const role = await idp.make.role(['users:read']);
    const { account: self, api } = await idp.signIn(MANAGER);
    const other = await idp.make.account();
    for (const { id, roleId } of [self, other]) {
      const answer = await api.patch(`/accounts/${id}`, { role_id: role.id });
      expect(answer).toMatchObject({ status: 403, errors: [`role_id ${EXCEEDS}`] });
      expect((await accountRow(id))?.roleId).toBe(roleId);
    }
  });

  it('by a role that inherits them', async () => {
    const parent = await idp.make.role(['users:read']);
    const child = await idp.make.role([], { parentId: parent.id });
    const account = await idp.make.account();
    const answer = await manager.patch(`/accounts/${account.id}`, { role_id: child.id });
    expect(answer).toMatchObject({ status: 403, errors: [`role_id ${EXCEEDS}`] });
  });

  it.each(['users:read', '*'])('by granting %s to a role: nothing is granted', async (name) => {
    const role = await idp.make.role();
    const [held, lacking] = await Promise.all([permissionNamed('roles:read'), permissionNamed(name)]);
    const answer = await manager.post(`/roles/${role.id}/permissions`, {
      permission_ids: [held.id, lacking.id],
    });
    expect(answer).toMatchObject({ status: 403, errors: [`permission_ids[1] ${EXCEEDS}`] });
    expect(await ownPermissions(role.id)).toEqual([]);
  });

  it('by granting a permission that no role has: this requires *', async () => {
    const role = await idp.make.role();
    const fresh = await idp.make.permission();
    const body = { permission_ids: [fresh.id] };
    expect((await manager.post(`/roles/${role.id}/permissions`, body)).status).toBe(403);
    const { api: admin } = await idp.signIn(['*']);
    expect((await admin.post(`/roles/${role.id}/permissions`, body)).status).toBe(200);
  });

  it('by creating a role below a higher one', async () => {
    const parent = await idp.systemRole('admin');
    const name = unique('role');
    const answer = await manager.post('/roles', { name, parent_id: parent.id });
    expect(answer).toMatchObject({ status: 403, errors: [`parent_id ${EXCEEDS}`] });
    expect(await idp.database.manager.findOneBy(Role, { name })).toBeNull();
  });

  it('by moving a role below a higher one', async () => {
    const parent = await idp.make.role(['users:read']);
    const role = await idp.make.role(['roles:read']);
    const answer = await manager.patch(`/roles/${role.id}`, { parent_id: parent.id });
    expect(answer).toMatchObject({ status: 403, errors: [`parent_id ${EXCEEDS}`] });
    expect(await roleRow(role.id)).toEqual(role);
  });

  it('by renaming a permission if they lack the old or the new name', async () => {
    const [held, lacking] = await Promise.all([idp.make.permission(), idp.make.permission()]);
    const { api } = await idp.signIn(['permissions:update', held.name]);
    const renames = [
      [held, `${unique('new')}:name`],
      [held, lacking.name],
      [lacking, `${unique('new')}:name`],
      [lacking, held.name],
    ] as const;
    for (const [{ id, name }, wanted] of renames) {
      const answer = await api.patch(`/permissions/${id}`, { name: wanted });
      expect(answer).toMatchObject({ status: 403, errors: [`name ${EXCEEDS}`] });
      expect((await idp.database.manager.findOneBy(Permission, { id }))?.name).toBe(name);
    }
  });

  it('but can rename any permission with *', async () => {
    const { api } = await idp.signIn(['*']);
    const permission = await idp.make.permission();
    const name = `${unique('new')}:name`;
    expect((await api.patch(`/permissions/${permission.id}`, { name })).data.name).toBe(name);
  });

  it('but can grant permissions that they have', async () => {
    const role = await idp.make.role(['roles:read']);
    const created = await manager.post('/accounts', {
      email: `${unique('bob')}@example.com`,
      password: PASSWORD,
      role_id: role.id,
    });
    expect(created.status).toBe(201);
    const { id } = await permissionNamed('roles:update');
    expect((await manager.post(`/roles/${role.id}/permissions`, { permission_ids: [id] })).status).toBe(200);
  });
});

describe('users cannot change what exceeds their own permissions', () => {
  it.each([
    ['first_name', { first_name: 'Eve' }],
    ['email', { email: 'taken.over@example.com' }],
    ['password', { password: PASSWORD }],
    ['status', { status: 'disabled' }],
  ])('the %s of an account', async (_, body) => {
    const higher = await idp.make.account({ roleId: (await idp.systemRole('admin')).id });
    const answer = await manager.patch(`/accounts/${higher.id}`, body);
    expect(answer).toMatchObject({ status: 403, errors: [`- ${EXCEEDS}`] });
    expect(await accountRow(higher.id)).toEqual(higher);
  });

  it('an account: neither demote nor delete it', async () => {
    const higher = await idp.make.account({ roleId: (await idp.make.role(['users:read'])).id });
    const low = await idp.make.role();
    expect((await manager.patch(`/accounts/${higher.id}`, { role_id: low.id })).status).toBe(403);
    expect((await manager.delete(`/accounts/${higher.id}`)).status).toBe(403);
    expect(await accountRow(higher.id)).toEqual(higher);
  });

  it.each([
    ['name', { name: unique('stolen') }],
    ['description', { description: 'mine' }],
    ['parent', { parent_id: null }],
  ])('the %s of a role', async (_, body) => {
    const higher = await idp.make.role(['users:read'], { parentId: (await idp.make.role()).id });
    const answer = await manager.patch(`/roles/${higher.id}`, body);
    expect(answer).toMatchObject({ status: 403, errors: [`- ${EXCEEDS}`] });
    expect(await roleRow(higher.id)).toEqual(higher);
  });

  it('a role: neither delete it, grant to it nor revoke from it', async () => {
    const higher = await idp.make.role(['users:read', 'roles:read']);
    const [held, lacking] = await Promise.all([permissionNamed('roles:read'), permissionNamed('users:read')]);
    const path = `/roles/${higher.id}`;
    const answers = await Promise.all([
      manager.delete(path),
      manager.post(`${path}/permissions`, { permission_ids: [held.id] }),
      manager.delete(`${path}/permissions/${held.id}`),
      manager.delete(`${path}/permissions/${lacking.id}`),
    ]);
    for (const answer of answers) expect(answer).toMatchObject({ status: 403, errors: [`- ${EXCEEDS}`] });
    expect(await ownPermissions(higher.id)).toEqual(['roles:read', 'users:read']);
  });

  it('a role: not what a higher role inherits through a lower one', async () => {
    const base = await idp.make.role(['roles:read'], { parentId: (await idp.make.role()).id });
    const higher = await idp.make.role(['users:read'], { parentId: base.id });
    const { id } = await permissionNamed('roles:read');
    expect((await manager.delete(`/roles/${base.id}/permissions/${id}`)).status).toBe(403);
    expect((await manager.patch(`/roles/${base.id}`, { parent_id: null })).status).toBe(403);
    expect(await ownPermissions(base.id)).toEqual(['roles:read']);
    expect((await manager.get(`/roles/${higher.id}`)).data.effective_permissions).toEqual([
      'roles:read',
      'users:read',
    ]);
  });

  it('but can change accounts and roles with equal permissions', async () => {
    const equal = await idp.make.account({ roleId: (await idp.make.role(MANAGER)).id });
    expect((await manager.patch(`/accounts/${equal.id}`, { status: 'disabled' })).status).toBe(200);
    expect((await manager.delete(`/accounts/${equal.id}`)).status).toBe(200);
  });
});

describe('users cannot disable or delete their own account, or change its email or password here', () => {
  it('answers 409, and they stay signed in', async () => {
    const { account, api } = await idp.signIn(['*']);
    const path = `/accounts/${account.id}`;
    expect(await api.patch(path, { status: 'disabled' })).toMatchObject({
      status: 409,
      errors: ['status own_account'],
    });
    expect(await api.delete(path)).toMatchObject({ status: 409, errors: ['- own_account'] });
    expect(await accountRow(account.id)).toEqual(account);
    expect((await api.get('/auth/me')).status).toBe(200);
  });

  it('answers 409 for a password or a different email, writes nothing, and they stay signed in', async () => {
    const { account, api } = await idp.signIn(['*'], { firstName: 'Ada' });
    const path = `/accounts/${account.id}`;
    const email = `${unique('other')}@example.com`;
    const cases: [object, string[]][] = [
      [{ password: PASSWORD }, ['password own_account']],
      [{ email }, ['email own_account']],
      [{ email: account.email.toUpperCase() }, ['email own_account']],
      [{ first_name: 'Eve', email, password: PASSWORD }, ['email own_account', 'password own_account']],
    ];
    for (const [body, errors] of cases) {
      expect(await api.patch(path, body)).toMatchObject({ status: 409, errors });
    }
    expect(await api.patch(path, { email }, { 'if-match': '"9-9"' })).toMatchObject({ status: 412 });
    expect(await accountRow(account.id)).toEqual(account);
    expect((await api.get('/auth/me')).status).toBe(200);
  });

  it('also with their id in upper case', async () => {
    const { account, api } = await idp.signIn(['*']);
    expect((await api.delete(`/accounts/${account.id.toUpperCase()}`)).status).toBe(409);
  });

  it('but can change everything else, including to a lower role', async () => {
    const { account, api } = await idp.signIn(['accounts:update', 'roles:read']);
    const lower = await idp.make.role(['accounts:update']);
    const { status } = await api.patch(`/accounts/${account.id}`, {
      first_name: 'Ada',
      email: account.email,
      status: 'active',
      role_id: lower.id,
    });
    expect(status).toBe(200);
    expect((await api.get('/roles')).status).toBe(403);
  });
});

describe('permissions are compared exactly', () => {
  it.each(['accounts:readAll', 'account:read', 'accounts:create'])(
    '%s does not allow reading accounts',
    async (name) => {
      const { api } = await idp.signIn([name]);
      expect((await api.get('/accounts')).status).toBe(403);
    },
  );

  it('no other wildcard than * can be created', async () => {
    const { api } = await idp.signIn(['*']);
    for (const name of ['accounts:*', '*:read', '**', '*']) {
      expect(await api.post('/permissions', { name })).toMatchObject({
        status: 422,
        errors: ['name invalid_name'],
      });
    }
  });
});
