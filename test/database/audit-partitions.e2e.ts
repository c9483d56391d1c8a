import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuditPartitions, dropAuditPartitions } from '#libs/audit/audit-partitions.js';
import { newId } from '#libs/core/ids.js';
import { identityDataSource } from '#libs/database/identity/identity-data-source.js';
import { usersDataSource } from '#libs/database/users/users-data-source.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { runSql } from '../support/postgres-server.js';

const DAY = 86_400_000;

describe.each([
  ['identity', identityDataSource],
  ['users', usersDataSource],
] as const)('the audit log of schema %s', (schema, open) => {
  let database: TestDatabase;
  let dataSource: DataSource;
  beforeEach(async () => {
    database = await createTestDatabase();
    dataSource = await open(database.url).initialize();
    await insert(new Date());
  });
  afterEach(async () => {
    await dataSource.destroy();
    await database.close();
  });

  const table = `${schema}.audit_events`;
  const insert = (at: Date, id = newId()) =>
    dataSource.query(
      `INSERT INTO ${table} (at, id, action, outcome) VALUES ($1, $2, 'role.created', 'success') RETURNING tableoid::regclass::text AS "table"`,
      [at, id],
    );
  const count = async () => (await dataSource.query(`SELECT count(*)::int AS n FROM ${table}`))[0].n;
  const partitions = async (): Promise<string[]> => {
    const rows = await dataSource.query(
      'SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = $1::regclass ORDER BY relname',
      [table],
    );
    return rows.map(({ relname }: { relname: string }) => relname);
  };
  /** The name of the partition `months` from now, and its first moment. */
  const partition = (months: number) => {
    const now = new Date();
    const start = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months));
    return { name: `audit_events_${start.toISOString().slice(0, 7).replace('-', '_')}`, start };
  };
  const makePartition = (months: number) =>
    dataSource.query(
      `CREATE TABLE ${schema}.${partition(months).name} PARTITION OF ${table}
       FOR VALUES FROM ('${partition(months).start.toISOString()}') TO ('${partition(months + 1).start.toISOString()}')`,
    );

  it.each([
    'UPDATE $TABLE SET action = action',
    'DELETE FROM $TABLE',
    'TRUNCATE $TABLE',
    `INSERT INTO $TABLE SELECT * FROM $TABLE ON CONFLICT (at, id) DO UPDATE SET action = 'role.deleted'`,
  ])('refuses %s, for the table, each partition and every role', async (sql) => {
    await insert(new Date(0));
    for (const name of ['audit_events', partition(0).name, 'audit_events_default']) {
      await expect(dataSource.query(sql.replaceAll('$TABLE', `${schema}.${name}`))).rejects.toMatchObject({
        code: '23001',
      });
    }
    const role = `app_${newId().replaceAll('-', '')}`;
    await runSql(
      database.url,
      `CREATE ROLE ${role}; GRANT USAGE ON SCHEMA ${schema} TO ${role};
       GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`,
    );
    const client = new Client({ connectionString: database.url });
    await client.connect();
    try {
      await client.query(`SET ROLE ${role}`);
      await expect(client.query(sql.replaceAll('$TABLE', table))).rejects.toMatchObject({ code: '23001' });
      await client.query(
        `INSERT INTO ${table} (id, action, outcome) VALUES ('${newId()}', 'role.created', 'success')`,
      );
    } finally {
      await client.end();
      await runSql(database.url, `DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
    expect(await count()).toBe(3);
  });

  it('has a partition for this month and the next three', async () => {
    const names = [0, 1, 2, 3].map((months) => partition(months).name);
    expect(await partitions()).toEqual([...names, 'audit_events_default'].sort());
    for (const months of [0, 1, 2, 3]) {
      const [row] = await insert(partition(months).start);
      expect(row.table).toBe(`${schema}.${partition(months).name}`);
    }
  });

  it('gets missing partitions once when ten processes create them at the same time', async () => {
    await dataSource.query(`DROP TABLE ${schema}.${partition(2).name}, ${schema}.${partition(3).name}`);
    const sources = await Promise.all(
      Array.from({ length: 10 }, () => open(database.url, { poolSize: 1 }).initialize()),
    );
    const created = await Promise.all(sources.map(createAuditPartitions));
    await Promise.all(sources.map((source) => source.destroy()));
    expect(created.flat()).toEqual([partition(2).name, partition(3).name]);
    await expect(dataSource.query(`TRUNCATE ${schema}.${partition(3).name}`)).rejects.toMatchObject({
      code: '23001',
    });
  });

  it('gets them while transactions are writing', async () => {
    await dataSource.query(`DROP TABLE ${schema}.${partition(3).name}`);
    const writes = Array.from({ length: 20 }, () =>
      dataSource.transaction((tx) =>
        tx.query(
          `INSERT INTO ${table} (id, action, outcome) SELECT gen_random_uuid(), 'role.created', 'success' FROM generate_series(1, 50)`,
        ),
      ),
    );
    await createAuditPartitions(dataSource);
    await Promise.all(writes);
    expect(await count()).toBe(1_001);
    expect(await partitions()).toContain(partition(3).name);
  });

  it('keeps events without a partition in the default one, also after their month could get one', async () => {
    await dataSource.query(`DROP TABLE ${schema}.${partition(2).name}, ${schema}.${partition(3).name}`);
    const [row] = await insert(new Date(partition(2).start.getTime() + DAY));
    expect(row.table).toBe(`${schema}.audit_events_default`);
    expect(await createAuditPartitions(dataSource)).toEqual([partition(3).name]);
    expect(await count()).toBe(2);
  });

  it('drops only partitions whose last event is past retention', async () => {
    const days = 400;
    const cutoff = new Date(Date.now() - days * DAY);
    const now = new Date();
    // The month of the cutoff still has events to keep.
    const kept =
      (cutoff.getUTCFullYear() - now.getUTCFullYear()) * 12 + cutoff.getUTCMonth() - now.getUTCMonth();
    for (const months of [kept - 2, kept - 1, kept, kept + 1]) {
      await makePartition(months);
      await insert(partition(months).start);
    }
    const names = [kept - 2, kept - 1].map((months) => partition(months).name);
    const dropped = await Promise.all([1, 2, 3].map(() => dropAuditPartitions(dataSource, days)));
    expect(dropped.flat().sort()).toEqual(names.sort());
    expect(await count()).toBe(3);
    expect(await partitions()).toEqual(
      expect.arrayContaining([partition(kept).name, partition(kept + 1).name]),
    );
  });

  it('empties the default partition once all its events are past retention', async () => {
    await insert(new Date(Date.now() - 500 * DAY));
    const recent = newId();
    await insert(new Date(Date.now() - 399 * DAY), recent);
    expect(await dropAuditPartitions(dataSource, 400)).toEqual([]);
    expect(await count()).toBe(3);
    expect(await dropAuditPartitions(dataSource, 300)).toEqual(['audit_events_default']);
    expect(await count()).toBe(1);
    const [row] = await insert(new Date(0));
    expect(row.table).toBe(`${schema}.audit_events_default`);
    await expect(dataSource.query(`TRUNCATE ${schema}.audit_events_default`)).rejects.toMatchObject({
      code: '23001',
    });
  });

  it('cannot be emptied by a short retention', async () => {
    await expect(dropAuditPartitions(dataSource, 29)).rejects.toMatchObject({ code: '22023' });
  });

  it('gets its partitions from a role that does not own the table', async () => {
    await dataSource.query(`DROP TABLE ${schema}.${partition(3).name}`);
    const role = `app_${newId().replaceAll('-', '')}`;
    await runSql(
      database.url,
      `CREATE ROLE ${role} LOGIN PASSWORD 'secret'; GRANT USAGE ON SCHEMA ${schema} TO ${role};
       GRANT SELECT, INSERT ON ${table} TO ${role}`,
    );
    const url = Object.assign(new URL(database.url), { username: role, password: 'secret' });
    const app = await open(url.href, { poolSize: 1 }).initialize();
    try {
      expect(await createAuditPartitions(app)).toEqual([partition(3).name]);
      expect(await dropAuditPartitions(app, 400)).toEqual([]);
      await app.query(`INSERT INTO ${table} (id, action, outcome) VALUES ($1, 'role.created', 'success')`, [
        newId(),
      ]);
      await expect(app.query(`DROP TABLE ${table}`)).rejects.toMatchObject({ code: '42501' });
    } finally {
      await app.destroy();
      await runSql(database.url, `DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });
});
