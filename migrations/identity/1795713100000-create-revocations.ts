import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createRevocations, dropRevocations } from '../revocations.js';

/**
 * Records what ends before its tokens expire, for `GET /authority`. Triggers write it, so that every write path counts,
 * and the previous build's too. The kind `role`: the role in the subject's tokens is out of date.
 *
 * A revocation lasts until the last token that it concerns has expired, and 90 s more: verifiers accept an expired token
 * for 30 s, and a token may be signed just before the commit.
 */
export class CreateRevocations1795713100000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(createRevocations('identity', 'twinkey_authority', ['session', 'subject', 'key', 'role']));
    await db.query(`
      CREATE TRIGGER authority_notify AFTER INSERT OR UPDATE ON identity.authority
        FOR EACH STATEMENT EXECUTE FUNCTION identity.notify_authority();

      -- The lifetimes of access tokens, with the time when a process last issued tokens that live so long.
      CREATE TABLE identity.token_lifetimes (
        seconds integer PRIMARY KEY,
        used_at timestamptz(3) NOT NULL
      );
      INSERT INTO identity.token_lifetimes (seconds, used_at)
        SELECT ceil(extract(epoch FROM max(expires_at - created_at)))::integer, now()
        FROM identity.sessions WHERE expires_at > now() HAVING count(*) > 0;

      -- Where nothing is known, the longest lifetime that the settings allow.
      CREATE FUNCTION identity.token_end(session_end timestamptz) RETURNS timestamptz
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT least(session_end, now() + coalesce(max(seconds) * interval '1 second', interval '30 days'))
          + interval '90 seconds'
        FROM identity.token_lifetimes WHERE used_at + seconds * interval '1 second' + interval '15 minutes' > now();
      $$;

      -- When the last token of an account expires.
      CREATE FUNCTION identity.last_token_end(account uuid) RETURNS timestamptz
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT identity.token_end(greatest(now(), max(expires_at)))
        FROM identity.sessions WHERE account_id = account;
      $$;
    `);
    await db.query(SESSION_TRIGGERS);
    await db.query(ACCOUNT_TRIGGERS);
    await db.query(`
      SELECT identity.revoke('native', 'subject', id::text, NULL, now() + interval '30 days')
      FROM identity.accounts WHERE status = 'disabled';
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP TRIGGER authority_notify ON identity.authority;
      DROP TRIGGER sessions_end ON identity.sessions;
      DROP TRIGGER sessions_cut ON identity.sessions;
      DROP TRIGGER accounts_change ON identity.accounts;
      DROP TRIGGER accounts_delete ON identity.accounts;
      DROP TRIGGER roles_rename ON identity.roles;
      DROP FUNCTION identity.revoke_sessions, identity.revoke_cut_session, identity.revoke_account,
        identity.revoke_deleted_account, identity.revoke_role_name, identity.last_token_end, identity.token_end;
      DROP TABLE identity.token_lifetimes;
    `);
    await db.query(dropRevocations('identity'));
  }
}

const SESSION_TRIGGERS = `
  CREATE FUNCTION identity.revoke_sessions() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      PERFORM identity.revoke('native', 'session', id::text, NULL, identity.token_end(expires_at))
      FROM ended WHERE expires_at > now() ORDER BY id;
      RETURN NULL;
    END
  $$;
  CREATE TRIGGER sessions_end AFTER DELETE ON identity.sessions REFERENCING OLD TABLE AS ended
    FOR EACH STATEMENT EXECUTE FUNCTION identity.revoke_sessions();

  CREATE FUNCTION identity.revoke_cut_session() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      PERFORM identity.revoke('native', 'session', OLD.id::text, NULL, identity.token_end(OLD.expires_at));
      RETURN NULL;
    END
  $$;
  CREATE TRIGGER sessions_cut AFTER UPDATE OF expires_at ON identity.sessions
    FOR EACH ROW WHEN (OLD.expires_at > now() AND NEW.expires_at < OLD.expires_at
      -- The column is rounded to milliseconds.
      AND NEW.expires_at <= now() + interval '1 second')
    EXECUTE FUNCTION identity.revoke_cut_session();
`;

/** Deletion: BEFORE, because the foreign key's own trigger deletes the sessions first. */
const ACCOUNT_TRIGGERS = `
  CREATE FUNCTION identity.revoke_account() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      IF OLD.status <> 'disabled' AND NEW.status = 'disabled' THEN
        PERFORM identity.revoke('native', 'subject', NEW.id::text, NULL, identity.last_token_end(NEW.id));
      ELSIF OLD.status = 'disabled' AND NEW.status <> 'disabled' THEN
        PERFORM identity.remove_revocation('native', 'subject', NEW.id::text);
      END IF;
      IF OLD.role_id <> NEW.role_id THEN
        PERFORM identity.revoke('native', 'role', NEW.id::text, NULL, identity.last_token_end(NEW.id));
      END IF;
      RETURN NULL;
    END
  $$;
  CREATE TRIGGER accounts_change AFTER UPDATE OF status, role_id ON identity.accounts
    FOR EACH ROW WHEN (OLD.status <> NEW.status OR OLD.role_id <> NEW.role_id)
    EXECUTE FUNCTION identity.revoke_account();

  CREATE FUNCTION identity.revoke_deleted_account() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      PERFORM identity.revoke('native', 'subject', OLD.id::text, NULL, identity.last_token_end(OLD.id));
      RETURN OLD;
    END
  $$;
  CREATE TRIGGER accounts_delete BEFORE DELETE ON identity.accounts
    FOR EACH ROW EXECUTE FUNCTION identity.revoke_deleted_account();

  CREATE FUNCTION identity.revoke_role_name() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      PERFORM identity.revoke('native', 'role', a.id::text, NULL, identity.last_token_end(a.id))
      FROM identity.accounts a WHERE a.role_id = NEW.id
        AND EXISTS (SELECT FROM identity.sessions s WHERE s.account_id = a.id AND s.expires_at > now())
      ORDER BY a.id;
      RETURN NULL;
    END
  $$;
  CREATE TRIGGER roles_rename AFTER UPDATE OF name ON identity.roles
    FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION identity.revoke_role_name();
`;
