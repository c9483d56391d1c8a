import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { RequestAudit } from '#libs/audit/audit-context.js';
import { textKey } from '#libs/core/ids.js';
import type { Principal } from '#libs/verify/src/principal.js';
import { reauthenticationRequired, wrongPassword } from '../factors/factors.errors.js';
import { LoginThrottle } from '../login-throttle/login-throttle.js';
import { hashClient } from '../passwords/fair-places.js';
import { HashQueue } from '../passwords/hash-queue.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import type { SessionAccount } from '../sessions/session-account.js';

const FRESH_SECONDS = 10 * 60;

/** @param time in seconds since the epoch */
const isFresh = (time: number): boolean => Date.now() / 1000 - time <= FRESH_SECONDS;

/** Whether the user of a session has signed in within the last ten minutes. */
export const isRecentSignIn = ({ authenticatedAt }: Pick<SessionAccount, 'authenticatedAt'>): boolean =>
  isFresh(authenticatedAt.getTime() / 1000);

/** Asks signed-in users to prove again who they are, so that a stolen token is not enough for what matters most. */
@Injectable()
export class CurrentPassword {
  constructor(
    private readonly database: DataSource,
    private readonly hasher: PasswordHasher,
    private readonly throttle: LoginThrottle,
    private readonly queue: HashQueue,
  ) {}

  /**
   * A sign-in and a token of the last ten minutes are enough; otherwise the password is required.
   * @param caller null on pages, where the browser's sign-in stands for itself
   * @param given the password, if one was sent; then it must be right
   * @throws ApiError 403 `reauthentication_required`, 422 `wrong_password`, 429, 503
   */
  async requireRecentSignIn(
    account: SessionAccount,
    caller: Pick<Principal, 'token'> | null,
    given: string | undefined,
    audit: RequestAudit,
  ): Promise<void> {
    if (given !== undefined) return this.require(account, given, audit);
    // A refreshed token is younger than the sign-in.
    const isRecentToken = caller === null || isFresh(caller.token.issued_at);
    if (!isRecentToken || !isRecentSignIn(account)) throw reauthenticationRequired();
  }

  /** A wrong password counts as a failed login. @throws ApiError 422 `wrong_password`, 429, 503 */
  async require(account: SessionAccount, given: string, audit: RequestAudit): Promise<void> {
    const key = textKey(account.email);
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
    const failed = {
      audit,
      accountId: account.id,
      email: key,
      attempt: 'reauthentication',
    } as const;
    await (matches ? attempt.succeed() : attempt.fail(failed));
    if (!matches) throw wrongPassword();
  }
}
