import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The mails to send, written in the transaction of what caused them. */
export class CreateMailOutbox1795714000000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE identity.mail_outbox (
        id uuid PRIMARY KEY,
        kind text NOT NULL,
        language text NOT NULL,
        recipient text NOT NULL,
        recipient_key text COLLATE "C" NOT NULL,
        content jsonb,
        status text NOT NULL,
        attempts integer NOT NULL DEFAULT 0,
        last_error text,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        next_attempt_at timestamptz(3) NOT NULL DEFAULT now(),
        give_up_at timestamptz(3) NOT NULL,
        finished_at timestamptz(3),
        CONSTRAINT mail_outbox_status_check
          CHECK (status IN ('queued', 'sent', 'refused', 'given_up', 'discarded')),
        CONSTRAINT mail_outbox_content_check CHECK ((status = 'queued') = (content IS NOT NULL)),
        CONSTRAINT mail_outbox_finished_at_check CHECK ((status = 'queued') = (finished_at IS NULL))
      );
      CREATE INDEX mail_outbox_next_attempt_at_idx ON identity.mail_outbox (next_attempt_at) WHERE (status = 'queued');
      CREATE INDEX mail_outbox_recipient_key_created_at_idx ON identity.mail_outbox (recipient_key, created_at);
      CREATE INDEX mail_outbox_finished_at_idx ON identity.mail_outbox (finished_at);
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE identity.mail_outbox');
  }
}
