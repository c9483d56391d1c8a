import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Whether the issuer has verified the email; null until it has said so. Native accounts that exist already count as
 * verified at identity-provider, too. Keycloak's next token or answer tells.
 */
export class AddEmailVerified1795714100000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE users.identities ADD email_verified boolean;
      UPDATE users.identities SET email_verified = true WHERE issuer = 'native' AND email IS NOT NULL;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE users.identities DROP email_verified');
  }
}
