import type { MigrationInterface, QueryRunner } from 'typeorm';

const FULL_NAME = `lower(normalize(coalesce(first_name || ' ', '') || coalesce(last_name, '')))`;
const LAST_NAME = 'lower(normalize(last_name))';

/**
 * Names that normalization lengthens (U+1D160: from 4 bytes to 12) did not fit into an index entry, and so could not be
 * stored. Until every process runs this version, the older ones search names without an index.
 */
export class BoundNameSearchKeys1764200000000 implements MigrationInterface {
  up(db: QueryRunner): Promise<void> {
    return replaceIndexes(db, (key) => `left(${key}, 600)`);
  }

  down(db: QueryRunner): Promise<void> {
    return replaceIndexes(db, (key) => key);
  }
}

/** The old ones go last: dropping them makes readers wait too, building the new ones writers alone. */
async function replaceIndexes(db: QueryRunner, bounded: (key: string) => string): Promise<void> {
  await db.query(`
    CREATE INDEX accounts_full_name_search_new ON identity.accounts ((${bounded(FULL_NAME)} COLLATE "C"));
    CREATE INDEX accounts_last_name_search_new ON identity.accounts ((${bounded(LAST_NAME)} COLLATE "C"));
    DROP INDEX identity.accounts_full_name_search_idx, identity.accounts_last_name_search_idx;
    ALTER INDEX identity.accounts_full_name_search_new RENAME TO accounts_full_name_search_idx;
    ALTER INDEX identity.accounts_last_name_search_new RENAME TO accounts_last_name_search_idx;
  `);
}
