import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { Api } from '../support/api.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { bringBack, killAll } from '../support/postgres-outage.js';
import { migrateAll, type PostgresServer, runSql, startPostgres } from '../support/postgres-server.js';
import { promote, startStandby } from '../support/postgres-standby.js';

let primary: PostgresServer;
let standby: PostgresServer;
/** Two replicas of the application: what is written at one is read at the other. */
let here: TestIdentityProvider;
let there: TestIdentityProvider;
beforeAll(async () => {
  primary = await startPostgres({ max_connections: '100' });
  await migrateAll(primary.url);
  standby = await startStandby(primary);
  const database = {
    pooled: false,
    directUrl: primary.url,
    replicaUrl: standby.url,
    replicaMaxLagSeconds: 5,
  };
  here = await startTestIdentityProvider({ databaseUrl: primary.url, database });
  there = await startTestIdentityProvider({ databaseUrl: primary.url, database });
});
afterAll(async () => {
  await there?.close();
  await here?.close();
  await standby?.close();
  await primary?.close();
});

let writer: Api;
let reader: Api;
beforeEach(async () => {
  const { account } = await here.signIn(['*']);
  writer = await here.sessionOf(account);
  reader = await there.sessionOf(account);
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

/** Reads until the standby has counted one of the lists; Postgres counts with a delay. */
const untilReplicaIsUsed = async () => {
  const before = await scansOf(standby);
  await vi.waitFor(
    async () => {
      await listPermissions(reader);
      expect(await scansOf(standby)).toBeGreaterThan(before);
    },
    { timeout: 15_000, interval: 300 },
  );
};

let names = 0;
/** Creates a role at one replica of the application and lists it at the other, at once. */
async function expectOwnWriteIsRead(): Promise<void> {
  const name = `own-${++names}`;
  expect((await writer.post('/roles', { name })).status).toBe(201);
  const { status, data } = await reader.get(`/roles?q=${name}`);
  expect(status).toBe(200);
  expect(data.map((role: { name: string }) => role.name)).toContain(name);
}

it('lists are read from the replica', untilReplicaIsUsed);

it('what was written at one replica of the application is read at another, every time', async () => {
  for (let round = 0; round < 20; round++) await expectOwnWriteIsRead();
  await untilReplicaIsUsed();
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
  const { data } = await reader.get('/permissions?q=only');
  expect(data).toEqual([]);
});
