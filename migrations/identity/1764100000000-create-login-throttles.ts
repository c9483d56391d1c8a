import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Counters of failed logins: see `docs/decisions/guessing.md`. */
export class CreateLoginThrottles1764100000000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE identity.login_throttles (
        key bytea PRIMARY KEY,
        revision integer NOT NULL,
        failures timestamptz(3)[] NOT NULL DEFAULT '{}',
        pending timestamptz(3)[] NOT NULL DEFAULT '{}',
        strikes smallint NOT NULL DEFAULT 0,
        blocked_until timestamptz(3),
        known_until timestamptz(3),
        expires_at timestamptz(3) NOT NULL
      );
      CREATE INDEX login_throttles_expires_at_idx ON identity.login_throttles (expires_at);
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE identity.login_throttles');
  }
}
