import type { DataSource } from 'typeorm';
import { textKey } from '#libs/core/ids.js';
import type { MailStatus } from '#libs/database/identity/outgoing-mail.entity.js';

/** A mail of the outbox, without its text and its link. */
export interface ListedMail {
  id: string;
  status: MailStatus;
  recipient: string;
  kind: string;
  language: string;
  attempts: number;
  created_at: Date;
  /** Null once the mail is no longer queued. */
  next_attempt_at: Date | null;
  finished_at: Date | null;
  last_error: string | null;
}

/** @returns the newest mails first, at most `limit` */
export function listMails(
  database: DataSource,
  { status, to, limit }: { status: MailStatus | null; to: string | null; limit: number },
): Promise<ListedMail[]> {
  return database.query(
    `SELECT id, status, recipient, kind, language, attempts, created_at,
       CASE WHEN status = 'queued' THEN next_attempt_at END AS next_attempt_at, finished_at, last_error
     FROM identity.mail_outbox
     WHERE ($1::text IS NULL OR status = $1) AND ($2::text IS NULL OR recipient_key = $2)
     ORDER BY created_at DESC, id DESC LIMIT $3`,
    [status, to === null ? null : textKey(to), limit],
  );
}
