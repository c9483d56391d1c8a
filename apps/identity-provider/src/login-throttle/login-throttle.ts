import { performance } from 'node:perf_hooks';
import { Inject, Injectable } from '@nestjs/common';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { KeyedSemaphore, type SemaphoreOptions } from '#libs/core/keyed-semaphore.js';
import { tooManyRequests } from '#libs/http/replies/api-error.js';
import { SETTINGS } from '../settings.js';
import { LoginAttempt, TIMEOUT_MS } from './login-attempt.js';
import { nameOf, throttleKeys } from './login-throttle-rows.js';
import { type Limits, SCOPES } from './login-throttle-rules.js';
import { LoginThrottleStore } from './login-throttle-store.js';

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
