import 'reflect-metadata';
import type { TestProject } from 'vitest/node';
import { migrateAll, type PostgresServer, runSql, startPostgres, withDatabase } from './postgres-server.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The URL of a Postgres superuser. */
    postgresUrl: string;
  }
}

export const TEMPLATE = 'twinkey_template';

/** One server for all projects of the run: each project loads this file separately. */
const shared = globalThis as { twinkeyTestPostgres?: { server: Promise<PostgresServer>; users: number } };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.twinkeyTestPostgres ??= { server: startWithTemplate(), users: 0 };
  const running = shared.twinkeyTestPostgres;
  running.users += 1;
  const server = await running.server;
  project.provide('postgresUrl', server.url);
  return async () => {
    running.users -= 1;
    if (running.users > 0) return;
    delete shared.twinkeyTestPostgres;
    await server.close();
  };
}

async function startWithTemplate(): Promise<PostgresServer> {
  const server = await startPostgres();
  await runSql(server.url, `CREATE DATABASE ${TEMPLATE}`);
  await migrateAll(withDatabase(server.url, TEMPLATE));
  return server;
}
