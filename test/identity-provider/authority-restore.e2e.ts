import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { identityEntities } from '#libs/database/identity/identity-data-source.js';
import { unique } from '../support/factories.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';

let idp: TestIdentityProvider;
beforeAll(async () => {
  idp = await startTestIdentityProvider();
});
afterAll(() => idp?.close());

type Dump = Map<string, unknown[]>;

async function dump(database: DataSource): Promise<Dump> {
  const tables = identityEntities.map((entity) => database.getMetadata(entity).tablePath);
  const rows: Dump = new Map();
  for (const table of tables) {
    const [{ all }] = await database.query(`SELECT coalesce(json_agg(t), '[]') AS all FROM ${table} t`);
    rows.set(table, all);
  }
  return rows;
}

/** Like `pg_restore --single-transaction --data-only --disable-triggers` into empty tables. */
const restore = (database: DataSource, rows: Dump): Promise<void> =>
  database.transaction(async (tx) => {
    await tx.query(`SET LOCAL session_replication_role = replica; TRUNCATE ${[...rows.keys()].join(', ')}`);
    for (const [table, all] of rows) {
      await tx.query(`INSERT INTO ${table} SELECT * FROM json_populate_recordset(NULL::${table}, $1)`, [
        JSON.stringify(all),
      ]);
    }
  });

const versionOf = async (database: DataSource): Promise<string> =>
  (await database.query('SELECT version FROM identity.authority'))[0].version;

it('rights that were cached before a restore do not count after it, even with the same version', async () => {
  const { api: admin } = await idp.signIn(['*']);
  const role = await idp.make.role();
  const permission = await idp.make.permission({ name: `${unique('thing')}:read` });
  const { api: person } = await idp.signIn([], { roleId: role.id });
  const permissionsNow = async () => {
    // Every replica answers and caches.
    const answers = [await person.get('/auth/me'), await person.get('/auth/me')];
    expect(answers[1]?.data).toMatchObject({ permissions: answers[0]?.data.permissions });
    return answers[0]?.data.permissions;
  };
  const backup = await dump(idp.database);

  const granted = await admin.post(`/roles/${role.id}/permissions`, { permission_ids: [permission.id] });
  expect(granted.status).toBe(200);
  expect(await permissionsNow()).toEqual([permission.name]);
  const version = await versionOf(idp.database);

  await restore(idp.database, backup);
  expect((await admin.post('/roles', { name: unique('other') })).status).toBe(201);
  expect(await versionOf(idp.database)).toBe(version);
  expect(await permissionsNow()).toEqual([]);
});

it('a build that raises only the version also renews the epoch', async () => {
  const epochAfter = async (sql: string) => {
    await idp.database.query(sql);
    return (await idp.database.query('SELECT epoch FROM identity.authority'))[0].epoch;
  };
  const raise = 'UPDATE identity.authority SET version = version + 1';
  const epochs = [await epochAfter('SELECT'), await epochAfter(raise), await epochAfter(raise)];
  expect(new Set(epochs).size).toBe(3);
});
