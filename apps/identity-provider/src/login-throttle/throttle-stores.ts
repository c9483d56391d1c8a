import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { KeyedSemaphore } from '#libs/core/keyed-semaphore.js';
import { unavailable } from '#libs/http/replies/api-error.js';
import type { CountersRead, CounterTable } from './counter-table.js';
import { failureRows } from './login-throttle.audit.js';
import type { LoginThrottleStore, Reservation, Settlement } from './login-throttle.js';
import { forEachScope, nameOf, SCOPES, type ThrottleKeys } from './login-throttle-keys.js';
import {
  admission,
  type Counters,
  isRemembered,
  type Limits,
  reserved,
  settled,
} from './login-throttle-rules.js';
import type { PostgresCounters } from './postgres-counters.js';
import type { RedisCounters } from './redis-counters.js';

/** A database outage must be reported within two seconds. */
const TIMEOUT_MS = 1_000;
/** The store uses at most four connections, so that others remain in the pool. */
const CONNECTIONS = { name: 'connections', limit: 4 };
/** A write fails only after a write by another replica, so few retries are needed. */
const ATTEMPTS = 50;

/** Counts in Postgres alone. */
export class PostgresThrottleStore implements LoginThrottleStore {
  private readonly changes = new CounterChanges();

  constructor(private readonly postgres: PostgresCounters) {}

  reserve(keys: ThrottleKeys, limits: Limits): Promise<Reservation> {
    return this.changes.run(this.postgres, keys, limits, reserving(limits));
  }

  async settle(keys: ThrottleKeys, limits: Limits, settlement: Settlement): Promise<void> {
    await this.changes.run(this.postgres, keys, limits, settling(limits, settlement));
  }
}

/**
 * Counts in Redis, and in Postgres while Redis is away. Postgres has every failure. Redis holds a copy with the pending
 * attempts, so that a login without a failure costs Postgres nothing.
 */
export class RedisThrottleStore implements LoginThrottleStore, OnModuleInit, OnApplicationShutdown {
  private readonly changes = new CounterChanges();

  constructor(
    private readonly redis: RedisCounters,
    private readonly postgres: PostgresCounters,
  ) {}

  onModuleInit(): Promise<void> {
    return this.redis.connect();
  }

  onApplicationShutdown(): void {
    this.redis.close();
  }

  reserve(keys: ThrottleKeys, limits: Limits): Promise<Reservation> {
    const decide = reserving(limits);
    return this.redis.orElse(
      keys,
      () => this.changes.run(this.redis, keys, limits, decide),
      () => this.changes.run(this.postgres, keys, limits, decide),
    );
  }

  async settle(keys: ThrottleKeys, limits: Limits, settlement: Settlement): Promise<void> {
    const decide = settling(limits, settlement);
    const isForPostgres = await this.redis.orElse(
      keys,
      () => this.changes.run(this.redis, keys, limits, decide),
      async () => true,
    );
    if (isForPostgres) await this.changes.run(this.postgres, keys, limits, decide);
  }
}

/**
 * Returns the result of a change, the counters to store (without `next` nothing is written), and events to write with
 * them.
 */
type Decide<T> = (counters: Counters, now: number) => { result: T; next?: Counters; events?: string | null };

const reserving =
  (limits: Limits): Decide<Reservation> =>
  (counters, now) => {
    const answer = admission(counters, limits, now);
    if (answer !== 'free') return { result: answer };
    return { result: { since: now }, next: forEachScope((scope) => reserved(counters[scope], now)) };
  };

/** The result says whether Postgres needs the outcome too, where Redis counts. */
const settling =
  (limits: Limits, { since, outcome, failed }: Settlement): Decide<boolean> =>
  (counters, now) => {
    const next = forEachScope((scope) =>
      settled(scope, counters[scope], limits[scope], { since, outcome, now }),
    );
    const events = failed && failureRows(failed, counters, next);
    return { result: isRemembered(outcome, counters.pair, now), next, events };
  };

/** Changes counters: reads, decides, and writes if they are unchanged, so no lock is held while this process is busy. */
class CounterChanges {
  private readonly semaphore = new KeyedSemaphore(() => unavailable(1, 'busy'));

  run<T, Read extends CountersRead>(
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
