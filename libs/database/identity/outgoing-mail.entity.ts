import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { CreatedAtColumn, KeyColumn, TimeColumn } from '../shared-entities/columns.js';

export const MAIL_STATUSES = ['queued', 'sent', 'refused', 'given_up', 'discarded'] as const;
/** `refused`: by the recipient's server, for good. `discarded`: it only counted for the limit, and was never to be sent. */
export type MailStatus = (typeof MAIL_STATUSES)[number];

/** A mail in the outbox. `docs/mail.md` describes its life. */
@Entity('mail_outbox')
@Index('mail_outbox_next_attempt_at_idx', ['nextAttemptAt'], { where: "(status = 'queued')" })
@Index('mail_outbox_recipient_key_created_at_idx', ['recipientKey', 'createdAt'])
@Index('mail_outbox_finished_at_idx', ['finishedAt'])
@Check('mail_outbox_status_check', `status IN (${MAIL_STATUSES.map((status) => `'${status}'`).join(', ')})`)
@Check('mail_outbox_content_check', `(status = 'queued') = (content IS NOT NULL)`)
@Check('mail_outbox_finished_at_check', `(status = 'queued') = (finished_at IS NULL)`)
export class OutgoingMail {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  kind: string;

  /** `en` or `de`. */
  @Column('text')
  language: string;

  @Column('text')
  recipient: string;

  /** The recipient's `emailKey`, for the limit. */
  @KeyColumn()
  recipientKey: string;

  /** The values of the template, with the token of the link. Null once the mail is no longer queued. */
  @Column('jsonb', { nullable: true, select: false })
  content?: Record<string, unknown> | null;

  @Column('text')
  status: MailStatus;

  @Column('integer', { default: 0 })
  attempts: number;

  @Column('text', { nullable: true })
  lastError: string | null;

  @CreatedAtColumn()
  createdAt: Date;

  /** While an attempt runs: when another replica may take over. */
  @TimeColumn({ default: () => 'now()' })
  nextAttemptAt: Date;

  @TimeColumn()
  giveUpAt: Date;

  @TimeColumn({ nullable: true })
  finishedAt: Date | null;
}
