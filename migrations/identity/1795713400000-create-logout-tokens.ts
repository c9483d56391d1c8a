import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The ids of the logout tokens that were used, so that no replica accepts one again. */
export class CreateLogoutTokens1795713400000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE identity.logout_tokens (
        issuer text NOT NULL,
        id text COLLATE "C" NOT NULL,
        expires_at timestamptz(3) NOT NULL,
        PRIMARY KEY (issuer, id)
      );
      CREATE INDEX logout_tokens_expires_at_idx ON identity.logout_tokens (expires_at);
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE identity.logout_tokens');
  }
}
