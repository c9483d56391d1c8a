import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The tables of the OpenID Provider. `docs/decisions/openid-provider.md` explains how they end with a session. */
export class CreateOauthTables1795713300000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE identity.sessions
        ADD COLUMN sign_in_id uuid
          CONSTRAINT sessions_sign_in_id_fkey REFERENCES identity.sessions ON DELETE CASCADE;
      CREATE UNIQUE INDEX sessions_sign_in_id_client_id_idx ON identity.sessions (sign_in_id, client_id)
        WHERE sign_in_id IS NOT NULL;
      CREATE INDEX sessions_client_id_idx ON identity.sessions (client_id);

      CREATE TABLE identity.oauth_clients (
        id uuid PRIMARY KEY,
        client_id text COLLATE "C" NOT NULL,
        name text NOT NULL,
        type text NOT NULL CONSTRAINT oauth_clients_type_check CHECK (type IN ('public', 'confidential')),
        grant_types text[] NOT NULL,
        redirect_uris text[] NOT NULL DEFAULT '{}',
        post_logout_redirect_uris text[] NOT NULL DEFAULT '{}',
        backchannel_logout_uri text,
        first_party boolean NOT NULL DEFAULT false,
        role_id uuid CONSTRAINT oauth_clients_role_id_fkey REFERENCES identity.roles ON DELETE RESTRICT,
        status text NOT NULL DEFAULT 'active'
          CONSTRAINT oauth_clients_status_check CHECK (status IN ('active', 'disabled')),
        secret_hash bytea,
        previous_secret_hash bytea,
        previous_secret_expires_at timestamptz(3),
        version integer NOT NULL DEFAULT 1,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        updated_at timestamptz(3) NOT NULL DEFAULT now()
      );
      CREATE UNIQUE INDEX oauth_clients_client_id_key ON identity.oauth_clients (lower(client_id));
      CREATE INDEX oauth_clients_client_id_idx ON identity.oauth_clients (client_id);
      CREATE INDEX oauth_clients_created_at_id_idx ON identity.oauth_clients (created_at, id);
      CREATE INDEX oauth_clients_role_id_idx ON identity.oauth_clients (role_id);

      CREATE TABLE identity.oauth_consents (
        account_id uuid CONSTRAINT oauth_consents_account_id_fkey REFERENCES identity.accounts ON DELETE CASCADE,
        client_id uuid CONSTRAINT oauth_consents_client_id_fkey REFERENCES identity.oauth_clients ON DELETE CASCADE,
        scopes text[] NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        PRIMARY KEY (account_id, client_id)
      );
      CREATE INDEX oauth_consents_client_id_idx ON identity.oauth_consents (client_id);

      CREATE TABLE identity.oauth_state (
        type text,
        id text,
        payload jsonb NOT NULL,
        session_id uuid CONSTRAINT oauth_state_session_id_fkey REFERENCES identity.sessions ON DELETE CASCADE,
        grant_id text,
        uid text,
        user_code text,
        consumed_at timestamptz(3),
        expires_at timestamptz(3) NOT NULL,
        PRIMARY KEY (type, id)
      );
      CREATE INDEX oauth_state_session_id_idx ON identity.oauth_state (session_id);
      CREATE INDEX oauth_state_grant_id_idx ON identity.oauth_state (grant_id) WHERE grant_id IS NOT NULL;
      CREATE INDEX oauth_state_uid_idx ON identity.oauth_state (uid) WHERE uid IS NOT NULL;
      CREATE INDEX oauth_state_user_code_idx ON identity.oauth_state (user_code) WHERE user_code IS NOT NULL;
      CREATE INDEX oauth_state_expires_at_idx ON identity.oauth_state (expires_at);

      CREATE TABLE identity.oauth_secrets (
        name text PRIMARY KEY,
        value text NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT now()
      );
    `);
    await db.query(CLIENT_TRIGGER);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP TABLE identity.oauth_secrets, identity.oauth_state, identity.oauth_consents, identity.oauth_clients;
      DROP FUNCTION identity.revoke_client;
      DROP INDEX identity.sessions_client_id_idx;
      ALTER TABLE identity.sessions DROP COLUMN sign_in_id;
    `);
  }
}

/** The authority feed tells when a client may no longer act for itself: its id is the subject of its tokens. */
const CLIENT_TRIGGER = `
  CREATE FUNCTION identity.revoke_client() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      could boolean := coalesce(OLD.status = 'active' AND 'client_credentials' = ANY (OLD.grant_types), false);
      can boolean := coalesce(NEW.status = 'active' AND 'client_credentials' = ANY (NEW.grant_types), false);
    BEGIN
      IF could AND NOT can THEN
        PERFORM identity.revoke('native', 'subject', OLD.client_id, NULL,
          identity.token_end(now() + interval '30 days'));
      ELSIF can AND NOT could THEN
        PERFORM identity.remove_revocation('native', 'subject', NEW.client_id);
      END IF;
      RETURN NULL;
    END
  $$;
  CREATE TRIGGER oauth_clients_change AFTER INSERT OR UPDATE OF status, grant_types OR DELETE
    ON identity.oauth_clients FOR EACH ROW EXECUTE FUNCTION identity.revoke_client();
`;
