import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The lock for all changes of a user's status: see `administration.entity.ts`. */
export class CreateAdministration1795700159716 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE users.administration (
        id boolean PRIMARY KEY DEFAULT true CONSTRAINT administration_id_check CHECK (id)
      );
      INSERT INTO users.administration DEFAULT VALUES;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE users.administration');
  }
}
