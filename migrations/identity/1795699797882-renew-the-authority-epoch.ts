import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A database that was restored from a backup reaches the same versions again by other changes. So each change also
 * draws a random epoch. A trigger does it: the builds before this one, which raise the version alone, draw one too.
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
