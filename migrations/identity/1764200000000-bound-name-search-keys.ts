import type { MigrationInterface, QueryRunner } from 'typeorm';
import { replaceNameSearchIndexes } from '../name-search-indexes.js';

const TABLE = { schema: 'identity', table: 'accounts' };

/**
 * Names that normalization makes longer (U+1D160: from 4 bytes to 12) did not fit into an index entry, and could not be
 * stored. Processes of older versions search names without an index.
 */
export class BoundNameSearchKeys1764200000000 implements MigrationInterface {
  up(db: QueryRunner): Promise<void> {
    return replaceNameSearchIndexes(db, TABLE, (key) => `left(${key}, 600)`);
  }

  down(db: QueryRunner): Promise<void> {
    return replaceNameSearchIndexes(db, TABLE, (key) => key);
  }
}
