import { Logger } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkDatabases } from '#apps/cli/src/doctor/database.check.js';
import { identityDataSource, identityOptions } from '#libs/database/identity/identity-data-source.js';
import { ReplicaReads } from '#libs/database/replicas/replica-reads.js';
import type { Api } from '../support/api.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { type PgBouncer, startPgBouncer } from '../support/pgbouncer.js';
import { bringBack, killAll } from '../support/postgres-outage.js';
import {
  migrateAll,
  type PostgresServer,
  runSql,
  startPostgres,
  withDatabase,
} from '../support/postgres-server.js';
import { promote, startStandby } from '../support/postgres-standby.js';

let primary: PostgresServer;
let standby: PostgresServer;
/** PgBouncers before the two servers. */
let primaryPooler: PgBouncer;
let standbyPooler: PgBouncer;
/** Two replicas of the application: what is written at one is read at the other. */
let direct: TestIdentityProvider;
let pooled: TestIdentityProvider;
beforeAll(async () => {
  primary = await startPostgres({ max_connections: '100' });
  await migrateAll(primary.url);
  await runSql(primary.url, "CREATE ROLE reader LOGIN PASSWORD 'p4ss-of-reader'");
  standby = await startStandby(primary);
  [primaryPooler, standbyPooler] = await Promise.all([
    startPgBouncer(primary.url),
    // A lost server is tried again after 15 s otherwise.
    startPgBouncer(standby.url, ['server_login_retry = 1']),
  ]);
  const start = (databaseUrl: string, replicaUrl: string, isPooled: boolean) =>
    startTestIdentityProvider({
      databaseUrl,
      database: { pooled: isPooled, directUrl: primary.url, replicaUrl, replicaMaxLagSeconds: 5 },
    });
  direct = await start(primary.url, standby.url, false);
  pooled = await start(primaryPooler.url, standbyPooler.url, true);
});
afterAll(async () => {
  await pooled?.close();
  await direct?.close();
  await Promise.all([standbyPooler?.close(), primaryPooler?.close()]);
  await standby?.close();
  await primary?.close();
});

/** Callers of the two. */
let apis: { direct: Api; pooled: Api };
beforeEach(async () => {
  const { account } = await direct.signIn(['*']);
  apis = { direct: await direct.sessionOf(account), pooled: await pooled.sessionOf(account) };
});

/** How many lists of permissions a server has read so far, by its own count of statements on that table. */
const scansOf = async (server: PostgresServer): Promise<number> => {
  const [row] = await runSql(
    server.url,
    `SELECT coalesce(sum(idx_scan), 0)::int + coalesce(sum(seq_scan), 0)::int AS scans
     FROM pg_stat_user_tables WHERE schemaname = 'identity' AND relname = 'permissions'`,
  );
  return row?.['scans'] as number;
};

const listPermissions = async (api: Api) => {
  const { status } = await api.get('/permissions');
  expect(status).toBe(200);
};

/** Reads at each application until the standby has counted one of its lists; Postgres counts with a delay. */
const untilReplicaIsUsed = async () => {
  for (const reader of Object.values(apis)) {
    const before = await scansOf(standby);
    await vi.waitFor(
      async () => {
        await listPermissions(reader);
        expect(await scansOf(standby)).toBeGreaterThan(before);
      },
      { timeout: 15_000, interval: 300 },
    );
  }
};

let names = 0;
/** Creates a role at each replica of the application and lists it at the other, at once. */
async function expectOwnWriteIsRead(): Promise<void> {
  for (const [writer, reader] of [
    [apis.direct, apis.pooled],
    [apis.pooled, apis.direct],
  ] as const) {
    const name = `own-${++names}`;
    expect((await writer.post('/roles', { name })).status).toBe(201);
    const { status, data } = await reader.get(`/roles?q=${name}`);
    expect(status).toBe(200);
    expect(data.map((role: { name: string }) => role.name)).toContain(name);
  }
}

it('lists are read from the replica, also through PgBouncer', untilReplicaIsUsed);

it('what was written at one replica of the application is read at another, every time', async () => {
  for (let round = 0; round < 10; round++) await expectOwnWriteIsRead();
  await untilReplicaIsUsed();
});

