import type { QueryRunner } from 'typeorm';

const FULL_NAME = `lower(normalize(coalesce(first_name || ' ', '') || coalesce(last_name, '')))`;
const LAST_NAME = 'lower(normalize(last_name))';

/**
 * Builds the indexes for searching names anew. The old ones go last: dropping them makes readers wait too, building the
 * new ones writers alone.
 * @param bounded SQL of the key that is kept of a name's
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
