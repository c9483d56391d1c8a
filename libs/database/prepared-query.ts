import type { Pool, QueryResultRow } from 'pg';
import type { DataSource } from 'typeorm';

export interface PreparedStatement {
  /** Unique for the text in the whole application. */
  name: string;
  text: string;
  values: unknown[];
}

/**
 * Runs a named prepared statement, which Postgres parses once per connection, without TypeORM's query runner: for the
 * queries of every request. Columns have their names in SQL; bigint is a string.
 * @throws pg's own error, see `pg-errors.ts`
 */
export async function preparedQuery<Row extends QueryResultRow>(
  dataSource: DataSource,
  statement: PreparedStatement,
): Promise<Row[]> {
  const { rows } = await poolOf(dataSource).query<Row>(statement);
  return rows;
}

/** pg's pool of an initialized data source, for queries and metrics that TypeORM does not offer. */
export function poolOf(dataSource: DataSource): Pool {
  // TypeORM's types have `master` only on its Postgres driver, which they do not export with the data source.
  // `test/database/internals.e2e.ts` fails where it changes.
  const { master } = dataSource.driver as unknown as { master?: Pool };
  if (!master) throw new Error('Driver not Connected');
  return master;
}
