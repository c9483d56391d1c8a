import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AUTHORITY_STATE, RightsService } from '#apps/identity-provider/src/authority/rights.service.js';
import { newId } from '#libs/core/ids.js';
import { identityDataSource } from '#libs/database/identity/identity-data-source.js';
import { Role } from '#libs/database/identity/role.entity.js';
import { Factories, unique } from '../support/factories.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

let own: TestDatabase;
let database: DataSource;
let make: Factories;
beforeAll(async () => {
  own = await createTestDatabase();
  database = await identityDataSource(own.url).initialize();
  make = new Factories(database);
});
afterAll(async () => {
  await database.destroy();
  await own.close();
});

const versionNow = async (): Promise<string> =>
  (await database.query(`SELECT ${AUTHORITY_STATE} AS version FROM identity.authority`))[0].version;

describe("a role's rights", () => {
  it('are its own and inherited permissions, by id and by exact name', async () => {
    const rights = new RightsService(database);
    const parent = await make.role(['users:read']);
    const role = await make.role(['accounts:read'], { parentId: parent.id });
    const expected = { id: role.id, name: role.name, permissions: ['accounts:read', 'users:read'] };
    const version = await versionNow();
    expect(await rights.findByRoleId(role.id, version)).toEqual(expected);
    expect(await rights.findByRoleNames([role.name], version)).toEqual([expected]);
    expect(await rights.findCurrentByRoleNames([role.name, parent.name, role.name])).toHaveLength(2);
  });

  it('do not exist for an unknown role or a name in a different case', async () => {
    const rights = new RightsService(database);
    const role = await make.role();
    const version = await versionNow();
    expect(await rights.findByRoleId(newId(), version)).toBeNull();
    expect(await rights.findByRoleNames([role.name.toUpperCase(), unique('nobody')], version)).toEqual([]);
    expect(await rights.findCurrentByRoleNames([])).toEqual([]);
  });

  it('are empty for a role without permissions', async () => {
    const role = await make.role();
    const rights = await new RightsService(database).findByRoleId(role.id, await versionNow());
    expect(rights?.permissions).toEqual([]);
  });

  it('are read again only for a different version', async () => {
    const rights = new RightsService(database);
    const role = await make.role(['users:read']);
    const version = await versionNow();
    await rights.findByRoleId(role.id, version);
    await database.query('DELETE FROM identity.role_permissions WHERE role_id = $1', [role.id]);
    expect((await rights.findByRoleId(role.id, version))?.permissions).toEqual(['users:read']);
    await database.query('UPDATE identity.authority SET version = version + 1');
    expect((await rights.findByRoleId(role.id, await versionNow()))?.permissions).toEqual([]);
  });

  it('are cheap with a thousand roles on ten levels with ten permissions each', async () => {
    const permissions = await Promise.all(Array.from({ length: 100 }, () => make.permission()));
    let parents: (string | null)[] = Array(100).fill(null);
    for (let level = 0; level < 10; level++) {
      const roles = parents.map((parentId) => ({ id: newId(), name: unique('deep'), parentId }));
      await database.manager.insert(Role, roles);
      parents = roles.map(({ id }) => id);
      await database.query(
        `INSERT INTO identity.role_permissions (role_id, permission_id)
         SELECT role_id, permission_id FROM unnest($1::uuid[]) AS role_id, unnest($2::uuid[]) AS permission_id`,
        [parents, permissions.slice(level * 10, level * 10 + 10).map(({ id }) => id)],
      );
    }
    await database.query('ANALYZE');
    const rights = new RightsService(database);
    const version = await versionNow();
    const started = performance.now();
    const all = await Promise.all(parents.map((id) => rights.findByRoleId(id as string, version)));
    const each = (performance.now() - started) / all.length;
    for (const found of all) expect(found?.permissions).toHaveLength(100);
    // Generous for a busy machine; full table scans would take far longer.
    expect(each).toBeLessThan(25);
    const again = performance.now();
    for (let round = 0; round < 100; round++) {
      for (const id of parents) await rights.findByRoleId(id as string, version);
    }
    // Ten thousand cached answers: a hundredth of a query's time each.
    expect((performance.now() - again) / 10_000).toBeLessThan(0.1);
  });
});
