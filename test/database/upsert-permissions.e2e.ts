import type { DataSource } from 'typeorm';
import { v7 } from 'uuid';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identityDataSource } from '#libs/database/identity/identity-data-source.js';
import { Permission } from '#libs/database/identity/permission.entity.js';
import { upsertPermissions } from '#libs/database/identity/upsert-permissions.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const catalogue = [
  { name: 'teas:read', description: 'Read teas.' },
  { name: 'teas:brew', description: 'Brew tea.' },
];

let database: TestDatabase;
let dataSource: DataSource;
beforeEach(async () => {
  database = await createTestDatabase();
  dataSource = await identityDataSource(database.url).initialize();
});
afterEach(async () => {
  await dataSource.destroy();
  await database.close();
});

const find = (name: string) => dataSource.getRepository(Permission).findOneBy({ name });
const version = async () => (await dataSource.query('SELECT version FROM identity.authority'))[0].version;

describe('upserting the catalogue', () => {
  it('adds missing permissions as seeded, and changes nothing the second time', async () => {
    expect(await upsertPermissions(dataSource, catalogue)).toEqual(['teas:brew', 'teas:read']);
    const [created, authority] = [await find('teas:read'), await version()];
    expect(created).toMatchObject({ description: 'Read teas.', seeded: true, version: 1 });
    expect(await upsertPermissions(dataSource, catalogue)).toEqual([]);
    expect(await find('teas:read')).toEqual(created);
    expect(await version()).toBe(authority);
  });

  it('marks an existing permission of that name as seeded, in any case, and keeps its description', async () => {
    const id = v7();
    const own = { id, name: 'Teas:Brew', description: 'Ours.' };
    await dataSource
      .getRepository(Permission)
      .save([own, { id: v7(), name: 'coffee:brew', description: null }]);
    const before = await version();
    expect(await upsertPermissions(dataSource, catalogue)).toEqual(['teas:brew', 'teas:read']);
    expect(await find('teas:brew')).toMatchObject({ id, description: 'Ours.', seeded: true, version: 2 });
    expect(await find('coffee:brew')).toMatchObject({ seeded: false, version: 1 });
    expect(BigInt(await version())).toBeGreaterThan(BigInt(before));
  });

  it('is done once when ten processes do it at the same time', async () => {
    const runs = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        upsertPermissions(dataSource, n % 2 ? catalogue : catalogue.toReversed()),
      ),
    );
    expect(runs.flat().sort()).toEqual(['teas:brew', 'teas:read']);
  });
});
