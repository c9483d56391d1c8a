import 'reflect-metadata';
import type { TestProject } from 'vitest/node';
import { type PgBouncer, startPgBouncer } from './pgbouncer.js';
import { migrateAll, type PostgresServer, runSql, startPostgres, withDatabase } from './postgres-server.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The URL of a Postgres superuser. */
    postgresUrl: string;
    /** The same server through PgBouncer; empty without `TEST_DATABASE=pgbouncer`. */
    pgbouncerUrl: string;
  }
}

export const TEMPLATE = 'twinkey_template';

/** One server for all projects of the run: each project loads this file separately. */
const shared = globalThis as { twinkeyTestPostgres?: { servers: Promise<TestServers>; users: number } };

interface TestServers {
  postgres: PostgresServer;
  pgbouncer: PgBouncer | null;
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.twinkeyTestPostgres ??= { servers: startServers(), users: 0 };
  const running = shared.twinkeyTestPostgres;
  running.users += 1;
  const { postgres, pgbouncer } = await running.servers;
  project.provide('postgresUrl', postgres.url);
  project.provide('pgbouncerUrl', pgbouncer?.url ?? '');
  return async () => {
    running.users -= 1;
    if (running.users > 0) return;
    delete shared.twinkeyTestPostgres;
    await pgbouncer?.close();
    await postgres.close();
  };
}

async function startServers(): Promise<TestServers> {
  const postgres = await startWithTemplate();
  const isPooled = process.env['TEST_DATABASE'] === 'pgbouncer';
  // The processes of several test files connect at the same time.
  const pgbouncer = isPooled ? await startPgBouncer(postgres.url, ['max_client_conn = 1000']) : null;
  return { postgres, pgbouncer };
}

async function startWithTemplate(): Promise<PostgresServer> {
  const server = await startPostgres();
  await runSql(server.url, `CREATE DATABASE ${TEMPLATE}`);
  await migrateAll(withDatabase(server.url, TEMPLATE));
  return server;
}
