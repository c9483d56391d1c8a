import { Injectable } from '@nestjs/common';
import { KeyedSemaphore } from '#libs/core/keyed-semaphore.js';
import { unavailable } from '#libs/http/replies/api-error.js';
import type { CountersRead, CounterTable } from './counter-table.js';
import { type FailedAttempt, failureRows } from './login-throttle.audit.js';
import { forEachScope, nameOf, type ThrottleKeys } from './login-throttle-rows.js';
import {
  admission,
  type Counters,
  isRemembered,
  type Limits,
  type Outcome,
  reserved,
  SCOPES,
  settled,
} from './login-throttle-rules.js';
import { PostgresCounters } from './postgres-counters.js';
import { RedisCounters } from './redis-counters.js';

export type Reservation = { since: number } | { blockedMs: number } | 'busy';

/** A database outage must be reported within two seconds. */
const TIMEOUT_MS = 1_000;
/** The store uses at most four connections, so that others remain in the pool. */
const CONNECTIONS = { name: 'connections', limit: 4 };
/** A write fails only after a write by another replica, so few retries are needed. */
const ATTEMPTS = 50;

/**
 * Changes the counters. A change reads, decides, and writes if they are unchanged, so no lock is held while this process
 * is busy.
 *
 * Postgres has every failure. Redis, where it is configured, holds a copy with the pending attempts, so that a login
 * without a failure costs Postgres nothing.
 */
@Injectable()
export class LoginThrottleStore {
  private readonly semaphore = new KeyedSemaphore(() => unavailable(1, 'busy'));

  constructor(
    private readonly postgres: PostgresCounters,
    private readonly redis: RedisCounters,
  ) {}

  /**
   * Reserves an attempt in all three counters atomically, or returns the reason for a refusal, which writes nothing.
   * @throws ApiError 503
   */
  reserve(keys: ThrottleKeys, limits: Limits): Promise<Reservation> {
    const decide: Decide<Reservation> = (counters, now) => {
      const answer = admission(counters, limits, now);
      if (answer !== 'free') return { result: answer };
      return { result: { since: now }, next: forEachScope((scope) => reserved(counters[scope], now)) };
    };
    return this.redis.orElse(
      keys,
      () => this.change(this.redis, keys, limits, decide),
      () => this.change(this.postgres, keys, limits, decide),
    );
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
    const decide: Decide<boolean> = (counters, now) => {
      const next = forEachScope((scope) =>
        settled(scope, counters[scope], limits[scope], { since, outcome, now }),
      );
      const events = failed && failureRows(failed, counters, next);
      return { result: isRemembered(outcome, counters.pair, now), next, events };
    };
    const isForPostgres = await this.redis.orElse(
      keys,
      () => this.change(this.redis, keys, limits, decide),
      async () => true,
    );
    if (isForPostgres) await this.change(this.postgres, keys, limits, decide);
  }

  private change<T, Read extends CountersRead>(
    table: CounterTable<Read>,
    keys: ThrottleKeys,
    limits: Limits,
    decide: Decide<T>,
  ): Promise<T> {
    // Concurrent changes of one counter would conflict, so they run one at a time.
    const semaphoreKeys = SCOPES.map((scope) => ({ name: nameOf(keys[scope]), limit: 1 }));
    const attempts = async () => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const seen = await table.read(keys, limits);
        const { result, next, events = null } = decide(seen.counters, seen.now);
        if (!next || (await table.write(keys, limits, seen, { next, events }))) return result;
      }
      throw unavailable(1, 'busy');
    };
    return this.semaphore.run([...semaphoreKeys, CONNECTIONS], TIMEOUT_MS, attempts, {
      owner: nameOf(keys.pair),
    });
  }
}

/**
 * Returns the result of a change, the counters to store (without `next` nothing is written), and events to write with
 * them.
 */
type Decide<T> = (counters: Counters, now: number) => { result: T; next?: Counters; events?: string | null };
