import type { Pool, QueryResultRow } from 'pg';
import type { DataSource } from 'typeorm';

export interface PreparedStatement {
  /** One name for one text, in the whole application. */
  name: string;
  text: string;
  values: unknown[];
}

/**
 * Runs a named prepared statement, parsed and planned once per connection, past TypeORM's query runner: for the
 * queries that every request makes. Columns come as they are named in SQL, bigint as a string.
 * @throws pg's own error, see `pg-errors.ts`
 */
export async function preparedQuery<Row extends QueryResultRow>(
  dataSource: DataSource,
  statement: PreparedStatement,
): Promise<Row[]> {
  const { rows } = await poolOf(dataSource).query<Row>(statement);
  return rows;
}

/** pg's pool below a data source that is initialized, for what TypeORM has no way to say. */
export function poolOf(dataSource: DataSource): Pool {
  // TypeORM declares `master` on its Postgres driver alone.
  const { master } = dataSource.driver as unknown as { master?: Pool };
  if (!master) throw new Error('Driver not Connected');
  return master;
}
