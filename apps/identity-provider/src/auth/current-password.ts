import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { RequestAudit } from '#libs/audit/audit-context.js';
import { invalidField } from '#libs/http/replies/api-error.js';
import { emailKey } from '../accounts/email.js';
import { LoginThrottle } from '../login-throttle/login-throttle.js';
import { hashClient } from '../passwords/fair-places.js';
import { HashQueue } from '../passwords/hash-queue.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import type { SessionAccount } from '../sessions/session-account.js';

/** Asks signed-in users to prove again who they are, so that a stolen token is not enough for what matters most. */
@Injectable()
export class CurrentPassword {
  constructor(
    private readonly database: DataSource,
    private readonly hasher: PasswordHasher,
    private readonly throttle: LoginThrottle,
    private readonly queue: HashQueue,
  ) {}

  /** A wrong password counts as a failed login. @throws ApiError 422 `wrong_password`, 429, 503 */
  async require(account: SessionAccount, given: string, audit: RequestAudit): Promise<void> {
    const key = emailKey(account.email);
    const client = hashClient(audit.address, key);
    using attempt = await this.throttle.begin(key, audit.address, (ahead) =>
      this.queue.hasRoom(client, ahead),
    );
    using place = this.queue.take(client);
    await attempt.count();
    const [row] = await this.database.query('SELECT password_hash FROM identity.accounts WHERE id = $1', [
      account.id,
    ]);
    const { matches } = await this.hasher.verify(given, row?.password_hash ?? null, place);
    const failed = { audit, accountId: account.id, email: key, attempt: 'reauthentication' } as const;
    await (matches ? attempt.succeed() : attempt.fail(failed));
    if (!matches) throw invalidField('current_password', 'wrong_password', 'The current password is wrong.');
  }
}
