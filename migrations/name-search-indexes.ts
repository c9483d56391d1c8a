import type { QueryRunner } from 'typeorm';

const FULL_NAME = `lower(normalize(coalesce(first_name || ' ', '') || coalesce(last_name, '')))`;
const LAST_NAME = 'lower(normalize(last_name))';

/**
 * Rebuilds the indexes for searching names. The old ones are dropped at the end: that blocks readers, while building the
 * new ones blocks only writers.
 * @param bounded SQL that limits the length of a name's key
 */
export async function replaceNameSearchIndexes(
  db: QueryRunner,
  { schema, table }: { schema: string; table: string },
  bounded: (key: string) => string,
): Promise<void> {
  await db.query(`
    CREATE INDEX ${table}_full_name_search_new ON ${schema}.${table} ((${bounded(FULL_NAME)} COLLATE "C"));
    CREATE INDEX ${table}_last_name_search_new ON ${schema}.${table} ((${bounded(LAST_NAME)} COLLATE "C"));
    DROP INDEX ${schema}.${table}_full_name_search_idx, ${schema}.${table}_last_name_search_idx;
    ALTER INDEX ${schema}.${table}_full_name_search_new RENAME TO ${table}_full_name_search_idx;
    ALTER INDEX ${schema}.${table}_last_name_search_new RENAME TO ${table}_last_name_search_idx;
  `);
}
