import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { writeAudit } from '#libs/audit/audit-writer.js';
import { isMailAddress } from '#libs/config/parse/mail.js';
import { textKey } from '#libs/core/ids.js';
import { storedEmail } from '../accounts/email.js';
import { CurrentPassword } from '../auth/current-password.js';
import { removeFactorsSince } from '../factors/factor-removal.js';
import { MailTransport } from '../mail/mail-transport.js';
import type { SessionAccount } from '../sessions/session-account.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AccountLinks, asOwner, type UsedLink, voidLinks } from './account-links.js';
import { AddressProof } from './address-proof.js';
import { RegistrationPolicy } from './registration-policy.js';
import { RequestLimit } from './request-limit.js';
import type { Requester } from './requester.js';
import type { EmailChange } from './self-service.dto.js';
import { mailUnavailable } from './self-service.errors.js';

/** Changes of an account's own email: asked for, confirmed from the new address, and undone from the old one. */
@Injectable()
export class EmailChangeService {
  constructor(
    private readonly database: DataSource,
    private readonly policy: RegistrationPolicy,
    private readonly limit: RequestLimit,
    private readonly currentPassword: CurrentPassword,
    private readonly links: AccountLinks,
    private readonly proof: AddressProof,
    private readonly sessions: SessionsService,
    private readonly mails: MailTransport,
  ) {}

  /**
   * Mails a link to the new address. If another account has it, its owner gets a mail that says so; the answer is the same.
   * For the account's own address that is not verified yet, another link to prove it.
   * @throws ApiError 422 `email_domain_not_allowed`, `wrong_password`, 429, 503 (`mail_unavailable` where no mail can be sent)
   */
  async request(account: SessionAccount, change: EmailChange, { audit, language }: Requester): Promise<void> {
    if (!this.mails.isAvailable) throw mailUnavailable();
    this.policy.assertDomain(change.email);
    await this.currentPassword.require(account, change.current_password, audit);
    await this.limit.count(change.email, audit.address);
    const email = storedEmail(change.email);
    const isOwn = textKey(email) === textKey(account.email);
    await this.database.transaction(async (tx) => {
      const isTaken = await isReserved(tx, email, account.id);
      await this.links.mail(tx, {
        purpose: isOwn && !account.emailVerified ? 'verify_email' : 'change_email',
        accountId: isTaken ? null : account.id,
        to: email,
        language,
        otherwise: 'already-registered',
      });
      await writeAudit(tx, audit, {
        action: 'email.change_requested',
        targetId: account.id,
        details: { email },
      });
    });
  }

  /** The new address is proved. The old one, if it was proved too, can undo the change for seven days. */
  async confirm(tx: EntityManager, link: UsedLink, { audit, language }: Requester): Promise<void> {
    const { accountId, email, account } = link;
    await voidLinks(tx, accountId);
    const isOtherAddress = textKey(email) !== account.emailKey;
    if (account.emailVerified && isOtherAddress && isMailAddress(account.email)) {
      const undo = {
        purpose: 'undo_email',
        accountId,
        to: account.email,
        newEmail: email,
        language,
      } as const;
      await this.links.mail(tx, undo);
    }
    await setEmail(tx, accountId, email, 'password_hash');
    await this.proof.endEarlierUse(tx, link, audit);
    const details = { before: { email: account.email }, after: { email } };
    await writeAudit(tx, audit, { action: 'email.changed', targetId: accountId, details });
  }

  /** @throws ApiError 422 `invalid_token` */
  async check(token: string): Promise<{ email: string }> {
    return this.links.get(this.database.manager, token, ['undo_email']);
  }

  /**
   * Restores the old address. Somebody else may know the password, so it and all sessions end, and a mail to the restored
   * address sets a new one. Undos of later changes end as well: those addresses may be the thief's.
   * @throws ApiError 422 `invalid_token`, 409 `email_taken`
   */
  undo(token: string, { audit: sent, language }: Requester): Promise<void> {
    return this.database.transaction(async (tx) => {
      const link = await this.links.use(tx, token, ['undo_email']);
      const { accountId, email, account, createdAt } = link;
      const audit = asOwner(sent, link);
      await voidLinks(tx, accountId);
      await tx.query(
        `DELETE FROM identity.account_links
         WHERE account_id = $1 AND purpose = 'undo_email' AND used_at IS NULL AND created_at >= $2`,
        [accountId, createdAt],
      );
      await this.links.mail(tx, { purpose: 'reset_password', accountId, to: email, language });
      await setEmail(tx, accountId, email, 'NULL');
      await this.sessions.endAll(accountId, { audit, reason: 'email_change_undone' }, { tx });
      // Those that were added since the change may be the thief's, and a passkey signs in alone.
      await removeFactorsSince(tx, accountId, createdAt, { audit, reason: 'email_change_undone' });
      const details = { before: { email: account.email }, after: { email } };
      await writeAudit(tx, audit, { action: 'email.change_undone', targetId: accountId, details });
    });
  }
}

/** Whether another account has the address, or can get it back by an undo. */
async function isReserved(tx: EntityManager, email: string, accountId: string): Promise<boolean> {
  const [{ reserved }] = await tx.query(
    `SELECT EXISTS (SELECT FROM identity.accounts WHERE email_key = $1 AND id <> $2)
       OR EXISTS (
         SELECT FROM identity.account_links
         WHERE email_key = $1 AND account_id <> $2 AND purpose = 'undo_email' AND used_at IS NULL AND expires_at > now()
       ) AS reserved`,
    [textKey(email), accountId],
  );
  return reserved;
}

/** @param passwordHash SQL of the new value */
const setEmail = (
  tx: EntityManager,
  accountId: string,
  email: string,
  passwordHash: 'password_hash' | 'NULL',
): Promise<unknown> =>
  tx.query(
    `UPDATE identity.accounts SET email = $2, email_key = $3, email_verified = true, password_hash = ${passwordHash},
       version = version + 1, updated_at = now()
     WHERE id = $1`,
    [accountId, email, textKey(email)],
  );
