import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Verified emails, and the links that mails contain. Accounts that exist already, and those that a process of an older
 * version creates, count as verified.
 */
export class CreateAccountLinks1795714100000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE identity.accounts ADD email_verified boolean NOT NULL DEFAULT true;
      CREATE TABLE identity.account_links (
        digest bytea NOT NULL,
        purpose text NOT NULL,
        account_id uuid,
        email text NOT NULL,
        email_key text COLLATE "C" NOT NULL,
        password_hash text,
        first_name text,
        last_name text,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        expires_at timestamptz(3) NOT NULL,
        used_at timestamptz(3),
        CONSTRAINT account_links_pkey PRIMARY KEY (digest),
        CONSTRAINT account_links_account_id_fkey FOREIGN KEY (account_id) REFERENCES identity.accounts (id) ON DELETE CASCADE,
        CONSTRAINT account_links_purpose_check
          CHECK (purpose IN ('verify_email', 'change_email', 'undo_email', 'reset_password', 'invitation'))
      );
      CREATE INDEX account_links_account_id_purpose_idx ON identity.account_links (account_id, purpose);
      CREATE INDEX account_links_undo_email_key_idx ON identity.account_links (email_key) WHERE purpose = 'undo_email';
      CREATE INDEX account_links_expires_at_idx ON identity.account_links (expires_at);
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP TABLE identity.account_links;
      ALTER TABLE identity.accounts DROP email_verified;
    `);
  }
}
