import { Client } from 'pg';

/** Another process of this checkout is already running. */
export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
}

/** An arbitrary number, the same in every build. */
const LOCK = 7_801_020_001;

/**
 * Allows one process only. It uses a Postgres advisory lock, which ends with the connection: a killed process leaves no
 * lock, and reused process ids are no problem.
 * @returns a function that releases the lock
 * @throws AlreadyRunningError that names the other process
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
