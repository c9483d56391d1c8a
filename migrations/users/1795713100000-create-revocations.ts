import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createRevocations, dropRevocations } from '../revocations.js';

/**
 * Records suspended and deleted users for `GET /authority`, by triggers, so that every write path counts, and the previous
 * build's too. These revocations have no end: the issuer can issue new tokens to such a user.
 */
export class CreateRevocations1795713100000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(createRevocations('users', 'twinkey_people', ['subject']));
    await db.query(`
      CREATE FUNCTION users.revoke_user() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
          IF NEW.status = 'active' THEN
            PERFORM users.remove_revocation(issuer, 'subject', sub) FROM users.identities WHERE user_id = NEW.id;
          ELSE
            PERFORM users.revoke(issuer, 'subject', sub, NULL, NULL) FROM users.identities WHERE user_id = NEW.id;
          END IF;
          RETURN NULL;
        END
      $$;
      CREATE TRIGGER users_status AFTER UPDATE OF status ON users.users
        FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status = 'active' OR NEW.status = 'active'))
        EXECUTE FUNCTION users.revoke_user();

      CREATE FUNCTION users.revoke_identity() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE user_status text;
        BEGIN
          SELECT status INTO user_status FROM users.users WHERE id = NEW.user_id FOR SHARE;
          IF user_status <> 'active' THEN
            PERFORM users.revoke(NEW.issuer, 'subject', NEW.sub, NULL, NULL);
          ELSIF TG_OP = 'UPDATE' THEN
            PERFORM users.remove_revocation(NEW.issuer, 'subject', NEW.sub);
          END IF;
          RETURN NULL;
        END
      $$;
      CREATE TRIGGER identities_insert AFTER INSERT ON users.identities
        FOR EACH ROW EXECUTE FUNCTION users.revoke_identity();
      CREATE TRIGGER identities_move AFTER UPDATE OF user_id ON users.identities
        FOR EACH ROW WHEN (OLD.user_id <> NEW.user_id) EXECUTE FUNCTION users.revoke_identity();

      SELECT users.revoke(i.issuer, 'subject', i.sub, NULL, NULL)
      FROM users.identities i JOIN users.users u ON u.id = i.user_id WHERE u.status <> 'active';
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP TRIGGER users_status ON users.users;
      DROP TRIGGER identities_insert ON users.identities;
      DROP TRIGGER identities_move ON users.identities;
      DROP FUNCTION users.revoke_user, users.revoke_identity;
    `);
    await db.query(dropRevocations('users'));
  }
}
