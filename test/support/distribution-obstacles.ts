import { placements } from './distribution-page.js';
import { runSql } from './postgres-server.js';

/** Every table, without partitions. */
export async function tablesOf(url: string): Promise<string[]> {
  const rows = await runSql(
    url,
    `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN ('identity', 'users') AND c.relkind IN ('r', 'p') AND NOT c.relispartition`,
  );
  return rows.map(({ name }) => name as string).sort();
}

/**
 * What a distributed Postgres cannot keep with these placements (Citus; docs/scaling.md has the rules), by table: unique
 * indexes without the distribution column, foreign keys that leave the shard, triggers on tables that are not local.
 */
export async function obstaclesOf(url: string): Promise<Record<string, string[]>> {
  const indexes = await runSql(
    url,
    `SELECT i.indrelid::regclass::text AS table, i.indexrelid::regclass::text AS name,
       ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = indrelid AND attnum = ANY (indkey)) AS columns
     FROM pg_index i WHERE i.indisunique`,
  );
  const foreignKeys = await runSql(
    url,
    `SELECT conrelid::regclass::text AS table, conname AS name, confrelid::regclass::text AS parent,
       ARRAY(SELECT attname::text FROM pg_attribute, unnest(conkey) WITH ORDINALITY k (n, place)
         WHERE attrelid = conrelid AND attnum = n ORDER BY place) AS columns,
       ARRAY(SELECT attname::text FROM pg_attribute, unnest(confkey) WITH ORDINALITY k (n, place)
         WHERE attrelid = confrelid AND attnum = n ORDER BY place) AS "parentColumns"
     FROM pg_constraint WHERE contype = 'f'`,
  );
  const triggers = await runSql(
    url,
    `SELECT tgrelid::regclass::text AS table, tgname AS name FROM pg_trigger WHERE NOT tgisinternal`,
  );
  const found: Record<string, string[]> = {};
  const note = (table: string, name: string) => {
    found[table] = [...(found[table] ?? []), name.replace(/^.*\./, '')].sort();
  };
  for (const { table, name, columns } of indexes as unknown as Constraint[]) {
    const { kind, column } = placementOf(table) ?? {};
    if (kind === 'distributed' && !columns.includes(column as string)) note(table, name);
  }
  for (const key of foreignKeys as unknown as ForeignKey[]) if (leavesShard(key)) note(key.table, key.name);
  for (const { table, name } of triggers as unknown as Constraint[]) {
    const { kind = 'local' } = placementOf(table) ?? {};
    if (kind !== 'local') note(table, name);
  }
  return found;
}

interface Constraint {
  table: string;
  name: string;
  columns: string[];
}
interface ForeignKey extends Constraint {
  parent: string;
  parentColumns: string[];
}

const placementOf = (table: string) => placements.find((placement) => placement.table === table);

function leavesShard({ table, parent, columns, parentColumns }: ForeignKey): boolean {
  const [child, target] = [placementOf(table), placementOf(parent)];
  if (target?.kind === 'reference') return false;
  if (child?.kind !== 'distributed' || target?.kind !== 'distributed') return child?.kind !== target?.kind;
  const place = columns.indexOf(child.column as string);
  return place < 0 || parentColumns[place] !== target.column;
}
