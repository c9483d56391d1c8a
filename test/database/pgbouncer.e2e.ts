import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { checkDatabases } from '#apps/cli/src/doctor/database.check.js';
import { isUnavailable } from '#libs/database/errors/pg-errors.js';
import { preparedQuery } from '#libs/database/queries/prepared-query.js';
import { usersDataSource } from '#libs/database/users/users-data-source.js';
import { CliCheckout, ONE_LINE } from '../cli/cli-checkout.js';
import { type PgBouncer, startPgBouncer } from '../support/pgbouncer.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { runSql, withDatabase } from '../support/postgres-server.js';

let database: TestDatabase;
let pgbouncer: PgBouncer;
let pooledUrl: string;
beforeAll(async () => {
  database = await createTestDatabase();
  pgbouncer = await startPgBouncer(inject('postgresUrl'));
  pooledUrl = withDatabase(pgbouncer.url, new URL(database.url).pathname.slice(1));
});
afterAll(async () => {
  await pgbouncer?.close();
  await database?.close();
});

describe('a data source behind PgBouncer', () => {
  let dataSource: DataSource;
  beforeEach(async () => {
    dataSource = await usersDataSource(pooledUrl, { pooled: true }).initialize();
  });
  afterEach(() => dataSource.destroy());

  /** The statements that the server runs, but for this one. */
  const running = () =>
    runSql(
      database.url,
      "SELECT query FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND state = 'active' AND pid <> pg_backend_pid()",
    );

  it('runs the same prepared statement on every connection of the server, many times', async () => {
    const statement = {
      name: 'double',
      text: 'SELECT $1::int * 2 AS double, pg_backend_pid() AS pid, pg_sleep(0.01)',
    };
    const pids = new Set<number>();
    for (let round = 0; round < 20; round++) {
      const rows = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          preparedQuery<{ double: number; pid: number }>(dataSource, { ...statement, values: [index] }),
        ),
      );
      expect(rows.map(([row]) => row?.double)).toEqual(Array.from({ length: 20 }, (_, index) => index * 2));
      for (const [row] of rows) pids.add(row?.pid ?? 0);
    }
    expect(pids.size).toBeGreaterThan(1);
    const kept = await dataSource.query("SELECT name FROM pg_prepared_statements WHERE name = 'double'");
    expect(kept).toEqual([]);
  });

  it('limits each transaction, and leaves nothing of that on the connection', async () => {
    const limits =
      "SELECT current_setting('statement_timeout') AS statement, current_setting('idle_in_transaction_session_timeout') AS idle";
    await dataSource.transaction(async (tx) => {
      expect(await tx.query(limits)).toEqual([{ statement: '1s', idle: '5s' }]);
    });
    expect(await dataSource.query(limits)).toEqual([{ statement: '0', idle: '0' }]);
  });

  it.each([
    ['single statement', () => dataSource.query('SELECT pg_sleep(30)')],
    ['statement of a transaction', () => dataSource.transaction((tx) => tx.query('SELECT pg_sleep(30)'))],
  ])('cancels a slow %s in time, also on the server', async (_, run) => {
    const before = performance.now();
    await expect(run()).rejects.toSatisfy(isUnavailable);
    expect(performance.now() - before).toBeLessThan(2_000);
    await vi.waitFor(async () => expect(await running()).toEqual([]), { timeout: 2_000 });
    expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('rolls a transaction back whose statement was cancelled', async () => {
    const slow = dataSource.transaction(async (tx) => {
      await tx.query('CREATE TABLE users.left_over (id int)');
      await tx.query('SET LOCAL statement_timeout = 0');
      await tx.query('SELECT pg_sleep(30)');
    });
    await expect(slow).rejects.toSatisfy(isUnavailable);
    await vi.waitFor(async () => expect(await running()).toEqual([]), { timeout: 2_000 });
    expect(await dataSource.query("SELECT to_regclass('users.left_over') AS found")).toEqual([
      { found: null },
    ]);
  });

  it('keeps an idle connection for longer than a statement may run', async () => {
    await dataSource.query('SELECT');
    await sleep(1_500);
    expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('a command', () => {
  let checkout: CliCheckout;
  beforeAll(async () => {
    checkout = await CliCheckout.make();
  });
  afterAll(() => checkout.close());

  const run = (args: string[], env: Record<string, string>) =>
    checkout.twinkey(args, { ENVIRONMENT: 'production', DATABASE_URL: pooledUrl, ...env });

  it('names the settings for PgBouncer if it meets one unprepared', async () => {
    const { code, stderr } = await run(['seed', '--admin-email', 'a@example.com'], {});
    expect(code).toBe(1);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(/unsupported startup parameter.*DATABASE_POOLED=true.*DATABASE_DIRECT_URL/);
  });

  it('migrates by DATABASE_DIRECT_URL alone, and says so', async () => {
    await runSql(database.url, 'DROP SCHEMA users CASCADE');
    const refused = await run(['migrate'], { DATABASE_POOLED: 'true' });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(ONE_LINE) });
    expect(refused.stderr).toContain('set DATABASE_DIRECT_URL');
    const env = { DATABASE_POOLED: 'true', DATABASE_DIRECT_URL: database.url };
    expect(await run(['migrate'], env)).toMatchObject({ code: 0, stderr: '' });
    expect(await run(['migrate'], { DATABASE_POOLED: 'true' })).toMatchObject({ code: 0, stderr: '' });
  });

  it('uses PgBouncer for one app and the embedded database for the other', async () => {
    const env = { DATABASE_POOLED: 'true', IDENTITY_DATABASE_URL: pooledUrl };
    const { stdout } = await checkout.twinkey(['doctor', '--json'], env);
    expect(JSON.parse(stdout).checks).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'database.identity', status: 'ok' }),
        expect.objectContaining({ name: 'database.users', status: 'ok' }),
      ]),
    );
  });
});

