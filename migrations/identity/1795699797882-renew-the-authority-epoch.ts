import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * After a restore from a backup the database reaches the same versions again by other changes. So each change also sets a
 * random epoch. A trigger sets it, also for changes by older builds.
 */
export class RenewTheAuthorityEpoch1795699797882 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE identity.authority ADD COLUMN epoch uuid NOT NULL DEFAULT gen_random_uuid();
      ALTER TABLE identity.authority ALTER COLUMN epoch DROP DEFAULT;
      CREATE FUNCTION identity.renew_authority_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          NEW.epoch := gen_random_uuid();
          RETURN NEW;
        END
      $$;
      CREATE TRIGGER authority_epoch BEFORE INSERT OR UPDATE ON identity.authority
        FOR EACH ROW EXECUTE FUNCTION identity.renew_authority_epoch();
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP TRIGGER authority_epoch ON identity.authority;
      DROP FUNCTION identity.renew_authority_epoch();
      ALTER TABLE identity.authority DROP COLUMN epoch;
    `);
  }
}
