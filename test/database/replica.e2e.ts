import type { EntityManager } from 'typeorm';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { identityDataSource, identityOptions } from '#libs/database/identity/identity-data-source.js';
import { ReplicaReads } from '#libs/database/replica-reads.js';
import type { Api } from '../support/api.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { type PgBouncer, startPgBouncer } from '../support/pgbouncer.js';
import { bringBack, killAll } from '../support/postgres-outage.js';
import { migrateAll, type PostgresServer, runSql, startPostgres } from '../support/postgres-server.js';
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

/** How many lists of roles a server has read so far, by its own count of statements on that table. */
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
