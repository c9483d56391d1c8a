import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { AuditContext } from '#libs/audit/audit-context.js';
import { auditRows } from '#libs/audit/audit-writer.js';
import { textKey } from '#libs/core/ids.js';
import { invalid, invalidField, unauthorized } from '#libs/http/replies/api-error.js';
import { LoginThrottle } from '../login-throttle/login-throttle.js';
import { AccountNotices } from '../mail/account-notices.js';
import { hashClient } from '../passwords/fair-places.js';
import { HashQueue } from '../passwords/hash-queue.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { passwordFaults } from '../passwords/password-policy.js';
import { voidLinks } from '../self-service/account-links.js';
import type { Requester } from '../self-service/requester.js';
import type { SessionAccount } from '../sessions/session-account.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { OwnName, PasswordChange } from './own-account.dto.js';
import { CHANGE_PASSWORD, RENAME } from './own-account-rows.js';

/** Operations of users on their own native account. */
@Injectable()
export class OwnAccountService {
  constructor(
    private readonly database: DataSource,
    private readonly hasher: PasswordHasher,
    private readonly throttle: LoginThrottle,
    private readonly sessions: SessionsService,
    private readonly queue: HashQueue,
    private readonly notices: AccountNotices,
  ) {}

  /** An omitted name keeps its current value, including that of a concurrent change. */
  async rename(
    account: SessionAccount,
    { first_name, last_name }: OwnName,
    audit: AuditContext,
  ): Promise<SessionAccount> {
    const [renamed] = await this.database.query(RENAME, [
      account.id,
      first_name !== undefined,
      first_name ?? null,
      last_name !== undefined,
      last_name ?? null,
      auditRows(audit, { action: 'account.updated', targetId: account.id }),
    ]);
    return { ...account, ...renamed };
  }

  /**
   * Keeps the calling session and ends the account's other sessions. A mail tells the owner.
   * @throws ApiError 422 on either field, 429 (a wrong current password counts as a failed login)
   */
  async changePassword(
    account: SessionAccount,
    { current_password, new_password }: PasswordChange,
    requester: Requester,
  ): Promise<void> {
    const faults = passwordFaults(new_password, account.email);
    if (faults.length > 0)
      throw invalid(faults.map(({ code, message }) => ({ field: 'new_password', code, message })));
    // The change is retried once if a concurrent login has rehashed the same password.
    if (await this.tryChange(account, current_password, new_password, requester)) return;
    if (await this.tryChange(account, current_password, new_password, requester)) return;
    throw wrongPassword();
  }

  /** @returns false if the account's hash changed after the comparison and this session still exists */
  private async tryChange(
    account: SessionAccount,
    given: string,
    replacement: string,
    requester: Requester,
  ): Promise<boolean> {
    const { audit } = requester;
    const key = textKey(account.email);
    const client = hashClient(audit.address, key);
    using attempt = await this.throttle.begin(key, audit.address, (ahead) =>
      this.queue.hasRoom(client, ahead),
    );
    using place = this.queue.take(client);
    await attempt.count();
    const current = await this.hashOf(account.id);
    const { matches, newHash } = await this.hasher.verify(given, current, place, replacement);
    const failed = { audit, accountId: account.id, email: key, attempt: 'password_change' } as const;
    await (matches ? attempt.succeed() : attempt.fail(failed));
    if (!matches || current === null || newHash === null) throw wrongPassword();
    return this.replacePassword(account, current, newHash, requester);
  }

  private async hashOf(id: string): Promise<string | null> {
    const [row] = await this.database.query('SELECT password_hash FROM identity.accounts WHERE id = $1', [
      id,
    ]);
    return row?.password_hash ?? null;
  }

  /** @throws ApiError 401 if this session was ended concurrently, for example by another password change */
  private replacePassword(
    { id, sessionId }: SessionAccount,
    current: string,
    replacement: string,
    { audit, language }: Requester,
  ): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      const to = await this.notices.recipientOf(tx, id);
      const changed = await tx.query(CHANGE_PASSWORD, [
        id,
        current,
        replacement,
        auditRows(audit, { action: 'password.changed', targetId: id }),
      ]);
      // Separate statements see session changes that were committed while the UPDATE waited for the row lock.
      const [session] = await tx.query('SELECT id FROM identity.sessions WHERE id = $1', [sessionId]);
      if (!session) throw unauthorized();
      if (changed.length === 0) return false;
      await this.notices.send(tx, to, { kind: 'password-changed', language, values: {} });
      await voidLinks(tx, id);
      await this.sessions.endAll(id, { audit, reason: 'password_changed' }, { except: sessionId, tx });
      return true;
    });
  }
}

const wrongPassword = () =>
  invalidField('current_password', 'wrong_password', 'The current password is wrong.');