describe('twinkey doctor', () => {
  const checksOf = async (env: Record<string, string>) => {
    const context = { ENVIRONMENT: 'production', USER_DATABASE_URL: pooledUrl, ...env };
    return checkDatabases({ apps: 'user-service', root: '', env: context });
  };
  const POOLED = { DATABASE_POOLED: 'true' };

  it('checks both ways to the database', async () => {
    expect(await checksOf({})).toMatchObject([
      { name: 'database.users', status: 'broken', remedy: expect.stringContaining('DATABASE_POOLED=true') },
    ]);
    expect(await checksOf(POOLED)).toMatchObject([
      { name: 'database.users', status: 'ok' },
      {
        name: 'database.users.direct',
        status: 'warning',
        remedy: expect.stringContaining('USER_DATABASE_DIRECT_URL'),
      },
    ]);
    expect(await checksOf({ ...POOLED, USER_DATABASE_DIRECT_URL: database.url })).toMatchObject([
      { name: 'database.users', status: 'ok' },
      { name: 'database.users.direct', status: 'ok' },
    ]);
  });

  it('refuses another database as the direct one', async () => {
    const [, direct] = await checksOf({ ...POOLED, USER_DATABASE_DIRECT_URL: inject('postgresUrl') });
    expect(direct).toMatchObject({
      status: 'broken',
      message: expect.stringContaining('another database'),
      remedy: expect.stringContaining('USER_DATABASE_DIRECT_URL'),
    });
  });

  it('refuses a PgBouncer without transactions', async () => {
    const other = await startPgBouncer(database.url, ['pool_mode = statement']);
    try {
      const [pool] = await checksOf({ ...POOLED, USER_DATABASE_URL: other.url });
      expect(pool).toMatchObject({
        status: 'broken',
        remedy: expect.stringContaining('pool_mode = transaction'),
      });
    } finally {
      await other.close();
    }
  });
});
