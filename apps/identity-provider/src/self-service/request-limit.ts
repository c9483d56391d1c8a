import { Injectable } from '@nestjs/common';
import { textKey } from '#libs/core/ids.js';
import { LoginThrottle } from '../login-throttle/login-throttle.js';

/** Limits requests for mails by the rules for failed logins, with counters of their own: each request counts. */
@Injectable()
export class RequestLimit {
  constructor(private readonly throttle: LoginThrottle) {}

  /** @throws ApiError 429 after too many requests from this address or for this email, 503 */
  async count(email: string, address: string): Promise<void> {
    using attempt = await this.throttle.begin(`mail ${textKey(email)}`, `mail ${address}`);
    await attempt.count();
    await attempt.spend();
  }
}
