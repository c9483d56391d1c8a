import { cpuTime } from './processes.mjs';
import { sql } from './sample-rows.mjs';

/** Settings of postgresql.conf with which Postgres counts the work of each statement. */
export const STATEMENT_STATISTICS = { shared_preload_libraries: 'pg_stat_statements' };

/**
 * The work that Postgres does meanwhile: CPU time of its connections, statements, 8 KiB pages that statements touch, bytes
 * of write-ahead log. Vacuum and checkpoints are not included.
 * @param {() => Promise<T>} work
 * @returns {Promise<{ result: T, cpu: number, statements: number, pages: number, wal: number }>} `cpu` in microseconds
 * @template T
 */
export async function databaseWork(url, work) {
  await sql(url, 'SELECT pg_stat_statements_reset()');
  const before = await connectionTimes(url);
  const result = await work();
  const after = await connectionTimes(url);
  const cpu = [...after].reduce((sum, [pid, time]) => sum + time - (before.get(pid) ?? 0), 0);
  const [{ statements, pages, wal }] = await sql(
    url,
    `SELECT coalesce(sum(calls), 0)::float8 AS statements, coalesce(sum(shared_blks_hit + shared_blks_read), 0)::float8 AS pages,
       coalesce(sum(wal_bytes), 0)::float8 AS wal
     FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat%'`,
  );
  return { result, cpu, statements, pages, wal };
}

/** The CPU time of each connection's process. */
async function connectionTimes(url) {
  const rows = await sql(
    url,
    `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
  );
  return new Map(rows.map(({ pid }) => [pid, cpuTime(pid)]));
}
