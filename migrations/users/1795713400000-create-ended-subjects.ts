import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * People who can no longer sign in at their issuer, and when an issuer is asked about them next. Triggers write the
 * revocations that `GET /authority` tells, like those of suspended people.
 */
export class CreateEndedSubjects1795713400000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE users.ended_subjects (
        issuer text NOT NULL,
        sub text COLLATE "C" NOT NULL,
        reason text NOT NULL CONSTRAINT ended_subjects_reason_check CHECK (reason IN ('disabled', 'deleted')),
        ended_at timestamptz(3) NOT NULL DEFAULT now(),
        PRIMARY KEY (issuer, sub)
      );
      CREATE TABLE users.directory_rechecks (
        issuer text PRIMARY KEY,
        next_at timestamptz(3) NOT NULL,
        position text COLLATE "C" NOT NULL DEFAULT ''
      );

      CREATE FUNCTION users.revoke_ended_subject() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
          PERFORM users.revoke(NEW.issuer, 'subject', NEW.sub, NULL, NULL);
          RETURN NULL;
        END
      $$;
      CREATE TRIGGER ended_subjects_insert AFTER INSERT ON users.ended_subjects
        FOR EACH ROW EXECUTE FUNCTION users.revoke_ended_subject();

      -- The revocation of a suspended or deleted profile stays.
      CREATE FUNCTION users.restore_ended_subject() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
          PERFORM users.remove_revocation(OLD.issuer, 'subject', OLD.sub)
          WHERE NOT EXISTS (
            SELECT FROM users.identities i JOIN users.users u ON u.id = i.user_id
            WHERE i.issuer = OLD.issuer AND i.sub = OLD.sub AND u.status <> 'active');
          RETURN NULL;
        END
      $$;
      CREATE TRIGGER ended_subjects_delete AFTER DELETE ON users.ended_subjects
        FOR EACH ROW EXECUTE FUNCTION users.restore_ended_subject();
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP TABLE users.ended_subjects, users.directory_rechecks;
      DROP FUNCTION users.revoke_ended_subject, users.restore_ended_subject;
    `);
  }
}
