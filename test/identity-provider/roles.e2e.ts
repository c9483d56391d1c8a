import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#libs/core/ids.js';
import { Permission } from '#libs/database/identity/permission.entity.js';
import { Role } from '#libs/database/identity/role.entity.js';
import type { Api } from '../support/api.js';
import { unique } from '../support/factories.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';

let idp: TestIdentityProvider;
let admin: Api;
beforeAll(async () => {
  idp = await startTestIdentityProvider();
  ({ api: admin } = await idp.signIn(['*']));
});
afterAll(() => idp.close());

const permissionNamed = (name: string) => idp.database.manager.findOneByOrFail(Permission, { name });
const rowOf = (id: string) => idp.database.manager.findOneBy(Role, { id });
const tagOf = async (path: string) => (await admin.get(path)).headers.get('etag');

/** Roles, each the parent of the next. */
async function chain(length: number): Promise<Role[]> {
  const roles: Role[] = [];
  for (let level = 0; level < length; level++) {
    roles.push(await idp.make.role([], { parentId: roles.at(-1)?.id ?? null }));
  }
  return roles;
}

describe('creating a role', () => {
  it('answers 201 with the role, Location and ETag', async () => {
    const parent = await idp.make.role(['accounts:read']);
    const name = unique('Support');
    const { status, data, headers } = await admin.post('/roles', {
      name,
      description: 'Helps customers.',
      parent_id: parent.id.toUpperCase(),
    });
    expect(status).toBe(201);
    expect(data).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{14}7/),
      name,
      description: 'Helps customers.',
      parent_id: parent.id,
      system: false,
      permissions: [],
      effective_permissions: ['accounts:read'],
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      updated_at: data.created_at,
    });
    expect(headers.get('location')).toBe(`/api/v1/roles/${data.id}`);
    expect(headers.get('etag')).toBe('"1"');
    expect((await admin.get(`/roles/${data.id}`)).data).toEqual(data);
  });

  it('requires only a name', async () => {
    const { data } = await admin.post('/roles', { name: unique('role') });
    expect(data).toMatchObject({ description: null, parent_id: null, effective_permissions: [] });
    expect(await admin.post('/roles', {})).toMatchObject({ status: 422, errors: ['name required'] });
  });

  it.each(['', 'with space', 'ümlaut', 'a/b', 'x'.repeat(65), 'a:b', '*'])(
    'refuses the name "%s": 422',
    async (name) => {
      expect(await admin.post('/roles', { name })).toMatchObject({
        status: 422,
        errors: ['name invalid_name'],
      });
    },
  );

  it('accepts a name of 64 characters', async () => {
    const name = unique('a').padEnd(64, '_');
    expect((await admin.post('/roles', { name })).data.name).toBe(name);
  });

  it.each(['admin', 'ADMIN', 'User'])(
    'refuses the name %s, which there is in some case: 409',
    async (name) => {
      expect(await admin.post('/roles', { name })).toMatchObject({
        status: 409,
        errors: ['name name_taken'],
      });
    },
  );

  it('refuses an unknown parent: 422', async () => {
    const answer = await admin.post('/roles', { name: unique('role'), parent_id: newId() });
    expect(answer).toMatchObject({ status: 422, errors: ['parent_id not_found'] });
  });

  it.each(['system', 'permissions', 'effective_permissions', 'id'])(
    'refuses the unknown field %s',
    async (field) => {
      const answer = await admin.post('/roles', { name: unique('role'), [field]: true });
      expect(answer).toMatchObject({ status: 422, errors: [`${field} unknown_field`] });
    },
  );
});

