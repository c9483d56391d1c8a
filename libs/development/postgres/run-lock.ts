import { Client } from 'pg';

/** Another process of this checkout runs already. */
export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
}

/** Any number, the same in every build. */
const LOCK = 7_801_020_001;

/**
 * Lets one process in. The lock is Postgres' own and goes with the connection, so that none is left by a process
 * that was killed, and no process number is mistaken for another's.
 * @returns the function that gives it back
 * @throws AlreadyRunningError that names the process
 */
export async function takeRunLock(url: string): Promise<() => Promise<void>> {
  const client = new Client({ connectionString: url, application_name: `process ${process.pid}` });
  client.on('error', () => {});
  await client.connect();
  const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS taken', [LOCK]);
  if (rows[0].taken) return () => client.end();

  const other = await client.query(
    `SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
      WHERE locktype = 'advisory' AND granted AND (classid::bigint << 32) + objid::bigint = $1`,
    [LOCK],
  );
  await client.end();
  const name = other.rows[0]?.application_name ?? 'another process';
  throw new AlreadyRunningError(`Twinkey is already running from this checkout (${name}).`);
}
