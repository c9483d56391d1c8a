import type { MigrationInterface, QueryRunner } from 'typeorm';

const FULL_NAME = `lower(normalize(coalesce(first_name || ' ', '') || coalesce(last_name, '')))`;
const LAST_NAME = 'lower(normalize(last_name))';

/**
 * Names that normalization lengthens (U+1D160: from 4 bytes to 12) did not fit into an index entry, and so could not be
 * stored. Until every process runs this version, the older ones search names without an index.
 */
export class BoundNameSearchKeys1764200100000 implements MigrationInterface {
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
    CREATE INDEX identities_full_name_search_new ON users.identities ((${bounded(FULL_NAME)} COLLATE "C"));
    CREATE INDEX identities_last_name_search_new ON users.identities ((${bounded(LAST_NAME)} COLLATE "C"));
    DROP INDEX users.identities_full_name_search_idx, users.identities_last_name_search_idx;
    ALTER INDEX users.identities_full_name_search_new RENAME TO identities_full_name_search_idx;
    ALTER INDEX users.identities_last_name_search_new RENAME TO identities_last_name_search_idx;
  `);
}