describe('effective permissions', () => {
  it('are own and inherited, sorted and distinct', async () => {
    const top = await idp.make.role(['roles:read', 'accounts:read']);
    const middle = await idp.make.role(['users:read', 'accounts:read'], { parentId: top.id });
    const bottom = await idp.make.role(['permissions:read'], { parentId: middle.id });
    const { data } = await admin.get(`/roles/${bottom.id}`);
    expect(data.permissions).toEqual([
      { id: (await permissionNamed('permissions:read')).id, name: 'permissions:read' },
    ]);
    expect(data.effective_permissions).toEqual([
      'accounts:read',
      'permissions:read',
      'roles:read',
      'users:read',
    ]);
    const { data: own } = await admin.get(`/roles/${middle.id}`);
    expect(own.permissions.map(({ name }: Permission) => name)).toEqual(['accounts:read', 'users:read']);
  });

  it('are exactly * if the role has or inherits it', async () => {
    const all = await idp.make.role(['*', 'accounts:read']);
    const below = await idp.make.role(['roles:read'], { parentId: all.id });
    for (const { id } of [all, below]) {
      expect((await admin.get(`/roles/${id}`)).data.effective_permissions).toEqual(['*']);
    }
  });

  it('apply to accounts from the next request on, on every replica', async () => {
    const replica = await startTestIdentityProvider({ databaseUrl: idp.settings.databaseUrl });
    const parent = await idp.make.role();
    const role = await idp.make.role([], { parentId: parent.id });
    const { api } = await idp.signIn([], { roleId: role.id });
    const statuses = async () => [
      (await api.get('/accounts')).status,
      (await replica.api.as(api.token ?? '').get('/accounts')).status,
    ];
    expect(await statuses()).toEqual([403, 403]);
    const { id } = await permissionNamed('accounts:read');
    await admin.post(`/roles/${parent.id}/permissions`, { permission_ids: [id] });
    expect(await statuses()).toEqual([200, 200]);
    await admin.patch(`/roles/${role.id}`, { parent_id: null });
    expect(await statuses()).toEqual([403, 403]);
    await admin.patch(`/roles/${role.id}`, { parent_id: parent.id });
    expect(await statuses()).toEqual([200, 200]);
    await admin.delete(`/roles/${parent.id}/permissions/${id}`);
    expect(await statuses()).toEqual([403, 403]);
    await replica.close();
  });

  it('change the ETag of the role and its descendants when they change', async () => {
    const [top, middle, bottom] = (await chain(3)) as [Role, Role, Role];
    const account = await idp.make.account({ roleId: bottom.id });
    const paths = [top, middle, bottom].map(({ id }) => `/roles/${id}`).concat(`/accounts/${account.id}`);
    const permission = await idp.make.permission();
    const changes = [
      () => admin.post(`/roles/${top.id}/permissions`, { permission_ids: [permission.id] }),
      () => admin.patch(`/permissions/${permission.id}`, { name: `${unique('new')}:name` }),
      () => admin.delete(`/roles/${top.id}/permissions/${permission.id}`),
      async () => admin.patch(`/roles/${top.id}`, { parent_id: (await idp.make.role()).id }),
    ];
    for (const change of changes) {
      const before = await Promise.all(paths.map(tagOf));
      expect((await change()).status).toBe(200);
      const after = await Promise.all(paths.map(tagOf));
      for (const [index, tag] of before.entries()) expect(after[index]).not.toBe(tag);
    }
  });
});

