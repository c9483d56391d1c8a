import type { DataSource } from 'typeorm';
import type { BackgroundTask } from './background-task.js';
import { MORE } from './background-task.js';

/** Rows to delete. All members are SQL, never input. */
export interface ExpiringTable {
  /** With its schema. */
  table: string;
  /** The primary key: a column, or several with commas. */
  key: string;
  /** The condition, which an index supports. Default: `expires_at <= now()`. */
  isExpired?: string;
}

const INTERVAL_MS = 60_000;
/** Small enough not to delay other queries. */
const BATCH = 500;
/** Of one run. */
const MAX_BATCHES = 20;

/** Deletes expired rows every minute. Replicas share the work: none waits for rows that another one deletes. */
export function expiredRowsTask(name: string, database: DataSource, rows: ExpiringTable): BackgroundTask {
  return {
    name,
    intervalMs: INTERVAL_MS,
    run: async (signal) => {
      const deleted = await deleteExpired(database, rows, signal);
      return deleted === BATCH * MAX_BATCHES ? MORE : undefined;
    },
  };
}

/** @returns the number of deleted rows, at most 10,000 */
export async function deleteExpired(
  database: DataSource,
  { table, key, isExpired = 'expires_at <= now()' }: ExpiringTable,
  signal?: AbortSignal,
): Promise<number> {
  let total = 0;
  for (let batch = 0; batch < MAX_BATCHES && !signal?.aborted; batch++) {
    const [, deleted]: [unknown, number] = await database.query(
      `DELETE FROM ${table} WHERE (${key}) IN (
         SELECT ${key} FROM ${table} WHERE ${isExpired} LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`,
    );
    total += deleted;
    if (deleted < BATCH) break;
  }
  return total;
}
