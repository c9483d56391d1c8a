import { createHash } from 'node:crypto';
import { insertAudit } from '#libs/audit/audit-writer.js';
import { networkOf } from '#libs/http/application/client-address.js';
import { type Counter, NOTHING, SCOPES, type Scope } from './login-throttle-rules.js';

export type ThrottleKeys = Record<Scope, Buffer>;

/**
 * Returns the keys of the three counters of a login: SHA-256 digests, so that the table holds no emails or addresses.
 * @param emailKey the result of `emailKey()`
 * @param address the client address
 */
export function throttleKeys(emailKey: string, address: string): ThrottleKeys {
  const network = networkOf(address);
  const parts: Record<Scope, string[]> = { pair: [emailKey, network], address: [network], email: [emailKey] };
  return forEachScope((scope) => digest([scope, ...parts[scope]]));
}

export const nameOf = (key: Buffer): string => key.toString('base64');

/** JSON separates the parts unambiguously. */
const digest = (parts: string[]): Buffer => createHash('sha256').update(JSON.stringify(parts)).digest();

/** A counter as read; the columns are null if it has no row. */
export interface CounterRow {
  /** The database's clock. */
  now: Date;
  revision: number | null;
  failures: Date[] | null;
  pending: Date[] | null;
  strikes: number | null;
  blocked_until: Date | null;
  known_until: Date | null;
}

export interface CounterState extends Counter {
  revision: number;
}

/** Returns three rows, in the order of the keys. */
export const READ = {
  name: 'login-throttle-read',
  text: `SELECT clock_timestamp()::timestamptz(3) AS now, revision, failures, pending, strikes, blocked_until, known_until
    FROM unnest($1::bytea[]) WITH ORDINALITY AS wanted (key, place)
    LEFT JOIN identity.login_throttles USING (key) ORDER BY place`,
};

/**
 * Writes three rows or none. If a row was changed since it was read, its revision becomes null, which violates the
 * column's NOT NULL constraint (23502) and fails the whole statement.
 */
export const WRITE = {
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
export const WRITE_WITH_EVENTS = {
  name: 'login-throttle-write-with-events',
  text: `WITH recorded AS (${insertAudit('identity', '$25')}) ${WRITE.text}`,
};

export const forEachScope = <T>(make: (scope: Scope, index: number) => T): Record<Scope, T> =>
  Object.fromEntries(SCOPES.map((scope, index) => [scope, make(scope, index)])) as Record<Scope, T>;

export function stateOf(row: CounterRow): CounterState {
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
export const valuesOf = (key: Buffer, revision: number, counter: Counter, expiry: number): unknown[] => [
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
