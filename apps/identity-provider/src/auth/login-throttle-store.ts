import { performance } from 'node:perf_hooks';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { LoginCounter } from '#libs/database/identity/login-counter.entity.js';
import { preparedQuery } from '#libs/database/prepared-query.js';
import { Turnstile } from '../authority/turnstile.js';
import {
  admission,
  type Counter,
  type Counters,
  current,
  expiryOf,
  type Limits,
  NOTHING,
  type Outcome,
  reserved,
  SCOPES,
  type Scope,
  settled,
} from './login-throttle-rules.js';

export type ThrottleKeys = Record<Scope, Buffer>;
export type Reservation = { since: number } | { blockedMs: number } | 'busy';

type Row = Pick<LoginCounter, 'key' | 'failures' | 'pending' | 'strikes'> & {
  blocked_until: Date | null;
  known_until: Date | null;
  now: Date;
};

const COLUMNS = 'key, failures, pending, strikes, blocked_until, known_until, clock_timestamp() AS now';

/** Logins from one address queue up at its row: no more than this many connections wait there. */
const CONNECTIONS = 2;
const PATIENCE_MS = 2_000;

const CLEANUP_INTERVAL_MS = 60_000;
/** Short enough to disturb nobody. */
const CLEANUP_ROWS = 500;

/** The counters in Postgres, which all replicas share and which outlive them. Its clock is the only one that counts. */
@Injectable()
export class LoginThrottleStore {
  private readonly logger = new Logger(LoginThrottleStore.name);
  private readonly turnstile = new Turnstile(CONNECTIONS, PATIENCE_MS);
  private nextCleanup = performance.now() + CLEANUP_INTERVAL_MS;

  constructor(private readonly database: DataSource) {}

  /** Lets a try in and counts it, or says why not; all three counters as one. */
  async reserve(keys: ThrottleKeys, limits: Limits): Promise<Reservation> {
    // A blocked try costs one read, writes nothing, and waits for nobody.
    const seen = await this.read(keys);
    const first = seen && admission(currentOnes(seen.counters, limits, seen.now), limits, seen.now);
    if (typeof first === 'object' && first !== null) return first;

    return this.change(keys, async (tx, { counters, now }) => {
      const present = currentOnes(counters, limits, now);
      const answer = admission(present, limits, now);
      if (answer !== 'free') return answer;
      await write(tx, keys, limits, now, (scope) => reserved(present[scope], now));
      return { since: now };
    });
  }

  /** Writes down how a try ended that was let in at `since`. */
  async settle(keys: ThrottleKeys, limits: Limits, since: number, outcome: Outcome): Promise<void> {
    await this.change(keys, async (tx, { counters, now }) => {
      const present = currentOnes(counters, limits, now);
      await write(tx, keys, limits, now, (scope) =>
        settled(scope, present[scope], limits[scope], { since, outcome, now }),
      );
    });
    if (performance.now() >= this.nextCleanup) this.cleanUp();
  }

  private async read(keys: ThrottleKeys): Promise<Seen | null> {
    const rows = await preparedQuery<Row>(this.database, {
      name: 'login-throttle-read',
      text: `SELECT ${COLUMNS} FROM identity.login_throttles WHERE key = ANY($1::bytea[])`,
      values: [SCOPES.map((scope) => keys[scope])],
    });
    return rows.length > 0 ? seenIn(rows, keys) : null;
  }

  private change<T>(keys: ThrottleKeys, work: (tx: EntityManager, seen: Seen) => Promise<T>): Promise<T> {
    return this.turnstile.pass(() =>
      this.database.transaction('READ COMMITTED', async (tx) => {
        // Makes what is missing and locks what is there; always in one order, so that nobody waits in a circle.
        const rows: Row[] = await tx.query(
          `INSERT INTO identity.login_throttles (key, expires_at)
             SELECT key, now() FROM unnest($1::bytea[]) AS t (key) ORDER BY key
           ON CONFLICT (key) DO UPDATE SET key = excluded.key
           RETURNING ${COLUMNS}`,
          [SCOPES.map((scope) => keys[scope])],
        );
        return work(tx, seenIn(rows, keys));
      }),
    );
  }

  /** Some old rows now and then: more of them at once only when there are more. Nobody waits for it. */
  private cleanUp(): void {
    this.nextCleanup = performance.now() + CLEANUP_INTERVAL_MS;
    this.database
      .query(
        `DELETE FROM identity.login_throttles WHERE key IN (
           SELECT key FROM identity.login_throttles WHERE expires_at < now()
           ORDER BY expires_at LIMIT ${CLEANUP_ROWS} FOR UPDATE SKIP LOCKED)`,
      )
      .then(
        ([, deleted]: [unknown, number]) => {
          if (deleted === CLEANUP_ROWS) this.nextCleanup = performance.now();
        },
        (error: Error) => this.logger.warn(`Old login counters could not be deleted: ${error.message}`),
      );
  }
}

interface Seen {
  counters: Counters;
  now: number;
}

const forEachScope = <T>(make: (scope: Scope) => T): Record<Scope, T> => ({
  pair: make('pair'),
  address: make('address'),
  email: make('email'),
});

const currentOnes = (counters: Counters, limits: Limits, now: number): Counters =>
  forEachScope((scope) => current(counters[scope], limits[scope], now));

const seenIn = (rows: Row[], keys: ThrottleKeys): Seen => ({
  counters: forEachScope((scope) => {
    const row = rows.find(({ key }) => key.equals(keys[scope]));
    return row ? counterOf(row) : NOTHING;
  }),
  now: Math.max(...rows.map(({ now }) => now.getTime())),
});

const counterOf = (row: Row): Counter => ({
  failures: row.failures.map(Number),
  pending: row.pending.map(Number),
  strikes: row.strikes,
  blockedUntil: row.blocked_until?.getTime() ?? null,
  knownUntil: row.known_until?.getTime() ?? null,
});

async function write(
  tx: EntityManager,
  keys: ThrottleKeys,
  limits: Limits,
  now: number,
  next: (scope: Scope) => Counter,
): Promise<void> {
  const rows = SCOPES.map((scope) => {
    const counter = next(scope);
    return {
      key: keys[scope],
      failures: counter.failures.map(date),
      pending: counter.pending.map(date),
      strikes: counter.strikes,
      blockedUntil: counter.blockedUntil === null ? null : date(counter.blockedUntil),
      knownUntil: counter.knownUntil === null ? null : date(counter.knownUntil),
      expiresAt: date(expiryOf(counter, limits[scope], now)),
    };
  });
  await tx.upsert(LoginCounter, rows, ['key']);
}

const date = (time: number): Date => new Date(time);
