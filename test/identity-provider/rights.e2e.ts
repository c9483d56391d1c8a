import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#libs/core/ids.js';
import type { Answer, Api } from '../support/api.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';

let idp: TestIdentityProvider;
let support: Api;
beforeAll(async () => {
  idp = await startTestIdentityProvider({
    keycloak: {
      issuer: 'https://sso.example.com/realms/people',
      jwksUrl: 'http://127.0.0.1:9',
      audience: 'twinkey',
      roleMap: new Map([
        ['idp-admin', 'admin'],
        ['helpdesk', 'support'],
        ['ghost', 'nowhere'],
      ]),
      url: 'https://sso.example.com',
      internalUrl: 'https://sso.example.com',
      realm: 'people',
    },
  });
  const role = await idp.make.role(['users:update', 'roles:read'], { name: 'support' });
  ({ api: support } = await idp.signIn([], { roleId: role.id }));
});
afterAll(() => idp.close());

const accountOf = async (permissions: string[], given = {}) =>
  (await idp.signIn(permissions, given)).account.id;
const compare = (api: Api, question: object) => api.post('/rights/compare', question);

describe('POST /rights/compare', () => {
  it('compares each account with the caller, in the order of the request', async () => {
    const [equal, more, all, off] = await Promise.all([
      accountOf(['users:update']),
      accountOf(['users:update', 'users:delete']),
      accountOf(['*']),
      accountOf(['*'], { status: 'disabled' }),
    ]);
    const unknown = newId();
    const account_ids = [all, equal, unknown, more, off, all.toUpperCase()];
    const { status, data } = await compare(support, { account_ids });
    expect([status, data.realm_roles]).toEqual([200, []]);
    expect(data.accounts).toEqual([
      { id: all, exceeds: true, everything: true },
      { id: equal, exceeds: false, everything: false },
      { id: unknown, exceeds: false, everything: false },
      { id: more, exceeds: true, everything: false },
      { id: off, exceeds: true, everything: true },
      { id: all.toUpperCase(), exceeds: true, everything: true },
    ]);
  });

  it('includes inherited permissions as they are now', async () => {
    const parent = await idp.make.role([]);
    const child = await idp.make.role([], { parentId: parent.id });
    const id = await accountOf([], { roleId: child.id });
    const ask = async () => (await compare(support, { account_ids: [id] })).data.accounts[0].exceeds;
    expect(await ask()).toBe(false);
    const permission = await idp.make.permission();
    const { api: root } = await idp.signIn(['*']);
    await root.post(`/roles/${parent.id}/permissions`, { permission_ids: [permission.id] });
    expect(await ask()).toBe(true);
  });

  it('maps realm roles; unmapped ones and ones mapped to an unknown role grant nothing', async () => {
    const realm_roles = ['helpdesk', 'idp-admin', 'admin', 'ghost', '__proto__'];
    const { data } = await compare(support, { realm_roles });
    expect(data.realm_roles).toEqual([
      { name: 'helpdesk', exceeds: false, everything: false },
      { name: 'idp-admin', exceeds: true, everything: true },
      { name: 'admin', exceeds: false, everything: false },
      { name: 'ghost', exceeds: false, everything: false },
      { name: '__proto__', exceeds: false, everything: false },
    ]);
  });

  it('finds that no one exceeds a caller with every permission', async () => {
    const { api: root, account } = await idp.signIn(['*']);
    const { data } = await compare(root, { account_ids: [account.id], realm_roles: ['idp-admin'] });
    expect(data.accounts).toEqual([{ id: account.id, exceeds: false, everything: true }]);
    expect(data.realm_roles).toEqual([{ name: 'idp-admin', exceeds: false, everything: true }]);
  });

  it('requires users:update or users:delete', async () => {
    const { api: deleting } = await idp.signIn(['users:delete']);
    expect((await compare(deleting, {})).data).toEqual({ accounts: [], realm_roles: [] });
    const { api: reading } = await idp.signIn(['users:read', 'accounts:read', 'accounts:update']);
    expect((await compare(reading, {})).errors).toEqual(['- forbidden']);
  });

  it.each([
    [{ account_ids: ['x'] }, ['account_ids[0] invalid_id']],
    [{ account_ids: [] }, ['account_ids too_few']],
    [
      { realm_roles: ['a', 7, '', 'x'.repeat(256), 'a\0'] },
      [1, 2, 3, 4].map((at) => `realm_roles[${at}] invalid_name`),
    ],
    [{ realm_roles: Array(101).fill('a') }, ['realm_roles too_many']],
    [{ realm_roles: 'a', sub: 'x' }, ['sub unknown_field', 'realm_roles array_expected']],
  ])('refuses %j: 422', async (question, errors) => {
    const answer = await compare(support, question);
    expect([answer.status, answer.errors]).toEqual([422, errors]);
  });
});

describe('GET /rights/administrators', () => {
  it('lists active accounts with every permission, own or inherited, in pages', async () => {
    const parent = await idp.make.role(['*']);
    const child = await idp.make.role([], { parentId: parent.id });
    const wanted = [await accountOf(['*']), await accountOf([], { roleId: child.id })];
    const others = [await accountOf(['accounts:read']), await accountOf(['*'], { status: 'disabled' })];
    const { api: reader } = await idp.signIn(['accounts:read']);
    const found: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Answer<{ id: string }[]> = await reader.get(`/rights/administrators?limit=1${cursor}`);
      found.push(...page.data.map(({ id }) => id));
      cursor = page.meta.next_cursor && `&cursor=${page.meta.next_cursor}`;
    }
    expect(found).toEqual(expect.arrayContaining(wanted));
    for (const other of others) expect(found).not.toContain(other);
    const { meta } = await reader.get('/rights/administrators?include_total=true');
    expect([meta.total, new Set(found).size]).toEqual([found.length, found.length]);
  });
});
