import { Injectable } from '@nestjs/common';
import type { RequestAudit } from '#libs/audit/audit-context.js';
import { LoginThrottle } from '../login-throttle/login-throttle.js';
import type { StoredState } from './state/oauth-state.store.js';

/** Slows guesses of client secrets and user codes as guesses of passwords, with counters of their own. */
@Injectable()
export class Guesses {
  constructor(private readonly throttle: LoginThrottle) {}

  /** Counts a wrong client secret. The right one always works. @throws ApiError 429 after too many */
  async countWrongSecret(clientId: string, audit: RequestAudit): Promise<void> {
    using attempt = await this.throttle.begin(`client ${clientId}`, ownAddress(audit.address));
    await attempt.count();
    await attempt.fail({ audit, accountId: null, oauthClientId: clientId, attempt: 'client_secret' });
  }

  /** Finds the device that waits with a user code. After too many wrong codes no code works. @throws ApiError 429 */
  async findByUserCode(
    audit: RequestAudit,
    find: () => Promise<StoredState | null>,
  ): Promise<StoredState | null> {
    const { address } = audit;
    using attempt = await this.throttle.begin(`user code ${address}`, ownAddress(address));
    await attempt.count();
    const found = await find();
    await (found ? attempt.succeed() : attempt.fail({ audit, accountId: null, attempt: 'user_code' }));
    return found;
  }
}

/** A machine with a wrong secret must not lock the people at its address out. */
const ownAddress = (address: string): string => `oauth ${address}`;
