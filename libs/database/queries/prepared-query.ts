import type { ClientBase, Connection, Pool, QueryResultRow, Submittable } from 'pg';
import utils from 'pg/lib/utils.js';
import type { DataSource } from 'typeorm';

export interface PreparedStatement {
  /** Unique for the text in the whole application. */
  name: string;
  text: string;
  values: unknown[];
}

type Callback<Row = QueryResultRow> = (error: Error | null | undefined, result?: { rows: Row[] }) => void;

/**
 * Runs a named prepared statement, which Postgres parses and describes once per connection, without TypeORM's query runner:
 * for the queries of every request. Columns have their names in SQL; bigint is a string.
 * @throws pg's own error, see `pg-errors.ts`
 */
export async function preparedQuery<Row extends QueryResultRow>(
  dataSource: DataSource,
  statement: PreparedStatement,
): Promise<Row[]> {
  return runPrepared(poolOf(dataSource), statement);
}

/** Like `preparedQuery`, on one connection. */
export async function runPrepared<Row extends QueryResultRow>(
  target: Pool | ClientBase,
  statement: PreparedStatement,
): Promise<Row[]> {
  const query = new PreparedQuery(statement);
  try {
    return await new Promise((resolve, reject) => {
      // pg's types do not have the callback that it gives to a `Submittable`.
      const send = target.query as (query: Submittable, values: undefined, callback: Callback<Row>) => void;
      send.call(target, query, undefined, (error, result) => {
        if (result) resolve(result.rows);
        else reject(error);
      });
    });
  } catch (error) {
    // The stack of a socket's event does not show who sent the statement.
    if (error instanceof Error) Error.captureStackTrace(error);
    throw error;
  }
}

/** pg's pool of an initialized data source, for queries and metrics that TypeORM does not offer. */
export function poolOf(dataSource: DataSource): Pool {
  // TypeORM's types have `master` only on its Postgres driver, which they do not export with the data source.
  // `test/database/internals.e2e.ts` fails where it changes.
  const { master } = dataSource.driver as unknown as { master?: Pool };
  if (!master) throw new Error('Driver not Connected');
  return master;
}

interface ColumnTypes {
  getTypeParser(type: number, format: 'text'): (text: string) => unknown;
}

interface Column {
  readonly name: string;
  readonly parse: (text: string) => unknown;
}

/** What pg keeps about a connection, see `test/database/internals.e2e.ts`. */
interface DriverConnection {
  /** Text by name. */
  readonly parsedStatements: Readonly<Record<string, string | undefined>>;
}

/** The columns of each connection's prepared statements, by name. Postgres refuses to change them (0A000). */
const COLUMNS = new WeakMap<Connection, Map<string, readonly Column[]>>();

/**
 * Sends only what Postgres does not know: pg's own `Query` has each execution described, and copies its configuration. The
 * extended query protocol: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY
 *
 * Only for one statement that is not `COPY`; pg calls no other method of this class then.
 */
export class PreparedQuery implements Submittable {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
  /** pg sets it. */
  callback: Callback | undefined;
  /** pg sets the connection's conversion of columns here, as for pg-cursor. */
  readonly _result: { _types?: ColumnTypes } = {};
  private readonly parameters: (Buffer | string | null)[];
  private columns: readonly Column[] | undefined;
  private columnsByName: Map<string, readonly Column[]> | undefined;
  private readonly fields: (string | null)[][] = [];

  constructor({ name, text, values }: PreparedStatement) {
    this.name = name;
    this.text = text;
    this.values = values;
    this.parameters = values.map((value) => utils.prepareValue(value));
  }

  /** @returns an error, which pg gives to the callback, where the name belongs to another statement */
  submit(connection: Connection): Error | undefined {
    const { name, text, parameters } = this;
    const parsed = (connection as unknown as DriverConnection).parsedStatements[name];
    if (parsed !== undefined && parsed !== text) return new Error(`Two statements have the name ${name}.`);
    this.columnsByName = columnsOf(connection);
    this.columns = this.columnsByName.get(name);
    // All messages are sent with one system call.
    connection.stream.cork();
    if (parsed === undefined) connection.parse({ name, text, types: [] }, true);
    if (!this.columns) connection.describe({ type: 'S', name }, true);
    connection.bind({ statement: name, values: parameters }, true);
    connection.execute(null, true);
    connection.sync();
    connection.stream.uncork();
    return undefined;
  }

  handleRowDescription({ fields }: { fields: { name: string; dataTypeID: number }[] }): void {
    const { _types } = this._result;
    const columns = fields.map(({ name, dataTypeID }) => ({
      name,
      parse: (_types as ColumnTypes).getTypeParser(dataTypeID, 'text'),
    }));
    this.columns = columns;
    this.columnsByName?.set(this.name, columns);
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    this.fields.push(fields);
  }

  handleCommandComplete(): void {
    // A statement without rows is not described.
    if (!this.columns) this.columnsByName?.set(this.name, []);
  }

  handleReadyForQuery(): void {
    let rows: QueryResultRow[];
    try {
      rows = this.fields.map((fields) => rowOf(this.columns ?? [], fields));
    } catch (error) {
      this.handleError(error as Error);
      return;
    }
    this.callback?.(null, { rows });
  }

  handleError(error: Error): void {
    this.callback?.(error);
  }
}

function columnsOf(connection: Connection): Map<string, readonly Column[]> {
  const known = COLUMNS.get(connection);
  if (known) return known;
  const none = new Map<string, readonly Column[]>();
  COLUMNS.set(connection, none);
  return none;
}

function rowOf(columns: readonly Column[], fields: readonly (string | null)[]): QueryResultRow {
  const row: QueryResultRow = {};
  for (let index = 0; index < columns.length; index++) {
    const { name, parse } = columns[index] as Column;
    const field = fields[index] as string | null;
    row[name] = field === null ? null : parse(field);
  }
  return row;
}
