import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#libs/core/ids.js';
import { PERMISSION_CATALOGUE } from '#libs/core/permission-catalogue.js';
import { Permission } from '#libs/database/identity/permission.entity.js';
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

const named = (name: string) => idp.database.manager.findOneByOrFail(Permission, { name });
const rowOf = (id: string) => idp.database.manager.findOneBy(Permission, { id });

describe('creating a permission', () => {
  it('answers 201 with the permission, Location and ETag, and grants it to no role', async () => {
    const name = `${unique('Invoices')}:read_All-1`;
    const { status, data, headers } = await admin.post('/permissions', { name, description: 'Read them.' });
    expect(status).toBe(201);
    expect(data).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{14}7/),
      name,
      description: 'Read them.',
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      updated_at: data.created_at,
    });
    expect(headers.get('location')).toBe(`/api/v1/permissions/${data.id}`);
    expect(headers.get('etag')).toBe('"1"');
    expect((await admin.get(`/permissions/${data.id}`)).data).toEqual(data);
  });

  it.each(['', 'read', 'a:b:c', ':read', 'a:', 'a b:c', 'a:*', '*', `${'x'.repeat(65)}:a`, 'a:ü'])(
    'refuses the name "%s": 422',
    async (name) => {
      const answer = await admin.post('/permissions', { name });
      expect(answer).toMatchObject({ status: 422, errors: ['name invalid_name'] });
    },
  );

  it('refuses a taken name in a different case: 409', async () => {
    for (const name of ['accounts:read', 'Accounts:READ']) {
      const answer = await admin.post('/permissions', { name });
      expect(answer).toMatchObject({ status: 409, errors: ['name name_taken'] });
    }
  });

  it('refuses the unknown field seeded', async () => {
    const answer = await admin.post('/permissions', { name: `${unique('a')}:b`, seeded: true });
    expect(answer).toMatchObject({ status: 422, errors: ['seeded unknown_field'] });
  });
});

describe('changing a permission', () => {
  it('renames it immediately for all roles that have it', async () => {
    const permission = await idp.make.permission();
    const role = await idp.make.role([permission.name]);
    const below = await idp.make.role([], { parentId: role.id });
    const { api } = await idp.signIn([], { roleId: below.id });
    expect((await api.get('/auth/me')).data.permissions).toEqual([permission.name]);
    const name = `${unique('new')}:name`;
    const { data } = await admin.patch(`/permissions/${permission.id}`, { name });
    expect(data).toMatchObject({ name, description: null });
    expect((await api.get('/auth/me')).data.permissions).toEqual([name]);
  });

  it('changes the description, and clears it with null', async () => {
    const { id } = await idp.make.permission();
    expect((await admin.patch(`/permissions/${id}`, { description: 'x' })).data.description).toBe('x');
    expect((await admin.patch(`/permissions/${id}`, { description: null })).data.description).toBeNull();
  });

  it('changes nothing without fields or differences', async () => {
    const permission = await idp.make.permission();
    for (const body of [{}, { name: permission.name, description: null }]) {
      const { status, headers } = await admin.patch(`/permissions/${permission.id}`, body);
      expect([status, headers.get('etag')]).toEqual([200, '"1"']);
    }
    expect(await rowOf(permission.id)).toEqual(permission);
  });

  it('refuses null and a taken name', async () => {
    const [one, other] = await Promise.all([idp.make.permission(), idp.make.permission()]);
    expect(await admin.patch(`/permissions/${one.id}`, { name: null })).toMatchObject({
      status: 422,
      errors: ['name null_not_allowed'],
    });
    expect(await admin.patch(`/permissions/${one.id}`, { name: other.name.toUpperCase() })).toMatchObject({
      status: 409,
      errors: ['name name_taken'],
    });
  });

  it('answers 412 for an old ETag', async () => {
    const { id } = await idp.make.permission();
    const path = `/permissions/${id}`;
    await admin.patch(path, { description: 'x' });
    const ifMatch = { 'if-match': '"1"' };
    expect((await admin.patch(path, { description: 'y' }, ifMatch)).status).toBe(412);
    expect((await admin.delete(path, ifMatch)).status).toBe(412);
    expect((await admin.get(path, { 'if-none-match': '"2"' })).status).toBe(304);
    expect((await admin.delete(path, { 'if-match': '"2"' })).status).toBe(200);
  });
});

describe('deleting a permission', () => {
  it('deletes one that no role has', async () => {
    const { id } = await idp.make.permission();
    expect(await admin.delete(`/permissions/${id}`)).toMatchObject({ status: 200, data: null });
    expect((await admin.get(`/permissions/${id}`)).status).toBe(404);
    expect((await admin.delete(`/permissions/${id}`)).status).toBe(404);
    expect((await admin.patch(`/permissions/${newId()}`, { description: 'x' })).status).toBe(404);
  });

  it('answers 409 if a role has it', async () => {
    const permission = await idp.make.permission();
    await idp.make.role([permission.name]);
    const answer = await admin.delete(`/permissions/${permission.id}`);
    expect(answer).toMatchObject({ status: 409, errors: ['- permission_in_use'] });
    expect(await rowOf(permission.id)).not.toBeNull();
  });
});

describe('a seeded permission', () => {
  it.each(PERMISSION_CATALOGUE.map(({ name }) => name))('%s cannot be renamed or deleted', async (name) => {
    const permission = await named(name);
    const path = `/permissions/${permission.id}`;
    const renamed = await admin.patch(path, { name: `${unique('other')}:name` });
    expect(renamed).toMatchObject({ status: 409, errors: ['name seeded_permission'] });
    expect(await admin.delete(path)).toMatchObject({ status: 409, errors: ['- seeded_permission'] });
    expect(await rowOf(permission.id)).toEqual(permission);
  });

  it('can get a description', async () => {
    const { id, name } = await named('users:delete');
    const { data } = await admin.patch(`/permissions/${id}`, { name, description: 'Ours.' });
    expect(data).toMatchObject({ name, description: 'Ours.' });
  });
});
