import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { writeAudit } from '#libs/audit/audit-writer.js';
import { textKey } from '#libs/core/ids.js';
import { invalid } from '#libs/http/replies/api-error.js';
import { storedEmail } from '../accounts/email.js';
import { MailOutbox } from '../mail/mail-outbox.js';
import { hashClient } from '../passwords/fair-places.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { passwordFaults } from '../passwords/password-policy.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AccountLinks, asOwner, voidLinks } from './account-links.js';
import { AddressProof } from './address-proof.js';
import { RequestLimit } from './request-limit.js';
import type { Requester } from './requester.js';

const PURPOSES = ['reset_password', 'invitation'] as const;

@Injectable()
export class PasswordRecoveryService {
  constructor(
    private readonly database: DataSource,
    private readonly limit: RequestLimit,
    private readonly links: AccountLinks,
    private readonly hasher: PasswordHasher,
    private readonly sessions: SessionsService,
    private readonly proof: AddressProof,
    private readonly mails: MailOutbox,
  ) {}

  /**
   * Mails a link that sets a new password, if an active account has the email. The answer, its time and the queries do not
   * depend on it.
   * @throws ApiError 429, 503
   */
  async forget(email: string, { audit, language }: Requester): Promise<void> {
    await this.limit.count(email, audit.address);
    await this.database.transaction(async (tx) => {
      const [account] = await tx.query(
        `SELECT id, email FROM identity.accounts WHERE email_key = $1 AND status = 'active'`,
        [textKey(email)],
      );
      await this.links.mail(tx, {
        purpose: 'reset_password',
        accountId: account?.id ?? null,
        to: account?.email ?? storedEmail(email),
        language,
      });
      await writeAudit(tx, audit, {
        action: 'password.reset_requested',
        targetId: account?.id ?? null,
        details: { email: storedEmail(email) },
      });
    });
  }

  /** Whether a link can be used to set a password. @throws ApiError 422 `invalid_token` */
  async check(token: string): Promise<{ isInvitation: boolean; email: string }> {
    const { purpose, accountEmail } = await this.links.get(this.database.manager, token, PURPOSES);
    return { isInvitation: purpose === 'invitation', email: accountEmail };
  }

  /**
   * Sets a new password, which also proves the address, and ends all sessions. Other links to the account end, too.
   * @throws ApiError 422 `invalid_token`, or on `new_password`; 503
   */
  async reset(token: string, newPassword: string, { audit: sent, language }: Requester): Promise<void> {
    // Before the hash, which is expensive.
    const { accountId, accountEmail } = await this.links.get(this.database.manager, token, PURPOSES);
    const faults = passwordFaults(newPassword, accountEmail);
    if (faults.length > 0) throw invalid(faults.map((fault) => ({ ...fault, field: 'new_password' })));
    const passwordHash = await this.hasher.hash(newPassword, hashClient(sent.address, accountId));
    await this.database.transaction(async (tx) => {
      const link = await this.links.use(tx, token, PURPOSES);
      const audit = asOwner(sent, link);
      await this.proof.prove(tx, link, { passwordHash, firstName: null, lastName: null }, audit);
      await this.sessions.endAll(accountId, { audit, reason: 'password_reset' }, { tx });
      await voidLinks(tx, accountId);
      const details = { by: link.purpose };
      await writeAudit(tx, audit, { action: 'password.reset', targetId: accountId, details });
      const { email } = link.account;
      if (link.purpose === 'reset_password' && link.account.emailVerified) {
        await this.mails.enqueue(tx, { kind: 'password-changed', to: email, language, values: {} });
      }
    });
  }
}
