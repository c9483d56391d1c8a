import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { identityDataSource } from '#libs/database/identity/identity-data-source.js';
import { PERMISSION_CATALOGUE } from '#libs/database/identity/permission-catalogue.js';
import { upsertPermissions } from '#libs/database/identity/upsert-permissions.js';
import { migrate } from '#libs/database/migrate.js';
import { usersDataSource } from '#libs/database/users/users-data-source.js';
import { openCluster } from '#libs/development/postgres/embedded-postgres.js';

/** What was committed survives a crash of the server, which tests bring about, but not one of the machine. */
const FAST = { fsync: 'off', full_page_writes: 'off', max_connections: '500' };

export interface PostgresServer {
  /** Its folder holds `data/postmaster.pid` and `postgres.log`. */
  folder: string;
  url: string;
  /** Stops it and removes its folder. */
  close(): Promise<void>;
}

/** For tests that crash the server and look for what it had acknowledged. */
export const DURABLE = { max_connections: '200' };

/** A real Postgres on a free port, in a temp folder of its own. It goes with the process, however that ends. */
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

/** Makes both schemas as `twinkey migrate` does, permissions included. */
export async function migrateAll(url: string): Promise<void> {
  const identity = identityDataSource(url);
  await migrate(identity, 'up');
  await migrate(usersDataSource(url), 'up');
  await identity.initialize();
  await upsertPermissions(identity, PERMISSION_CATALOGUE);
  await identity.destroy();
}

/** The same server's URL with another database's name. */
export function withDatabase(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}

/** Runs SQL on a connection of its own. */
export async function runSql(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
