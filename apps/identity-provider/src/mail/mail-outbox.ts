import { Injectable } from '@nestjs/common';
import { isMailAddress } from '#libs/config/parse/mail.js';
import { newId, textKey } from '#libs/core/ids.js';
import type { Language } from '../languages.js';
import { LIMITS, MAIL_KIND_NAMES, MAIL_KINDS, type MailKind, type MailValues } from './mail-kinds.js';
import { countMail } from './mail-metrics.js';

/** An `EntityManager` or a `QueryRunner` with an open transaction. */
export interface MailTransaction {
  query(text: string, values?: unknown[]): Promise<unknown>;
}

export interface NewMail<K extends MailKind = MailKind> {
  kind: K;
  /** The recipient's address, validated as a field. */
  to: string;
  language: Language;
  values: MailValues[K];
  /** When the link in the mail expires, if that is sooner than a day: it is not sent afterwards. */
  expiresAt?: Date;
  /**
   * Writes a row that counts for the limit and is never sent, so that a request about an address without an account
   * costs the same as one with an account. Default false.
   */
  isDiscarded?: boolean;
}

/** The mails to send. They are rows of the database, which `MailDelivery` of any replica sends. */
@Injectable()
export class MailOutbox {
  /** Orders transactions that mail to one address until they end: two cannot both be the fifth. */
  async lock(tx: MailTransaction, to: string): Promise<void> {
    await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`mail ${textKey(to)}`]);
  }

  /**
   * Writes a mail in the transaction of what causes it: it is sent if and only if the transaction commits. Two statements,
   * whatever the result.
   * @returns false, without a row, if the address got its mails of this hour: then leave older links valid, and answer the
   * same as otherwise
   * @throws Error if `to` is not one address
   */
  async enqueue<K extends MailKind>(tx: MailTransaction, mail: NewMail<K>): Promise<boolean> {
    const { kind, to, language, values, expiresAt = null, isDiscarded = false } = mail;
    if (!isMailAddress(to)) throw new Error('A mail needs exactly one valid address.');
    const { limit } = MAIL_KINDS[kind];
    const key = textKey(to);
    // A statement sees rows that were committed before it began, so the lock is one of its own.
    await this.lock(tx, to);
    const rows = await tx.query(INSERT, [
      newId(),
      kind,
      language,
      to,
      key,
      isDiscarded ? null : JSON.stringify(values),
      isDiscarded ? 'discarded' : 'queued',
      expiresAt,
      limit === null ? [] : kindsWithin(limit),
      limit === null ? 1 : LIMITS[limit],
    ]);
    const isWritten = (rows as unknown[]).length > 0;
    countMail(kind, !isWritten ? 'limited' : isDiscarded ? 'discarded' : 'queued');
    return isWritten;
  }
}

const kindsWithin = (limit: keyof typeof LIMITS): MailKind[] =>
  MAIL_KIND_NAMES.filter((name) => MAIL_KINDS[name].limit === limit);

const INSERT = `
  INSERT INTO identity.mail_outbox
    (id, kind, language, recipient, recipient_key, content, status, give_up_at, finished_at)
  SELECT $1::uuid, $2, $3, $4, $5, $6::jsonb, $7::text, least($8::timestamptz, now() + interval '1 day'),
    CASE WHEN $7::text <> 'queued' THEN now() END
  WHERE (
    SELECT count(*) FROM identity.mail_outbox
    WHERE recipient_key = $5 AND kind = ANY($9::text[]) AND created_at > now() - interval '1 hour'
  ) < $10
  RETURNING id`;
