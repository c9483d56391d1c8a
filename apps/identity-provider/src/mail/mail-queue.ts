import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { preparedQuery } from '#libs/database/queries/prepared-query.js';

/** A mail that this replica has claimed, for one attempt. */
export interface ClaimedMail {
  id: string;
  kind: string;
  language: string;
  recipient: string;
  content: Record<string, unknown>;
  /** With this one. */
  attempts: number;
}

/**
 * Longer than an attempt and the note about it take (s). If this process dies meanwhile, another replica makes the next
 * attempt afterwards.
 */
const LEASE_SECONDS = 180;

/** Reads and changes the rows of the outbox for `MailDelivery`. A row whose attempt was taken over stays as it is. */
@Injectable()
export class MailQueue {
  constructor(private readonly database: DataSource) {}

  /** Claims up to `limit` mails that are due, oldest first. Replicas never get the same one. */
  claim(limit: number): Promise<ClaimedMail[]> {
    return preparedQuery<ClaimedMail>(this.database, {
      name: 'mail-claim',
      text: `WITH due AS MATERIALIZED (
          SELECT id FROM identity.mail_outbox
          WHERE status = 'queued' AND next_attempt_at <= now() AND give_up_at > now()
          ORDER BY next_attempt_at LIMIT $1 FOR UPDATE SKIP LOCKED
        )
        UPDATE identity.mail_outbox m
        SET attempts = attempts + 1, next_attempt_at = now() + $2 * interval '1 second'
        FROM due WHERE m.id = due.id
        RETURNING m.id, kind, language, recipient, content, attempts`,
      values: [limit, LEASE_SECONDS],
    });
  }

  /** The mail was accepted, or refused for good: its content, with the token of the link, is deleted. */
  async finish(
    { id, attempts }: ClaimedMail,
    status: 'sent' | 'refused',
    error: string | null = null,
  ): Promise<void> {
    await this.database.query(
      `UPDATE identity.mail_outbox SET status = $3, content = NULL, finished_at = now(), last_error = $4
       WHERE id = $1 AND attempts = $2 AND status IN ('queued', 'given_up')`,
      [id, attempts, status, error],
    );
  }

  /** @param delaySeconds until the next attempt */
  async defer({ id, attempts }: ClaimedMail, delaySeconds: number, error: string): Promise<void> {
    await this.database.query(
      `UPDATE identity.mail_outbox
       SET next_attempt_at = least(give_up_at, now() + $3 * interval '1 second'), last_error = $4
       WHERE id = $1 AND attempts = $2 AND status = 'queued'`,
      [id, attempts, delaySeconds, error],
    );
  }

  /** Ends mails that could not be sent in time. @returns those that this replica has ended */
  async giveUp(): Promise<{ id: string; kind: string; attempts: number; last_error: string | null }[]> {
    const [rows] = await this.database.query(
      `UPDATE identity.mail_outbox SET status = 'given_up', content = NULL, finished_at = now()
       WHERE status = 'queued' AND next_attempt_at <= now() AND give_up_at <= now()
       RETURNING id, kind, attempts, last_error`,
    );
    return rows;
  }

  async size(): Promise<{ count: number; oldestSeconds: number }> {
    const [row] = await this.database.query(
      `SELECT count(*)::int AS count, coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS "oldestSeconds"
       FROM identity.mail_outbox WHERE status = 'queued'`,
    );
    return row;
  }
}
