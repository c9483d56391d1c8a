import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Leases of several issuers, and issuers of any id. The build before this one still takes its leases in
 * `keycloak_leases`: a trigger takes the same lease in the new table first, so that old and new processes exclude each
 * other. It runs as the owner of the tables, since the old build's user may have no rights on the new one yet.
 */
export class KeyLeasesByIssuer1795703774881 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE users.identities DROP CONSTRAINT identities_issuer_check;
      CREATE TABLE users.directory_leases (
        issuer text NOT NULL,
        sub text COLLATE "C" NOT NULL,
        holder uuid NOT NULL,
        expires_at timestamptz(3) NOT NULL,
        PRIMARY KEY (issuer, sub)
      );
      CREATE FUNCTION users.acquire_directory_lease() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
        BEGIN
          INSERT INTO users.directory_leases AS lease (issuer, sub, holder, expires_at)
            VALUES ('keycloak', NEW.sub, NEW.holder, NEW.expires_at)
            ON CONFLICT (issuer, sub) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
            WHERE lease.expires_at < now();
          IF NOT FOUND THEN
            RETURN NULL;
          END IF;
          RETURN NEW;
        END
      $$;
      CREATE FUNCTION users.release_directory_lease() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
        BEGIN
          DELETE FROM users.directory_leases
            WHERE issuer = 'keycloak' AND sub = OLD.sub AND holder = OLD.holder;
          RETURN NULL;
        END
      $$;
      CREATE TRIGGER acquire_directory_lease BEFORE INSERT ON users.keycloak_leases
        FOR EACH ROW EXECUTE FUNCTION users.acquire_directory_lease();
      CREATE TRIGGER release_directory_lease AFTER DELETE ON users.keycloak_leases
        FOR EACH ROW EXECUTE FUNCTION users.release_directory_lease();
      INSERT INTO users.directory_leases (issuer, sub, holder, expires_at)
        SELECT 'keycloak', sub, holder, expires_at FROM users.keycloak_leases;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP TRIGGER acquire_directory_lease ON users.keycloak_leases;
      DROP TRIGGER release_directory_lease ON users.keycloak_leases;
      DROP FUNCTION users.acquire_directory_lease();
      DROP FUNCTION users.release_directory_lease();
      DROP TABLE users.directory_leases;
      ALTER TABLE users.identities
        ADD CONSTRAINT identities_issuer_check CHECK (issuer IN ('native', 'keycloak'));
    `);
  }
}
