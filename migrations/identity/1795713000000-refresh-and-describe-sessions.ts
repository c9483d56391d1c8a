import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the lists of sessions show, and the state of a session's refresh token. Processes of older versions open sessions
 * without these columns. The new index does the work of the old one, too.
 */
export class RefreshAndDescribeSessions1795713000000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE identity.sessions
        ADD client_id text,
        ADD last_used_at timestamptz(3),
        ADD address text,
        ADD user_agent varchar(512),
        ADD refresh_family bytea,
        ADD refresh_secret bytea,
        ADD refresh_digest bytea,
        ADD previous_refresh_digest bytea,
        ADD refreshed_at timestamptz(3);
      CREATE UNIQUE INDEX sessions_refresh_family_key ON identity.sessions (refresh_family)
        WHERE refresh_family IS NOT NULL;
      CREATE INDEX sessions_account_id_created_at_id_idx ON identity.sessions (account_id, created_at, id);
      DROP INDEX identity.sessions_account_id_idx;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE INDEX sessions_account_id_idx ON identity.sessions (account_id);
      DROP INDEX identity.sessions_account_id_created_at_id_idx;
      ALTER TABLE identity.sessions
        DROP client_id, DROP last_used_at, DROP address, DROP user_agent, DROP refresh_family, DROP refresh_secret,
        DROP refresh_digest, DROP previous_refresh_digest, DROP refreshed_at;
    `);
  }
}
