import type { MigrationInterface, QueryRunner } from 'typeorm';

/** `docs/decisions/database.md` lists the purpose of each index. */
export class CreateUsersAndIdentities1764000000000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE users.users (
        id uuid PRIMARY KEY,
        display_name text,
        profile_picture text,
        status text NOT NULL DEFAULT 'active'
          CONSTRAINT users_status_check CHECK (status IN ('active', 'suspended', 'deleted')),
        settings json NOT NULL DEFAULT '{}',
        version integer NOT NULL DEFAULT 1,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        updated_at timestamptz(3) NOT NULL DEFAULT now()
      );
      CREATE INDEX users_created_at_id_idx ON users.users (created_at, id) WHERE status <> 'deleted';
      CREATE INDEX users_status_created_at_id_idx ON users.users (status, created_at, id);

      CREATE TABLE users.identities (
        issuer text NOT NULL CONSTRAINT identities_issuer_check CHECK (issuer IN ('native', 'keycloak')),
        sub text COLLATE "C" NOT NULL,
        user_id uuid NOT NULL CONSTRAINT identities_user_id_fkey REFERENCES users.users ON DELETE RESTRICT,
        username text,
        username_key text COLLATE "C",
        email text,
        email_key text COLLATE "C",
        first_name text,
        last_name text,
        told_at timestamptz(3) NOT NULL,
        PRIMARY KEY (issuer, sub)
      );
      CREATE INDEX identities_user_id_idx ON users.identities (user_id);
      CREATE INDEX identities_sub_idx ON users.identities (sub);
      CREATE UNIQUE INDEX identities_username_key ON users.identities (issuer, username_key)
        WHERE username_key IS NOT NULL;
      CREATE INDEX identities_username_key_user_id_idx ON users.identities (username_key, user_id);
      CREATE INDEX identities_email_key_user_id_idx ON users.identities (email_key, user_id);
      CREATE INDEX identities_issuer_email_key_user_id_idx ON users.identities (issuer, email_key, user_id);
      CREATE INDEX identities_full_name_search_idx ON users.identities
        ((lower(normalize(coalesce(first_name || ' ', '') || coalesce(last_name, ''))) COLLATE "C"));
      CREATE INDEX identities_last_name_search_idx ON users.identities
        ((lower(normalize(last_name)) COLLATE "C"));
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE users.identities, users.users');
  }
}
