import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { KeyedSemaphore } from '#libs/core/keyed-semaphore.js';
import { tooManyRequests } from '#libs/http/replies/api-error.js';
import { hashClient } from '../passwords/fair-places.js';
import { type HashPlace, HashQueue } from '../passwords/hash-queue.js';
import { SETTINGS } from '../settings.js';
import { nameOf, throttleKeys } from './login-throttle-keys.js';
import type { ThrottleKeys } from './login-throttle-rows.js';
import { type Limits, SCOPES } from './login-throttle-rules.js';
import { LoginThrottleStore } from './login-throttle-store.js';

/** How long an attempt waits for other pending attempts. */
const TIMEOUT_MS = 2_000;
const FIRST_PAUSE_MS = 50;

const BUSY = Symbol('busy');

/** Limits password guessing across all replicas. The rules are in `login-throttle-rules.ts`. */
@Injectable()
export class LoginThrottle {
  private readonly limits: Limits;
  /** Limits parallel attempts before they reach the database: many attempts at one account do not delay others. */
  private readonly semaphore = new KeyedSemaphore(() => tooManyRequests(1));

  constructor(
    private readonly store: LoginThrottleStore,
    private readonly queue: HashQueue,
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
   * Runs `check`, which compares a password with the hash of an account. The attempt is counted before `check` and
   * settled after it: a matching password clears the counter of its email and address, a wrong one stays counted, and
   * an error removes the attempt.
   * @param emailKey the key of any email; it counts in the same way if no account has it
   * @param address the client address
   * @param check must hash in the given place of the hash queue
   * @throws ApiError 429 if too many attempts have failed, 503 `overloaded` if the hash queue is too long
   */
  async guard<T extends { matches: boolean }>(
    emailKey: string,
    address: string,
    check: (place: HashPlace) => Promise<T>,
  ): Promise<T> {
    const keys = throttleKeys(emailKey, address);
    const client = hashClient(address, emailKey);
    const options = {
      owner: nameOf(keys.pair),
      mayWait: (ahead: number) => this.queue.hasRoom(client, ahead),
    };
    const semaphoreKeys = SCOPES.map((scope) => ({
      name: nameOf(keys[scope]),
      limit: this.limits[scope].failures,
    }));
    const deadline = performance.now() + TIMEOUT_MS;
    for (let pause = FIRST_PAUSE_MS; ; pause *= 2) {
      const result = await this.semaphore.run(
        semaphoreKeys,
        deadline - performance.now(),
        () => this.queue.hold(client, (place) => this.attempt(keys, () => check(place))),
        options,
      );
      if (result !== BUSY) return result;
      // Attempts on other replicas are pending, or earlier failures leave fewer slots than the semaphore has.
      if (performance.now() + pause > deadline) throw tooManyRequests(1);
      await sleep(pause);
    }
  }

  private async attempt<T extends { matches: boolean }>(
    keys: ThrottleKeys,
    check: () => Promise<T>,
  ): Promise<T | typeof BUSY> {
    const reservation = await this.store.reserve(keys, this.limits);
    if (reservation === 'busy') return BUSY;
    if ('blockedMs' in reservation) throw tooManyRequests(reservation.blockedMs / 1000);

    const settle = (outcome: 'right' | 'wrong' | 'void') =>
      this.store.settle(keys, this.limits, reservation.since, outcome);
    const result = await check().catch((error: unknown) => {
      // This is not awaited. If the database is unavailable, the attempt counts as failed until its window ends.
      settle('void').catch(() => {});
      throw error;
    });
    await settle(result.matches ? 'right' : 'wrong');
    return result;
  }
}