describe('changing a role', () => {
  it('changes only the given fields', async () => {
    const role = await idp.make.role([], { description: 'old' });
    const name = unique('renamed');
    const { data } = await admin.patch(`/roles/${role.id}`, { name });
    expect(data).toMatchObject({ name, description: 'old' });
    expect((await admin.patch(`/roles/${role.id}`, { description: null })).data).toMatchObject({
      name,
      description: null,
    });
  });

  it('changes nothing without fields or differences', async () => {
    const role = await idp.make.role();
    for (const body of [{}, { name: role.name, parent_id: null }]) {
      const { status, headers } = await admin.patch(`/roles/${role.id}`, body);
      expect([status, headers.get('etag')]).toEqual([200, '"1"']);
    }
    expect(await rowOf(role.id)).toEqual(role);
  });

  it('accepts null for description and parent, but not for the name', async () => {
    const role = await idp.make.role();
    const answer = await admin.patch(`/roles/${role.id}`, { name: null, description: null, parent_id: null });
    expect(answer).toMatchObject({ status: 422, errors: ['name null_not_allowed'] });
  });

  it('refuses a taken name in a different case, and accepts its own name in a different case', async () => {
    const [role, other] = await Promise.all([idp.make.role(), idp.make.role()]);
    const taken = await admin.patch(`/roles/${role.id}`, { name: other.name.toUpperCase() });
    expect(taken).toMatchObject({ status: 409, errors: ['name name_taken'] });
    const own = await admin.patch(`/roles/${role.id}`, { name: role.name.toUpperCase() });
    expect(own.data.name).toBe(role.name.toUpperCase());
  });

  it('refuses a cycle: itself, its child, a distant descendant', async () => {
    const roles = await chain(9);
    const top = roles[0] as Role;
    for (const { id } of [top, roles[1] as Role, roles.at(-1) as Role]) {
      for (const parent_id of [id, id.toUpperCase()]) {
        const answer = await admin.patch(`/roles/${top.id}`, { parent_id });
        expect(answer).toMatchObject({ status: 422, errors: ['parent_id cycle'] });
      }
    }
    expect(await rowOf(top.id)).toEqual(top);
  });

  it('refuses more than ten levels, including descendants', async () => {
    const ten = await chain(10);
    const last = ten.at(-1) as Role;
    const tooDeep = { status: 422, errors: ['parent_id too_deep'] };
    expect(await admin.post('/roles', { name: unique('role'), parent_id: last.id })).toMatchObject(tooDeep);
    const [top] = (await chain(3)) as [Role];
    const [seventh, eighth] = ten.slice(6) as [Role, Role];
    expect(await admin.patch(`/roles/${top.id}`, { parent_id: eighth.id })).toMatchObject(tooDeep);
    expect((await admin.patch(`/roles/${top.id}`, { parent_id: seventh.id })).status).toBe(200);
  });

  it('answers 412 for an old ETag', async () => {
    const role = await idp.make.role();
    const path = `/roles/${role.id}`;
    await admin.patch(path, { description: 'new' }, { 'if-match': '"1"' });
    const ifMatch = { 'if-match': '"1"' };
    const permission = await permissionNamed('roles:read');
    await admin.post(`${path}/permissions`, { permission_ids: [permission.id] });
    const answers = await Promise.all([
      admin.patch(path, { description: 'newer' }, ifMatch),
      admin.patch(path, {}, ifMatch),
      admin.delete(`${path}/permissions/${permission.id}`, ifMatch),
      admin.delete(path, ifMatch),
    ]);
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 412, errors: ['- precondition_failed'] });
    }
    expect((await admin.delete(path, { 'if-match': '"3"' })).status).toBe(200);
  });

  it('answers 404 for an unknown role', async () => {
    const path = `/roles/${newId()}`;
    const permission = await permissionNamed('roles:read');
    const answers = await Promise.all([
      admin.get(path),
      admin.patch(path, {}),
      admin.patch(path, { description: 'x' }),
      admin.delete(path),
      admin.post(`${path}/permissions`, { permission_ids: [permission.id] }),
      admin.delete(`${path}/permissions/${permission.id}`),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(404));
  });
});

