import type { DataSource } from 'typeorm';
import { insertAudit } from '#libs/audit/audit-writer.js';
import { findPostgresError } from '#libs/database/errors/pg-errors.js';
import { preparedQuery } from '#libs/database/queries/prepared-query.js';
import type { CountersRead, CounterTable } from './counter-table.js';
import { forEachScope, SCOPES, type ThrottleKeys } from './login-throttle-keys.js';
import {
  type Counter,
  type Counters,
  current,
  expiryOf,
  type Limits,
  NOTHING,
} from './login-throttle-rules.js';

interface RowsRead extends CountersRead {
  revisions: Record<keyof Counters, number>;
}

/** The counters in Postgres: all replicas share them, and they survive restarts. Only the database's clock counts. */
export class PostgresCounters implements CounterTable<RowsRead> {
  constructor(private readonly database: DataSource) {}

  async read(keys: ThrottleKeys, limits: Limits): Promise<RowsRead> {
    const rows = await preparedQuery<CounterRow>(this.database, {
      ...READ,
      values: [SCOPES.map((scope) => keys[scope])],
    });
    const now = Math.max(...rows.map((row) => row.now.getTime()));
    const states = forEachScope((_, index) => stateOf(rows[index]!));
    return {
      now,
      counters: forEachScope((scope) => current(states[scope], limits[scope], now)),
      revisions: forEachScope((scope) => states[scope].revision),
    };
  }

  async write(
    keys: ThrottleKeys,
    limits: Limits,
    { revisions, now }: RowsRead,
    { next, events }: { next: Counters; events: string | null },
  ): Promise<boolean> {
    // A fixed order of the rows prevents deadlocks between writers.
    const scopes = SCOPES.toSorted((a, b) => keys[a].compare(keys[b]));
    const values = scopes.flatMap((scope) =>
      valuesOf(keys[scope], revisions[scope] + 1, next[scope], expiryOf(next[scope], limits[scope], now)),
    );
    try {
      await preparedQuery(
        this.database,
        events === null ? { ...WRITE, values } : { ...WRITE_WITH_EVENTS, values: [...values, events] },
      );
      return true;
    } catch (error) {
      if (findPostgresError(error)?.code === '23502') return false;
      throw error;
    }
  }
}

/** The columns are null if the counter has no row. */
interface CounterRow {
  /** The database's clock. */
  now: Date;
  revision: number | null;
  failures: Date[] | null;
  pending: Date[] | null;
  strikes: number | null;
  blocked_until: Date | null;
  known_until: Date | null;
}

interface CounterState extends Counter {
  revision: number;
}

/** Returns three rows, in the order of the keys. */
const READ = {
  name: 'login-throttle-read',
  text: `SELECT clock_timestamp()::timestamptz(3) AS now, revision, failures, pending, strikes, blocked_until, known_until
    FROM unnest($1::bytea[]) WITH ORDINALITY AS wanted (key, place)
    LEFT JOIN identity.login_throttles USING (key) ORDER BY place`,
};

/**
 * Writes three rows or none. If a row was changed since it was read, its revision becomes null, which violates the
 * column's NOT NULL constraint (23502) and fails the whole statement.
 */
const WRITE = {
  name: 'login-throttle-write',
  text: `INSERT INTO identity.login_throttles AS present
      (key, revision, failures, pending, strikes, blocked_until, known_until, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8), ($9, $10, $11, $12, $13, $14, $15, $16),
      ($17, $18, $19, $20, $21, $22, $23, $24)
    ON CONFLICT (key) DO UPDATE SET
      revision = CASE WHEN present.revision = excluded.revision - 1 THEN excluded.revision END,
      failures = excluded.failures, pending = excluded.pending, strikes = excluded.strikes,
      blocked_until = excluded.blocked_until, known_until = excluded.known_until,
      expires_at = excluded.expires_at`,
};

/** The same, with events of the audit log, which are written if the rows are. */
const WRITE_WITH_EVENTS = {
  name: 'login-throttle-write-with-events',
  text: `WITH recorded AS (${insertAudit('identity', '$25')}) ${WRITE.text}`,
};

function stateOf(row: CounterRow): CounterState {
  if (row.revision === null) return { ...NOTHING, revision: 0 };
  return {
    revision: row.revision,
    failures: (row.failures ?? []).map(Number),
    pending: (row.pending ?? []).map(Number),
    strikes: row.strikes ?? 0,
    blockedUntil: row.blocked_until?.getTime() ?? null,
    knownUntil: row.known_until?.getTime() ?? null,
  };
}

/** Returns the values of one row of `WRITE`. */
const valuesOf = (key: Buffer, revision: number, counter: Counter, expiry: number): unknown[] => [
  key,
  revision,
  counter.failures.map(date),
  counter.pending.map(date),
  counter.strikes,
  counter.blockedUntil === null ? null : date(counter.blockedUntil),
  counter.knownUntil === null ? null : date(counter.knownUntil),
  date(expiry),
];

const date = (time: number): Date => new Date(time);
