import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { KeyedSemaphore } from '#libs/core/keyed-semaphore.js';
import { findPostgresError } from '#libs/database/pg-errors.js';
import { preparedQuery } from '#libs/database/prepared-query.js';
import { unavailable } from '#libs/http/replies/api-error.js';
import { type FailedAttempt, failureRows } from './login-throttle.audit.js';
import {
  type CounterRow,
  forEachScope,
  nameOf,
  READ,
  stateOf,
  type ThrottleKeys,
  valuesOf,
  WRITE,
  WRITE_WITH_EVENTS,
} from './login-throttle-rows.js';
import {
  admission,
  type Counters,
  current,
  expiryOf,
  type Limits,
  type Outcome,
  reserved,
  SCOPES,
  settled,
} from './login-throttle-rules.js';

export type Reservation = { since: number } | { blockedMs: number } | 'busy';

/** A database outage must be reported within two seconds. */
const TIMEOUT_MS = 1_000;
/** The store uses at most four connections, so that others remain in the pool. */
const CONNECTIONS = { name: 'connections', limit: 4 };
/** A write fails only after a write by another replica, so few retries are needed. */
const ATTEMPTS = 50;

/**
 * Stores the counters in Postgres: all replicas share them, and they survive restarts. Only the database's clock counts.
 * A change reads, decides, and writes if the rows are unchanged, so no lock is held while this process is busy.
 */
@Injectable()
export class LoginThrottleStore {
  private readonly semaphore = new KeyedSemaphore(() => unavailable(1, 'busy'));

  constructor(private readonly database: DataSource) {}

  /**
   * Reserves an attempt in all three counters atomically, or returns the reason for a refusal, which writes nothing.
   * @throws ApiError 503
   */
  reserve(keys: ThrottleKeys, limits: Limits): Promise<Reservation> {
    return this.change<Reservation>(keys, limits, (counters, now) => {
      const answer = admission(counters, limits, now);
      if (answer !== 'free') return { result: answer };
      return { result: { since: now }, next: forEachScope((scope) => reserved(counters[scope], now)) };
    });
  }

  /**
   * Stores the outcome of an attempt that started at `since`.
   * @throws ApiError 503
   */
  async settle(
    keys: ThrottleKeys,
    limits: Limits,
    { since, outcome, failed }: { since: number; outcome: Outcome; failed: FailedAttempt | null },
  ): Promise<void> {
    await this.change(keys, limits, (counters, now) => {
      const next = forEachScope((scope) =>
        settled(scope, counters[scope], limits[scope], { since, outcome, now }),
      );
      return { result: undefined, next, events: failed && failureRows(failed, counters, next) };
    });
  }

  private change<T>(keys: ThrottleKeys, limits: Limits, decide: Decide<T>): Promise<T> {
    // Concurrent changes of one counter would conflict, so they run one at a time.
    const semaphoreKeys = SCOPES.map((scope) => ({ name: nameOf(keys[scope]), limit: 1 }));
    const attempts = async () => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const { counters, revisions, now } = await this.read(keys, limits);
        const { result, next, events = null } = decide(counters, now);
        if (!next || (await this.write(keys, limits, { counters: next, revisions, now }, events)))
          return result;
      }
      throw unavailable(1, 'busy');
    };
    return this.semaphore.run([...semaphoreKeys, CONNECTIONS], TIMEOUT_MS, attempts, {
      owner: nameOf(keys.pair),
    });
  }

  private async read(keys: ThrottleKeys, limits: Limits): Promise<Seen> {
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

  /** @returns false, without a change, if a counter was changed since it was read */
  private async write(
    keys: ThrottleKeys,
    limits: Limits,
    { counters, revisions, now }: Seen,
    events: string | null,
  ): Promise<boolean> {
    // A fixed order of the rows prevents deadlocks between writers.
    const scopes = SCOPES.toSorted((a, b) => keys[a].compare(keys[b]));
    const values = scopes.flatMap((scope) =>
      valuesOf(
        keys[scope],
        revisions[scope] + 1,
        counters[scope],
        expiryOf(counters[scope], limits[scope], now),
      ),
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

interface Seen {
  counters: Counters;
  revisions: Record<keyof Counters, number>;
  now: number;
}

/**
 * Returns the result of a change, the counters to store (without `next` nothing is written), and events to write with
 * them.
 */
type Decide<T> = (counters: Counters, now: number) => { result: T; next?: Counters; events?: string | null };
