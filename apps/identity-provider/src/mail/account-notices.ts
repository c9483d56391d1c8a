import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { isMailAddress } from '#libs/config/parse/mail.js';
import type { Language } from '../languages.js';
import type { MAIL_KINDS, MailKind, MailValues } from './mail-kinds.js';
import { MailOutbox } from './mail-outbox.js';

/** The kinds of mails that tell the owner of an account what has happened to it. */
export type NoticeKind = {
  [K in MailKind]: (typeof MAIL_KINDS)[K]['limit'] extends 'notice' ? K : never;
}[MailKind];

/**
 * Tells owners what has happened to their accounts. An address that was never verified gets nothing: it may be somebody
 * else's.
 */
@Injectable()
export class AccountNotices {
  constructor(private readonly mails: MailOutbox) {}

  /**
   * Finds out who gets a notice. Call it before the account is locked: all take the locks in the order address, account.
   * @returns null if the account has no verified address that mails can be sent to
   */
  async recipientOf(tx: EntityManager, accountId: string): Promise<string | null> {
    const [account] = await tx.query('SELECT email FROM identity.accounts WHERE id = $1 AND email_verified', [
      accountId,
    ]);
    if (!account || !isMailAddress(account.email)) return null;
    await this.mails.lock(tx, account.email);
    return account.email;
  }

  /** Writes a notice in the transaction of what it tells. @param to of `recipientOf`; null sends nothing */
  async send<K extends NoticeKind>(
    tx: EntityManager,
    to: string | null,
    notice: { kind: K; language: Language; values: MailValues[K] },
  ): Promise<void> {
    if (to !== null) await this.mails.enqueue(tx, { ...notice, to });
  }
}
