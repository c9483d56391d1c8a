import type { TestProject } from 'vitest/node';
import { startPgBouncer } from './pgbouncer.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server of `postgresUrl` through PgBouncer. Only in the project `pgbouncer`. */
    pgbouncerUrl?: string;
  }
}

/** Starts a PgBouncer before the server of `postgres.global.ts`, which comes first. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { postgresUrl } = project.getProvidedContext();
  // The processes of several test files connect at the same time.
  const pgbouncer = await startPgBouncer(postgresUrl, ['max_client_conn = 1000']);
  project.provide('pgbouncerUrl', pgbouncer.url);
  return () => pgbouncer.close();
}
