import type { DataSource } from 'typeorm';
import type { AuditSchema } from './audit-writer.js';

/**
 * Creates the missing partitions of this month and the next three. Safe to run at the same time in several processes: an
 * advisory lock orders them.
 * @returns the names of those that this run has created
 */
export const createAuditPartitions = (database: DataSource): Promise<string[]> =>
  call(database, 'create_audit_partitions()');

/**
 * Drops the partitions whose events are all older than `retentionDays`, at least 30. Safe to run at the same time in
 * several processes.
 * @returns the names of those that this run has dropped
 */
export const dropAuditPartitions = (database: DataSource, retentionDays: number): Promise<string[]> =>
  call(database, 'drop_audit_partitions($1)', [retentionDays]);

async function call(database: DataSource, invocation: string, values: unknown[] = []): Promise<string[]> {
  const { schema } = database.options as { schema?: AuditSchema };
  const rows: { name: string }[] = await database.query(
    `SELECT name FROM ${schema}.${invocation} AS name`,
    values,
  );
  return rows.map(({ name }) => name);
}
