import type { MigrationInterface, QueryRunner } from 'typeorm';

/** `docs/decisions/database.md` lists the purpose of each index. */
export class CreateAccountsRolesAndSessions1764000000000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE identity.authority (
        id boolean PRIMARY KEY DEFAULT true CONSTRAINT authority_id_check CHECK (id),
        version bigint NOT NULL
      );
      INSERT INTO identity.authority (version) VALUES (1);

      CREATE TABLE identity.permissions (
        id uuid PRIMARY KEY,
        name text COLLATE "C" NOT NULL,
        description text,
        seeded boolean NOT NULL DEFAULT false,
        version integer NOT NULL DEFAULT 1,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        updated_at timestamptz(3) NOT NULL DEFAULT now()
      );
      CREATE UNIQUE INDEX permissions_name_key ON identity.permissions (lower(name));
      CREATE INDEX permissions_name_idx ON identity.permissions (name);
      CREATE INDEX permissions_created_at_id_idx ON identity.permissions (created_at, id);

      CREATE TABLE identity.roles (
        id uuid PRIMARY KEY,
        name text COLLATE "C" NOT NULL,
        description text,
        parent_id uuid CONSTRAINT roles_parent_id_fkey REFERENCES identity.roles ON DELETE RESTRICT,
        system boolean NOT NULL DEFAULT false,
        version integer NOT NULL DEFAULT 1,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        updated_at timestamptz(3) NOT NULL DEFAULT now()
      );
      CREATE UNIQUE INDEX roles_name_key ON identity.roles (lower(name));
      CREATE INDEX roles_name_idx ON identity.roles (name);
      CREATE INDEX roles_created_at_id_idx ON identity.roles (created_at, id);
      CREATE INDEX roles_parent_id_name_idx ON identity.roles (parent_id, name);
      CREATE INDEX roles_parent_id_created_at_id_idx ON identity.roles (parent_id, created_at, id);

      CREATE TABLE identity.role_permissions (
        role_id uuid CONSTRAINT role_permissions_role_id_fkey REFERENCES identity.roles ON DELETE CASCADE,
        permission_id uuid
          CONSTRAINT role_permissions_permission_id_fkey REFERENCES identity.permissions ON DELETE RESTRICT,
        PRIMARY KEY (role_id, permission_id)
      );
      CREATE INDEX role_permissions_permission_id_idx ON identity.role_permissions (permission_id);

      CREATE TABLE identity.accounts (
        id uuid PRIMARY KEY,
        email text NOT NULL,
        email_key text COLLATE "C" NOT NULL,
        password_hash text,
        first_name text,
        last_name text,
        status text NOT NULL DEFAULT 'active'
          CONSTRAINT accounts_status_check CHECK (status IN ('active', 'disabled')),
        role_id uuid NOT NULL CONSTRAINT accounts_role_id_fkey REFERENCES identity.roles ON DELETE RESTRICT,
        version integer NOT NULL DEFAULT 1,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        updated_at timestamptz(3) NOT NULL DEFAULT now()
      );
      CREATE UNIQUE INDEX accounts_email_key ON identity.accounts (email_key);
      CREATE INDEX accounts_created_at_id_idx ON identity.accounts (created_at, id);
      CREATE INDEX accounts_role_id_created_at_id_idx ON identity.accounts (role_id, created_at, id);
      CREATE INDEX accounts_role_id_email_key_idx ON identity.accounts (role_id, email_key);
      CREATE INDEX accounts_status_created_at_id_idx ON identity.accounts (status, created_at, id);
      CREATE INDEX accounts_status_email_key_idx ON identity.accounts (status, email_key);
      CREATE INDEX accounts_full_name_search_idx ON identity.accounts
        ((lower(normalize(coalesce(first_name || ' ', '') || coalesce(last_name, ''))) COLLATE "C"));
      CREATE INDEX accounts_last_name_search_idx ON identity.accounts
        ((lower(normalize(last_name)) COLLATE "C"));

      CREATE TABLE identity.sessions (
        id uuid PRIMARY KEY,
        account_id uuid NOT NULL
          CONSTRAINT sessions_account_id_fkey REFERENCES identity.accounts ON DELETE CASCADE,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        expires_at timestamptz(3) NOT NULL
      );
      CREATE INDEX sessions_account_id_idx ON identity.sessions (account_id);
      CREATE INDEX sessions_expires_at_idx ON identity.sessions (expires_at);
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP TABLE identity.sessions, identity.accounts, identity.role_permissions, identity.roles,
        identity.permissions, identity.authority;
    `);
  }
}
