import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Second factors, and how a session was signed in to. `docs/decisions/second-factors.md` explains what is stored how. */
export class CreateFactors1795714200000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE identity.factors (
        id uuid PRIMARY KEY,
        account_id uuid NOT NULL CONSTRAINT factors_account_id_fkey REFERENCES identity.accounts ON DELETE CASCADE,
        kind text NOT NULL CONSTRAINT factors_kind_check CHECK (kind IN ('totp', 'passkey', 'recovery_codes')),
        name text NOT NULL,
        secret bytea,
        last_step bigint,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        confirmed_at timestamptz(3),
        last_used_at timestamptz(3)
      );
      CREATE INDEX factors_account_id_idx ON identity.factors (account_id);

      CREATE TABLE identity.passkeys (
        factor_id uuid PRIMARY KEY CONSTRAINT passkeys_factor_id_fkey REFERENCES identity.factors ON DELETE CASCADE,
        credential_id bytea NOT NULL,
        public_key bytea NOT NULL,
        counter bigint NOT NULL,
        transports text[] NOT NULL DEFAULT '{}',
        backed_up boolean NOT NULL
      );
      CREATE UNIQUE INDEX passkeys_credential_id_key ON identity.passkeys (credential_id);

      CREATE TABLE identity.recovery_codes (
        factor_id uuid CONSTRAINT recovery_codes_factor_id_fkey REFERENCES identity.factors ON DELETE CASCADE,
        digest bytea,
        used_at timestamptz(3),
        PRIMARY KEY (factor_id, digest)
      );

      CREATE TABLE identity.passkey_challenges (
        purpose text PRIMARY KEY,
        challenge text NOT NULL,
        expires_at timestamptz(3) NOT NULL
      );
      CREATE INDEX passkey_challenges_expires_at_idx ON identity.passkey_challenges (expires_at);

      CREATE TABLE identity.trusted_browsers (
        digest bytea PRIMARY KEY,
        account_id uuid NOT NULL
          CONSTRAINT trusted_browsers_account_id_fkey REFERENCES identity.accounts ON DELETE CASCADE,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        expires_at timestamptz(3) NOT NULL
      );
      CREATE INDEX trusted_browsers_account_id_idx ON identity.trusted_browsers (account_id);
      CREATE INDEX trusted_browsers_expires_at_idx ON identity.trusted_browsers (expires_at);

      ALTER TABLE identity.sessions
        ADD COLUMN amr text[] NOT NULL DEFAULT '{pwd}',
        ADD COLUMN authenticated_at timestamptz(3);
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE identity.sessions DROP COLUMN amr, DROP COLUMN authenticated_at;
      DROP TABLE identity.trusted_browsers, identity.passkey_challenges, identity.recovery_codes, identity.passkeys,
        identity.factors;
    `);
  }
}
