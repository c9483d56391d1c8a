import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Lets one process at a time change a Keycloak user: see `docs/decisions/keycloak-writes.md`. */
export class CreateKeycloakLeases1764300000000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE users.keycloak_leases (
        sub text COLLATE "C" PRIMARY KEY,
        holder uuid NOT NULL,
        expires_at timestamptz(3) NOT NULL
      );
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE users.keycloak_leases');
  }
}
