import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SeedModule } from '#apps/identity-provider/src/seed/seed.module.js';
import { SeedService } from '#apps/identity-provider/src/seed/seed.service.js';
import { SettingsModule } from '#apps/identity-provider/src/settings.module.js';
import { PERMISSION_CATALOGUE } from '#libs/core/permission-catalogue.js';
import { Account } from '#libs/database/identity/account.entity.js';
import { IdentityDatabaseModule } from '#libs/database/identity/identity-database.module.js';
import { Drain } from '#libs/http/application/drain.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';

const PASSWORD = 'correct horse battery';

let idp: TestIdentityProvider;
let seeds: SeedService;
let close: () => Promise<void>;
beforeEach(async () => {
  idp = await startTestIdentityProvider();
  // The state after migrations, without system roles.
  await idp.database.query('DELETE FROM identity.roles');
  const { settings } = idp;
  const module = await Test.createTestingModule({
    imports: [
      SettingsModule.forRoot(settings, new Drain()),
      IdentityDatabaseModule.forRoot(settings.databaseUrl, { pooled: settings.database.pooled }),
      SeedModule,
    ],
  }).compile();
  await module.init();
  seeds = module.get(SeedService);
  close = () => module.close();
});
afterEach(async () => {
  await close();
  await idp.close();
});

const logIn = (email: string, password: string) => idp.api.post('/auth/login', { email, password });
const everything = () =>
  idp.database.query(`
    SELECT (SELECT jsonb_agg(a ORDER BY id) FROM identity.accounts a) AS accounts,
      (SELECT jsonb_agg(r ORDER BY id) FROM identity.roles r) AS roles,
      (SELECT jsonb_agg(p ORDER BY id) FROM identity.permissions p) AS permissions,
      (SELECT jsonb_agg(g) FROM identity.role_permissions g) AS grants,
      (SELECT version FROM identity.authority) AS version`);

describe('the demo seed', () => {
  it('adds two accounts that can sign in, with the roles in their names', async () => {
    const made = await seeds.seedDemo();
    expect(made).toEqual({
      permissions: [],
      roles: ['user', 'admin'],
      accounts: ['admin@example.com', 'user@example.com'],
      clients: ['frontend', 'twinkey-docs'],
    });
    const admin = await logIn('admin@example.com', 'admin123');
    const user = await logIn('user@example.com', 'user123');
    const permissionsOf = async ({ data }: typeof admin) => {
      const { data: me } = await idp.api.as(data.token).get('/auth/me');
      return [me.roles, me.permissions];
    };
    expect(await permissionsOf(admin)).toEqual([['admin'], ['*']]);
    expect(await permissionsOf(user)).toEqual([['user'], []]);
  });

  it('changes nothing when repeated', async () => {
    await seeds.seedDemo();
    const { data } = await logIn('admin@example.com', 'admin123');
    const admin = idp.api.as(data.token);
    const user = await idp.database.manager.findOneByOrFail(Account, { emailKey: 'user@example.com' });
    await admin.patch(`/accounts/${user.id}`, { password: PASSWORD, first_name: 'Ada', status: 'disabled' });
    await admin.patch(`/roles/${user.roleId}`, { description: 'Ours.' });
    const before = await everything();
    expect(await seeds.seedDemo()).toEqual({ permissions: [], roles: [], accounts: [], clients: [] });
    expect(await everything()).toEqual(before);
  });

  it('adds everything once in five concurrent runs', async () => {
    const made = await Promise.all(Array.from({ length: 5 }, () => seeds.seedDemo()));
    expect(made.flatMap(({ roles }) => roles).sort()).toEqual(['admin', 'user']);
    expect(made.flatMap(({ accounts }) => accounts).sort()).toEqual([
      'admin@example.com',
      'user@example.com',
    ]);
  });

  it('adds a missing permission of the catalogue again', async () => {
    await idp.database.query(`DELETE FROM identity.permissions WHERE name = 'users:read'`);
    expect((await seeds.seedDemo()).permissions).toEqual(['users:read']);
    const [{ count }] = await idp.database.query(
      'SELECT count(*)::int FROM identity.permissions WHERE seeded',
    );
    expect(count).toBe(PERMISSION_CATALOGUE.length);
  });
});

describe('the first administrator', () => {
  it('is added with the roles, and can sign in', async () => {
    expect(await seeds.seedAdmin(' Root@Example.com ', PASSWORD)).toEqual({
      permissions: [],
      roles: ['user', 'admin'],
      accounts: ['Root@Example.com'],
    });
    expect((await logIn('root@example.com', PASSWORD)).status).toBe(200);
    expect(await idp.database.manager.count(Account)).toBe(1);
  });

  it('does not change an account that has the email already', async () => {
    await seeds.seedAdmin('root@example.com', PASSWORD);
    const before = await everything();
    expect((await seeds.seedAdmin('ROOT@example.com', 'another good one')).accounts).toEqual([]);
    expect(await everything()).toEqual(before);
  });

  it.each([
    ['nobody', PASSWORD, 'email'],
    ['root@example.com', 'password', 'password'],
    ['root@example.com', 'sh0r7', 'password'],
    ['ada.countess@example.com', 'Ada.Countess', 'password'],
  ])('with %s and the password %s is refused on %s, and nothing is added', async (email, password, field) => {
    await expect(seeds.seedAdmin(email, password)).rejects.toMatchObject({
      status: 422,
      errors: [expect.objectContaining({ field })],
    });
    expect(await idp.database.query('SELECT FROM identity.roles')).toEqual([]);
  });
});
