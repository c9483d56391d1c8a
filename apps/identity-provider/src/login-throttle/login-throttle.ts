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

/** How long a try waits for others that are undecided. */
const PATIENCE_MS = 2_000;
const FIRST_PAUSE_MS = 50;

const BUSY = Symbol('busy');

/** Slows guessing down, on all replicas together. What counts and for how long is in `login-throttle-rules.ts`. */
@Injectable()
export class LoginThrottle {
  private readonly limits: Limits;
  /** Parallel tries, told apart before the database hears of them: a crowd at one account takes nothing from others. */
  private readonly lanes = new KeyedSemaphore(() => tooManyRequests(1));

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
   * Lets `check` compare a password with an account's. The try is counted before and settled after it: a password that
   * matches clears the counter of its email and address, one that does not stays counted, an error takes the try back.
   * @param emailKey of an account or of none: both count alike
   * @param address the client's
   * @param check does its hashing with the place that it is given
   * @throws ApiError 429 when too many have failed, 503 `overloaded` when the queue for hashing is too long
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
    const lanes = SCOPES.map((scope) => ({ name: nameOf(keys[scope]), limit: this.limits[scope].failures }));
    const deadline = performance.now() + PATIENCE_MS;
    for (let pause = FIRST_PAUSE_MS; ; pause *= 2) {
      const result = await this.lanes.run(
        lanes,
        deadline - performance.now(),
        () => this.queue.hold(client, (place) => this.attempt(keys, () => check(place))),
        options,
      );
      if (result !== BUSY) return result;
      // Tries of other replicas are undecided, or so many have failed that fewer fit in than a lane lets through.
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
      // Nobody waits for it: where the database is away, the try counts as failed until its window ends.
      settle('void').catch(() => {});
      throw error;
    });
    await settle(result.matches ? 'right' : 'wrong');
    return result;
  }
}
