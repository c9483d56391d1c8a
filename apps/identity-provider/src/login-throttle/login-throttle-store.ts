import { performance } from 'node:perf_hooks';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { KeyedSemaphore } from '#libs/core/keyed-semaphore.js';
import { findPostgresError } from '#libs/database/pg-errors.js';
import { preparedQuery } from '#libs/database/prepared-query.js';
import { unavailable } from '#libs/http/replies/api-error.js';
import { nameOf } from './login-throttle-keys.js';
import {
  CLEAN_UP,
  type CounterRow,
  forEachScope,
  READ,
  stateOf,
  type ThrottleKeys,
  valuesOf,
  WRITE,
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

/** An outage of the database has to show within two seconds. */
const PATIENCE_MS = 1_000;
/** Never so many that nothing else gets one. */
const CONNECTIONS = { name: 'connections', limit: 4 };
/** Each time some replica has written, so that not all of them can be at this for long. */
const ATTEMPTS = 50;

const CLEANUP_INTERVAL_MS = 60_000;
/** Short enough to disturb nobody. */
const CLEANUP_ROWS = 500;

/**
 * The counters in Postgres, which all replicas share and which outlive them; its clock is the only one that counts.
 * A change reads, decides, and writes if nobody has written in between: no lock is held while this process is busy.
 */
@Injectable()
export class LoginThrottleStore {
  private readonly logger = new Logger(LoginThrottleStore.name);
  private readonly lanes = new KeyedSemaphore(() => unavailable(1, 'busy'));
  private nextCleanup = performance.now() + CLEANUP_INTERVAL_MS;

  constructor(private readonly database: DataSource) {}

  /**
   * Lets a try in and counts it, or says why not; all three counters as one. A refusal writes nothing.
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
   * Writes down how a try ended that was let in at `since`.
   * @throws ApiError 503
   */
  async settle(keys: ThrottleKeys, limits: Limits, since: number, outcome: Outcome): Promise<void> {
    await this.change(keys, limits, (counters, now) => ({
      result: undefined,
      next: forEachScope((scope) => settled(scope, counters[scope], limits[scope], { since, outcome, now })),
    }));
    if (performance.now() >= this.nextCleanup) this.cleanUp();
  }

  private change<T>(keys: ThrottleKeys, limits: Limits, decide: Decide<T>): Promise<T> {
    // Changes of one counter would only be in each other's way.
    const lanes = SCOPES.map((scope) => ({ name: nameOf(keys[scope]), limit: 1 }));
    const attempts = async () => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const { counters, revisions, now } = await this.read(keys, limits);
        const { result, next } = decide(counters, now);
        if (!next || (await this.write(keys, limits, { counters: next, revisions, now }))) return result;
      }
      throw unavailable(1, 'busy');
    };
    return this.lanes.run([...lanes, CONNECTIONS], PATIENCE_MS, attempts, { owner: nameOf(keys.pair) });
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

  /** @returns false where somebody else has written since the counters were read: then nothing is changed */
  private async write(
    keys: ThrottleKeys,
    limits: Limits,
    { counters, revisions, now }: Seen,
  ): Promise<boolean> {
    // Always in one order, so that no two writers wait for each other in a circle.
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
      await preparedQuery(this.database, { ...WRITE, values });
      return true;
    } catch (error) {
      if (findPostgresError(error)?.code === '23502') return false;
      throw error;
    }
  }

  /** Now and then, and again soon only where there was more to do. Nobody waits for it. */
  private cleanUp(): void {
    this.nextCleanup = performance.now() + CLEANUP_INTERVAL_MS;
    this.database.query(CLEAN_UP, [CLEANUP_ROWS]).then(
      ([, deleted]: [unknown, number]) => {
        if (deleted === CLEANUP_ROWS) this.nextCleanup = performance.now();
      },
      (error: Error) => this.logger.warn(`Old login counters could not be deleted: ${error.message}`),
    );
  }
}

interface Seen {
  counters: Counters;
  revisions: Record<keyof Counters, number>;
  now: number;
}

/** What a change comes to; without `next` nothing is written. */
type Decide<T> = (counters: Counters, now: number) => { result: T; next?: Counters };
