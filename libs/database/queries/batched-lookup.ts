import { isBadValue } from '../errors/pg-errors.js';
import type { PreparedStatement } from './prepared-query.js';

/** A look-up of at most one row by a key of one or more values. The first column of the row is never null. */
export interface LookupStatement {
  /** Unique in the whole application. The statement for several keys has the suffix `-batch`. */
  readonly name: string;
  /** The SQL types of the key's values, in their order. */
  readonly keyTypes: readonly string[];
  /** @param key SQL expressions of the key's values, in their order */
  readonly sql: (...key: string[]) => string;
}

interface Waiting<Key, Row> {
  readonly key: Key;
  readonly resolve: (row: Row | null) => void;
  readonly reject: (error: unknown) => void;
}

/** The maximum number of keys in one statement. More of them are looked up by several connections at the same time. */
const MAX_KEYS = 32;

/**
 * Looks up the keys of concurrent requests that are requested in the same turn of the event loop with one statement, which
 * takes the process less time than a statement for each; a key that is alone is sent at once. Every key is part of a
 * statement that is sent later than the key was requested, so that it sees all changes that were committed before. Results
 * are not kept. `docs/decisions/batched-lookups.md` has the reasons.
 */
export class BatchedLookup<Key extends readonly unknown[], Row extends object> {
  private waiting: Waiting<Key, Row>[] = [];
  private running = 0;
  /** Whether the last keys were requested together, or while a statement was running: the next ones may be, too. */
  private isConcurrent = false;
  private readonly single: Omit<PreparedStatement, 'values'>;
  private readonly batch: Omit<PreparedStatement, 'values'>;

  /** @param query runs a prepared statement, on the primary or on a replica */
  constructor(
    private readonly query: (statement: PreparedStatement) => Promise<Row[]>,
    { name, keyTypes, sql }: LookupStatement,
  ) {
    this.single = { name, text: `${sql(...keyTypes.map((_, index) => `$${index + 1}`))} LIMIT 1` };
    this.batch = { name: `${name}-batch`, text: batchSql(keyTypes, sql) };
  }

  /**
   * @returns null where there is no such row
   * @throws pg's own error, see `pg-errors.ts`. An error of the statement is thrown for all its keys, except that a value
   *   which Postgres does not accept fails its own key alone.
   */
  find(...key: Key): Promise<Row | null> {
    return new Promise((resolve, reject) => {
      const lookup = { key, resolve, reject };
      if (this.running > 0) this.isConcurrent = true;
      if (!this.isConcurrent) {
        void this.run([lookup]);
        return;
      }
      // Runs as soon as all requests that have already arrived are read, without a timer.
      if (this.waiting.length === 0) setImmediate(() => this.runAll());
      this.waiting.push(lookup);
    });
  }

  private runAll(): void {
    const { waiting } = this;
    this.waiting = [];
    this.isConcurrent = waiting.length > 1 || this.running > 0;
    for (let from = 0; from < waiting.length; from += MAX_KEYS) {
      void this.run(waiting.slice(from, from + MAX_KEYS));
    }
  }

  private async run(lookups: Waiting<Key, Row>[]): Promise<void> {
    this.running++;
    try {
      const rows = await this.rowsOf(lookups.map(({ key }) => key));
      lookups.forEach(({ resolve }, index) => {
        resolve(rows[index] ?? null);
      });
    } catch (error) {
      if (lookups.length > 1 && isBadValue(error)) for (const lookup of lookups) void this.run([lookup]);
      else for (const { reject } of lookups) reject(error);
    } finally {
      this.running--;
    }
  }

  /** @returns the rows in the order of the keys, with null for a key without a row */
  private async rowsOf(keys: readonly Key[]): Promise<(Row | null)[]> {
    const [first] = keys;
    // The statement for one key has the cheaper plan.
    if (keys.length === 1) {
      return this.query({ ...this.single, values: [...(first as Key)] });
    }
    const columns = (first as Key).map((_, column) => keys.map((key) => key[column]));
    const rows = await this.query({ ...this.batch, values: columns });
    const [firstColumn] = Object.keys(rows[0] as Row);
    return rows.map((row) => (row[firstColumn as keyof Row] === null ? null : row));
  }
}

/**
 * Runs the single look-up once per key, with the same plan. `LIMIT` keeps the planner from joining the tables as a whole,
 * and the sub-selects hide the number of keys from it, so that it does not plan again for each number.
 */
function batchSql(keyTypes: readonly string[], sql: LookupStatement['sql']): string {
  const arrays = keyTypes.map((type, index) => `(SELECT $${index + 1}::${type}[])`);
  const names = keyTypes.map((_, index) => `key_${index + 1}`);
  return `SELECT found.* FROM unnest(${arrays.join(', ')}) WITH ORDINALITY AS keys (${names.join(', ')}, position)
    LEFT JOIN LATERAL (${sql(...names.map((name) => `keys.${name}`))} LIMIT 1) found ON true
    ORDER BY position`;
}
