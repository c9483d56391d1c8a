import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { KeyedSemaphore, type SemaphoreOptions } from '#libs/core/keyed-semaphore.js';
import { tooManyRequests } from '#libs/http/replies/api-error.js';
import { SETTINGS } from '../settings.js';
import type { FailedAttempt } from './login-throttle.audit.js';
import { nameOf, SCOPES, type ThrottleKeys, throttleKeys } from './login-throttle-keys.js';
import type { Limits, Outcome } from './login-throttle-rules.js';

/** How long an attempt waits for other pending attempts. */
const TIMEOUT_MS = 2_000;
const FIRST_PAUSE_MS = 50;

/** The start of an attempt by the store's clock, how long all attempts are refused, or `busy`: others are pending. */
export type Reservation = { since: number } | { blockedMs: number } | 'busy';

export interface Settlement {
  /** Of the `Reservation`. */
  since: number;
  outcome: Outcome;
  /** For the audit log. */
  failed: FailedAttempt | null;
}

/** Where all replicas count: in Postgres, or in Redis with Postgres behind it. The module chooses. */
export abstract class LoginThrottleStore {
  /**
   * Reserves an attempt in all three counters atomically, or returns the reason for a refusal, which writes nothing.
   * @throws ApiError 503
   */
  abstract reserve(keys: ThrottleKeys, limits: Limits): Promise<Reservation>;
  /** Stores the outcome of a reserved attempt. @throws ApiError 503 */
  abstract settle(keys: ThrottleKeys, limits: Limits, settlement: Settlement): Promise<void>;
}

/** Limits password guessing across all replicas. The rules are in `login-throttle-rules.ts`. */
@Injectable()
export class LoginThrottle {
  private readonly limits: Limits;
  /** Limits parallel attempts before they reach the database: many attempts at one account do not delay others. */
  private readonly semaphore = new KeyedSemaphore(() => tooManyRequests(1));

  constructor(
    private readonly store: LoginThrottleStore,
    @Inject(SETTINGS) { login: settings }: Pick<IdentityProviderSettings, 'login'>,
  ) {
    const windowMs = settings.windowSeconds * 1000;
    this.limits = {
      pair: { failures: settings.maxFailures, windowMs },
      address: { failures: settings.maxFailuresPerAddress, windowMs },
      email: { failures: settings.maxFailuresPerAddress, windowMs },
    };
  }

  /**
   * Begins an attempt to guess a secret of an account, as soon as fewer attempts than the limit are pending in this
   * process. The caller must dispose of it (`using`).
   * @param emailKey the key of any email; it counts in the same way if no account has it
   * @param address the client address
   * @param mayWait decides if the attempt may wait; `ahead` is the number of attempts that wait already
   * @throws ApiError 429, at once if the attempt may not wait, or after two seconds
   */
  async begin(
    emailKey: string,
    address: string,
    mayWait?: SemaphoreOptions['mayWait'],
  ): Promise<LoginAttempt> {
    const keys = throttleKeys(emailKey, address);
    const deadline = performance.now() + TIMEOUT_MS;
    const slots = SCOPES.map((scope) => ({ name: nameOf(keys[scope]), limit: this.limits[scope].failures }));
    const slot = await this.semaphore.acquire(slots, TIMEOUT_MS, { owner: nameOf(keys.pair), mayWait });
    return new LoginAttempt(this.store, keys, this.limits, { slot, deadline });
  }
}

/**
 * One attempt to guess a secret of an account: a password or a code. In order: `count`, the comparison, `succeed` or
 * `fail`. An attempt that is disposed of before its outcome, because of an error, does not count.
 */
export class LoginAttempt implements Disposable {
  /** When the attempt was counted, by the database's clock; null before that and after its outcome. */
  private since: number | null = null;

  constructor(
    private readonly store: LoginThrottleStore,
    private readonly keys: ThrottleKeys,
    private readonly limits: Limits,
    private readonly turn: { slot: Disposable; deadline: number },
  ) {}

  /**
   * Counts the attempt as pending on all replicas. If its process dies, it counts as failed a minute later.
   * @throws ApiError 429 if too many attempts have failed, or too many are pending for two seconds; 503
   */
  async count(): Promise<void> {
    for (let pause = FIRST_PAUSE_MS; ; pause *= 2) {
      const reservation = await this.store.reserve(this.keys, this.limits);
      if (reservation !== 'busy') {
        if ('blockedMs' in reservation) throw tooManyRequests(reservation.blockedMs / 1000);
        this.since = reservation.since;
        return;
      }
      // Attempts on other replicas are pending, or earlier failures leave fewer slots than the semaphore has.
      if (performance.now() + pause > this.turn.deadline) throw tooManyRequests(1);
      await sleep(pause);
    }
  }

  /** The secret was right: clears the counter of its email and address. @throws ApiError 503 */
  succeed(): Promise<void> {
    return this.settle('right');
  }

  /** The secret was wrong. The audit log has it with the count. @throws ApiError 503 */
  fail(failed: FailedAttempt): Promise<void> {
    return this.settle('wrong', failed);
  }

  /** Counts like a wrong secret, without an event: for requests that are limited themselves. @throws ApiError 503 */
  spend(): Promise<void> {
    return this.settle('wrong');
  }

  /** Without an outcome the attempt is removed. */
  [Symbol.dispose](): void {
    // This is not awaited. If the database is unavailable, the attempt counts as failed until its window ends.
    this.settle('void').catch(() => {});
    this.turn.slot[Symbol.dispose]();
  }

  private async settle(outcome: Outcome, failed: FailedAttempt | null = null): Promise<void> {
    const { since } = this;
    this.since = null;
    if (since !== null) await this.store.settle(this.keys, this.limits, { since, outcome, failed });
    this.turn.slot[Symbol.dispose]();
  }
}
