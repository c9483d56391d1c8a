import type { DataSource } from 'typeorm';

/**
 * Rows of `revocations` name the transaction that wrote them. After a restore into another server they can name ones that
 * this server has not reached, and each reader that comes back to the authority feed would get them all again. A trigger
 * gives each row that is updated the number of this transaction.
 */
export async function renumberRestoredRevocations(database: DataSource): Promise<void> {
  const { schema } = database.options as { schema?: string };
  await database.query(`UPDATE ${schema}.revocations SET removed = removed
    WHERE changed_by >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint`);
}