describe('granting and revoking permissions', () => {
  it('answers with the role, also when repeated', async () => {
    const role = await idp.make.role();
    const [read, update] = await Promise.all([
      permissionNamed('roles:read'),
      permissionNamed('roles:update'),
    ]);
    const path = `/roles/${role.id}/permissions`;
    const { status, data, headers } = await admin.post(path, {
      permission_ids: [update.id, read.id, update.id.toUpperCase()],
    });
    expect(status).toBe(200);
    expect(data).toMatchObject({
      id: role.id,
      permissions: [
        { id: read.id, name: 'roles:read' },
        { id: update.id, name: 'roles:update' },
      ],
      effective_permissions: ['roles:read', 'roles:update'],
    });
    const again = await admin.post(path, { permission_ids: [read.id] });
    expect(again.data).toEqual(data);
    expect(again.headers.get('etag')).toBe(headers.get('etag'));
  });

  it('lists each unknown permission and grants none', async () => {
    const role = await idp.make.role();
    const { id } = await permissionNamed('roles:read');
    const answer = await admin.post(`/roles/${role.id}/permissions`, {
      permission_ids: [newId(), id, newId()],
    });
    expect(answer).toMatchObject({
      status: 422,
      errors: ['permission_ids[0] not_found', 'permission_ids[2] not_found'],
    });
    expect((await admin.get(`/roles/${role.id}`)).data.permissions).toEqual([]);
  });

  it.each([
    [{}, 'permission_ids required'],
    [{ permission_ids: [] }, 'permission_ids too_few'],
    [{ permission_ids: 'x' }, 'permission_ids array_expected'],
    [{ permission_ids: ['x'] }, 'permission_ids[0] invalid_id'],
    [{ permission_ids: null }, 'permission_ids null_not_allowed'],
  ])('refuses %j: 422', async (body, error) => {
    const role = await idp.make.role();
    const answer = await admin.post(`/roles/${role.id}/permissions`, body);
    expect(answer).toMatchObject({ status: 422, errors: [error] });
  });

  it("revokes one, and answers 404 for one that is not the role's own", async () => {
    const parent = await idp.make.role(['users:read']);
    const role = await idp.make.role(['roles:read'], { parentId: parent.id });
    const [own, inherited] = await Promise.all([
      permissionNamed('roles:read'),
      permissionNamed('users:read'),
    ]);
    const path = `/roles/${role.id}/permissions`;
    const taken = await admin.delete(`${path}/${own.id}`);
    expect(taken).toMatchObject({
      status: 200,
      data: { permissions: [], effective_permissions: ['users:read'] },
    });
    for (const id of [own.id, inherited.id, newId(), 'nonsense']) {
      expect((await admin.delete(`${path}/${id}`)).status).toBe(404);
    }
  });
});

describe('deleting a role', () => {
  it('deletes its grants', async () => {
    const role = await idp.make.role(['roles:read']);
    expect(await admin.delete(`/roles/${role.id}`)).toMatchObject({ status: 200, data: null });
    expect(await rowOf(role.id)).toBeNull();
  });

  it('answers 409 if accounts have it or it is a parent', async () => {
    const [used, parent] = await Promise.all([idp.make.role(), idp.make.role()]);
    await idp.make.account({ roleId: used.id, status: 'disabled' });
    await idp.make.role([], { parentId: parent.id });
    for (const { id } of [used, parent]) {
      expect(await admin.delete(`/roles/${id}`)).toMatchObject({ status: 409, errors: ['- role_in_use'] });
      expect(await rowOf(id)).not.toBeNull();
    }
  });
});

describe('a system role', () => {
  it.each(['user', 'admin'] as const)('%s: only the description can be changed', async (name) => {
    const role = await idp.systemRole(name);
    const path = `/roles/${role.id}`;
    const { id } = await idp.make.permission();
    const everything = await permissionNamed('*');
    const other = await idp.make.role();
    const answers = await Promise.all([
      admin.patch(path, { name: unique('renamed') }),
      admin.patch(path, { name: name.toUpperCase() }),
      admin.patch(path, { parent_id: other.id }),
      admin.post(`${path}/permissions`, { permission_ids: [id] }),
      admin.delete(path),
      ...(name === 'admin'
        ? [admin.patch(path, { parent_id: null }), admin.delete(`${path}/permissions/${everything.id}`)]
        : []),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 409));
    expect(answers.flatMap(({ errors }) => errors)).toEqual(
      ['name', 'name', 'parent_id', '-', '-', 'parent_id', '-']
        .slice(0, answers.length)
        .map((field) => `${field} system_role`),
    );
    expect(await rowOf(role.id)).toEqual(role);
    const described = await admin.patch(path, { name, description: 'Mine.' });
    expect(described).toMatchObject({ status: 200, data: { description: 'Mine.', system: true } });
  });

  it('user has no permissions, and its child admin has all', async () => {
    const [user, root] = await Promise.all([idp.systemRole('user'), idp.systemRole('admin')]);
    expect((await admin.get(`/roles/${user.id}`)).data).toMatchObject({
      parent_id: null,
      permissions: [],
      effective_permissions: [],
    });
    expect((await admin.get(`/roles/${root.id}`)).data).toMatchObject({
      parent_id: user.id,
      permissions: [{ name: '*' }],
      effective_permissions: ['*'],
    });
  });
});
