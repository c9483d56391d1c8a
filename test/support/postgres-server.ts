import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { PERMISSION_CATALOGUE } from '#libs/core/permission-catalogue.js';
import { identityDataSource } from '#libs/database/identity/identity-data-source.js';
import { upsertPermissions } from '#libs/database/identity/upsert-permissions.js';
import { migrate } from '#libs/database/migrate/migrate.js';
import { usersDataSource } from '#libs/database/users/users-data-source.js';
import { openCluster } from '#libs/development/postgres/embedded-postgres.js';

/** Committed data survives a crash of the server, which tests cause, but not a crash of the machine. */
const FAST = { fsync: 'off', full_page_writes: 'off', max_connections: '500' };

export interface PostgresServer {
  /** Contains `data/postmaster.pid` and `postgres.log`. */
  folder: string;
  url: string;
  /** Stops the server and removes its folder. */
  close(): Promise<void>;
}

/** For tests that crash the server and check that acknowledged writes are kept. */
export const DURABLE = { max_connections: '200' };

/** Starts a real Postgres on a free port, in a temporary folder. It ends with this process, also if that is killed. */
export async function startPostgres(settings: Record<string, string> = FAST): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'twinkey-test-'));
  const { url, close } = await openCluster(folder, settings);
  return {
    folder,
    url,
    close: async () => {
      await close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Creates both schemas and the permissions, as `twinkey migrate` does. */
export async function migrateAll(url: string): Promise<void> {
  const identity = identityDataSource(url);
  await migrate(identity, 'up');
  await migrate(usersDataSource(url), 'up');
  await identity.initialize();
  await upsertPermissions(identity, PERMISSION_CATALOGUE);
  await identity.destroy();
}

/** The URL of another database on the same server. */
export function withDatabase(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}

/** Runs SQL on a separate connection. */
export async function runSql(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