it('a primary that does not tell its position is read itself', async () => {
  const warn = vi.spyOn(Logger.prototype, 'warn');
  const options = identityOptions(standby.url, { poolSize: 1 });
  const source = await new DataSource(options).initialize();
  const reads = new ReplicaReads(source, { options, pooled: false, maxLagSeconds: 5 });
  try {
    await vi.waitFor(async () => {
      expect(await reads.run((manager) => manager.query('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
      expect(warn).toHaveBeenCalledWith({ msg: 'replica is not used', reason: expect.any(String) });
    });
  } finally {
    warn.mockRestore();
    await reads.onApplicationShutdown();
    await source.destroy();
  }
});

it('a read that fails at a replica behind PgBouncer leaves no broken transaction to the next one', async () => {
  const source = await identityDataSource(primary.url).initialize();
  const reads = new ReplicaReads(source, {
    options: identityOptions(standbyPooler.url, { pooled: true, poolSize: 1 }),
    pooled: true,
    maxLagSeconds: 5,
  });
  const isOnReplica = async () => {
    const read = (manager: EntityManager) => manager.query('SELECT pg_is_in_recovery() AS replica');
    expect(await reads.run(read)).toEqual([{ replica: true }]);
  };
  try {
    await vi.waitFor(isOnReplica, { timeout: 10_000 });
    await expect(reads.run((manager) => manager.query('SELECT 1 / 0'))).rejects.toMatchObject({
      code: '22012',
    });
    await isOnReplica();
  } finally {
    await reads.onApplicationShutdown();
    await source.destroy();
  }
});

describe('twinkey doctor', () => {
  /** What it says of the replica, by variables beside those that lead directly to the primary. */
  const doctor = async (env: Record<string, string>) => {
    const found = await checkDatabases({
      apps: 'identity-provider',
      root: '',
      env: {
        ENVIRONMENT: 'production',
        IDENTITY_DATABASE_URL: primary.url,
        IDENTITY_DATABASE_DIRECT_URL: primary.url,
        ...env,
      },
    });
    const { password } = new URL(primary.url);
    expect(JSON.stringify(found)).not.toContain(password);
    return found.find(({ name }) => name === 'database.identity.replica');
  };

  it.each([
    ['directly', () => ({ IDENTITY_DATABASE_REPLICA_URL: standby.url })],
    [
      'through PgBouncer',
      () => ({
        DATABASE_POOLED: 'true',
        IDENTITY_DATABASE_URL: primaryPooler.url,
        IDENTITY_DATABASE_REPLICA_URL: standbyPooler.url,
      }),
    ],
    [
      'through PgBouncer alone, beside a direct primary',
      () => ({ DATABASE_POOLED: 'true', IDENTITY_DATABASE_REPLICA_URL: standbyPooler.url }),
    ],
  ])('finds a standby that has caught up, %s', async (_, env) => {
    expect(await doctor(env())).toMatchObject({
      status: 'ok',
      message: expect.stringMatching(/a standby.*has caught up/),
    });
  });

  it.each([
    [
      'that is away',
      () => standby.url.replace(/:\d+\//, ':1/'),
      /ECONNREFUSED/,
      /Start the database.*REPLICA_URL/,
    ],
    ['that is the primary', () => primary.url, /not a standby/, /IDENTITY_DATABASE_REPLICA_URL/],
    ['with another database', () => withDatabase(standby.url, 'template1'), /not a copy/, /same database/],
    [
      'behind a PgBouncer that is not announced',
      () => standbyPooler.url,
      /unsupported/,
      /DATABASE_POOLED=true/,
    ],
    [
      'of a user without rights',
      () => withUser(standby.url),
      /reader may not read schema identity/,
      /GRANT SELECT/,
    ],
  ])('refuses a replica %s', async (_, url, message, remedy) => {
    expect(await doctor({ IDENTITY_DATABASE_REPLICA_URL: url() })).toMatchObject({
      status: 'broken',
      message: expect.stringMatching(message),
      remedy: expect.stringMatching(remedy),
    });
  });

  const withUser = (url: string) => {
    const other = new URL(url);
    other.username = 'reader';
    other.password = 'p4ss-of-reader';
    return other.href;
  };

  it('warns of a replica that lags, and does not compare one whose primary is away', async () => {
    const env = { IDENTITY_DATABASE_REPLICA_URL: standby.url, DATABASE_REPLICA_MAX_LAG_SECONDS: '1' };
    await runSql(standby.url, 'SELECT pg_wal_replay_pause()');
    try {
      await runSql(primary.url, 'CREATE TABLE not_replayed ()');
      expect(await doctor(env)).toMatchObject({
        status: 'warning',
        message: expect.stringMatching(/more than 1 s behind: it lacks \d{2,} bytes/),
      });
    } finally {
      await runSql(standby.url, 'SELECT pg_wal_replay_resume()');
    }
    const alike = { ...env, IDENTITY_DATABASE_URL: standby.url, IDENTITY_DATABASE_DIRECT_URL: standby.url };
    expect(await doctor(alike)).toMatchObject({
      status: 'broken',
      message: expect.stringMatching(/primary does not tell its position/),
    });
    const away = primary.url.replace(/:\d+\//, ':1/');
    const alone = { ...env, IDENTITY_DATABASE_URL: away, IDENTITY_DATABASE_DIRECT_URL: away };
    expect(await doctor(alone)).toMatchObject({ status: 'skipped' });
  });
});

it('a replica that lags is skipped, and used again afterwards', async () => {
  await runSql(standby.url, 'SELECT pg_wal_replay_pause()');
  try {
    for (let round = 0; round < 5; round++) await expectOwnWriteIsRead();
  } finally {
    await runSql(standby.url, 'SELECT pg_wal_replay_resume()');
  }
  await untilReplicaIsUsed();
});

it('a replica that is lost is skipped, and used again when it is back', async () => {
  await untilReplicaIsUsed();
  await killAll(standby);
  for (let round = 0; round < 5; round++) await expectOwnWriteIsRead();
  await bringBack(standby);
  await untilReplicaIsUsed();
});

it('a replica that was promoted is never read: it does not follow this primary any more', async () => {
  await untilReplicaIsUsed();
  await promote(standby);
  await runSql(
    standby.url,
    `INSERT INTO identity.permissions (id, name) VALUES (gen_random_uuid(), 'only:there')`,
  );
  for (let round = 0; round < 5; round++) await expectOwnWriteIsRead();
  for (const reader of Object.values(apis)) {
    const { data } = await reader.get('/permissions?q=only');
    expect(data).toEqual([]);
  }
});
