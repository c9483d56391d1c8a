import { v7 } from 'uuid';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identityDataSource } from '#libs/database/identity/identity-data-source.js';
import { migrate, migrationStatus } from '#libs/database/migrate/migrate.js';
import { usersDataSource } from '#libs/database/users/users-data-source.js';
import { createEmptyDatabase, type TestDatabase } from '../support/postgres.js';
import { runSql } from '../support/postgres-server.js';

let database: TestDatabase;
beforeEach(async () => {
  database = await createEmptyDatabase();
});
afterEach(() => database.close());

const both = [
  ['identity', identityDataSource],
  ['users', usersDataSource],
] as const;

describe.each(both)('the migrations of schema %s', (schema, open) => {
  const namesOf = () => (open(database.url).options.migrations as { name: string }[]).map(({ name }) => name);

  it('create the schema of the entities in an empty database', async () => {
    await migrate(open(database.url), 'up');
    const dataSource = await open(database.url).initialize();
    const drift = await dataSource.driver.createSchemaBuilder().log();
    await dataSource.destroy();
    expect(drift.upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('run once when ten processes start at the same time', async () => {
    const runs = await Promise.all(Array.from({ length: 10 }, () => migrate(open(database.url), 'up')));
    expect(runs.flat().sort()).toEqual(namesOf().sort());
  });

  it('go up, all the way down, and up again', async () => {
    await migrate(open(database.url), 'up');
    const created = await tables(schema);
    const names = namesOf();
    for (const name of names.toReversed()) expect(await migrate(open(database.url), 'down')).toEqual([name]);
    expect(await migrate(open(database.url), 'down')).toEqual([]);
    expect(await tables(schema)).toEqual(['migrations']);
    expect(await migrate(open(database.url), 'up')).toEqual(names);
    expect(await tables(schema)).toEqual(created);
  });

  it('can be listed without being run', async () => {
    const status = () => migrationStatus(open(database.url));
    const names = namesOf();
    expect(await status()).toEqual(names.map((name) => ({ name, applied: false, known: true })));
    expect(await tables(schema)).toEqual([]);
    await migrate(open(database.url), 'up');
    await runSql(
      database.url,
      `INSERT INTO ${schema}.migrations (timestamp, name) VALUES (9, 'OfANewerBuild1999999999999')`,
    );
    expect(await status()).toEqual([
      ...names.map((name) => ({ name, applied: true, known: true })),
      { name: 'OfANewerBuild1999999999999', applied: true, known: false },
    ]);
  });

  it('ignore the statement timeout of requests', async () => {
    const withShortTimeout = open(database.url, { statementTimeoutMs: 1 });
    expect(await migrate(withShortTimeout, 'up')).toEqual(namesOf());
  });
});

it('reverting and applying the last migration of each schema keeps the data', async () => {
  for (const [, open] of both) await migrate(open(database.url), 'up');
  const [role, account, user] = [v7(), v7(), v7()];
  await runSql(
    database.url,
    `INSERT INTO identity.roles (id, name) VALUES ('${role}', 'user');
     INSERT INTO identity.accounts (id, email, email_key, role_id)
       VALUES ('${account}', 'A@example.com', 'a@example.com', '${role}');
     INSERT INTO users.users (id) VALUES ('${user}');
     INSERT INTO users.identities (issuer, sub, user_id, told_at) VALUES ('native', '${account}', '${user}', now())`,
  );
  for (const [, open] of both) {
    expect(await migrate(open(database.url), 'down')).toHaveLength(1);
    expect(await migrate(open(database.url), 'up')).toHaveLength(1);
  }
  expect(await runSql(database.url, 'SELECT email FROM identity.accounts')).toEqual([
    { email: 'A@example.com' },
  ]);
  expect(await runSql(database.url, 'SELECT settings, status FROM users.users')).toEqual([
    { settings: {}, status: 'active' },
  ]);
  expect(await runSql(database.url, 'SELECT issuer FROM users.identities')).toEqual([{ issuer: 'native' }]);
});

it('the authority table always has one row', async () => {
  await migrate(identityDataSource(database.url), 'up');
  const insert = (id: string) =>
    runSql(database.url, `INSERT INTO identity.authority (id, version) VALUES (${id}, 1)`);
  await expect(insert('true')).rejects.toMatchObject({ code: '23505' });
  await expect(insert('false')).rejects.toMatchObject({ code: '23514' });
});

async function tables(schema: string): Promise<string[]> {
  const rows = await runSql(
    database.url,
    `SELECT tablename FROM pg_tables WHERE schemaname = '${schema}' ORDER BY tablename`,
  );
  return rows.map(({ tablename }) => String(tablename));
}
