import { Client } from 'pg';
import type { Placement } from './distribution-page.js';
import { createTestDatabase, type TestDatabase } from './postgres.js';

const SHARDS = 8;

/**
 * How the columns that are to be added get their values, from the row `t`.
 * `test/database/distribution.e2e.ts` fails if the page names another one.
 */
const ADDED: Record<string, { type: string; value: string }> = {
  'identity.passkeys': {
    type: 'uuid',
    value: '(SELECT f.account_id FROM identity.factors f WHERE f.id = t.factor_id)',
  },
  'identity.recovery_codes': {
    type: 'uuid',
    value: '(SELECT f.account_id FROM identity.factors f WHERE f.id = t.factor_id)',
  },
  'users.users': {
    type: 'text COLLATE "C"',
    value: '(SELECT i.sub FROM users.identities i WHERE i.user_id = t.id)',
  },
};

/** Which shards a statement has read. */
export interface ShardsRead {
  /** How often a shard of each distributed table was read. */
  reads: Record<string, number>;
  /** Whether the tables were read in the same shards. */
  isCoLocated: boolean;
}

/**
 * A copy of a database in which each distributed table is partitioned by the hash of its distribution column. Postgres
 * reads one partition exactly where a distributed Postgres would ask one shard: if the statement fixes the column's value.
 */
export class DistributedCopy {
  private constructor(
    private readonly copy: TestDatabase,
    private readonly client: Client,
  ) {}

  static async of(
    sources: { url: string; schema: string }[],
    placements: Placement[],
  ): Promise<DistributedCopy> {
    const copy = await createTestDatabase();
    const client = new Client({ connectionString: copy.url });
    await client.connect();
    const made = new DistributedCopy(copy, client);
    const distributed = placements.filter(({ kind }) => kind === 'distributed');
    // Constraints between the tables are among the obstacles. Rows are copied as they are, without triggers.
    await client.query(`SET session_replication_role = replica`);
    for (const { url, schema } of sources) await made.copyRows(url, schema);
    for (const placement of distributed) await made.distribute(placement);
    // The tables are small: without this, reading all shards would seem cheap.
    await client.query('SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off');
    return made;
  }

  private async copyRows(url: string, schema: string): Promise<void> {
    const source = new Client({ connectionString: url });
    await source.connect();
    try {
      const { rows } = await this.client.query(
        `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables t
         WHERE schemaname = $1 AND NOT (SELECT relispartition FROM pg_class WHERE oid = format('%I.%I', schemaname, tablename)::regclass)`,
        [schema],
      );
      for (const { name } of rows) {
        const found = await source.query(`SELECT coalesce(json_agg(t), '[]')::text AS all FROM ${name} t`);
        await this.client.query(`DELETE FROM ${name}`);
        await this.client.query(
          `INSERT INTO ${name} SELECT * FROM json_populate_recordset(NULL::${name}, $1)`,
          [found.rows[0].all],
        );
      }
    } finally {
      await source.end();
    }
  }

  private async distribute({ table, column, isToAdd }: Placement): Promise<void> {
    const [schema, name] = table.split('.');
    const added = isToAdd ? ADDED[table] : undefined;
    if (isToAdd && !added) throw new Error(`How is ${table}.${column} filled?`);
    await this.client.query(`
      ALTER TABLE ${table} RENAME TO ${name}_before;
      CREATE TABLE ${table} (LIKE ${table}_before INCLUDING DEFAULTS ${added ? `, ${column} ${added.type}` : ''})
        PARTITION BY HASH (${column})`);
    for (let shard = 0; shard < SHARDS; shard += 1) {
      await this.client.query(
        `CREATE TABLE ${schema}.${name}_shard${shard} PARTITION OF ${table}
         FOR VALUES WITH (MODULUS ${SHARDS}, REMAINDER ${shard})`,
      );
    }
    await this.client.query(
      `INSERT INTO ${table} SELECT t.*${added ? `, ${added.value}` : ''} FROM ${table}_before t`,
    );
    // A unique index with the distribution column is possible, and `ON CONFLICT` needs it.
    const { rows } = await this.client.query(
      `SELECT pg_get_indexdef(indexrelid) AS definition FROM pg_index
       WHERE indrelid = '${table}_before'::regclass AND indisunique AND indkey::int2[] @> ARRAY[
         (SELECT attnum FROM pg_attribute WHERE attrelid = indrelid AND attname = $1)]`,
      [column],
    );
    await this.client.query(`CREATE INDEX ON ${table} (${column})`);
    for (const { definition } of rows) {
      await this.client.query(definition.replace(/INDEX \S+ ON (ONLY )?\S+/, `INDEX ON ${table}`));
    }
  }

  /** Runs a statement for good, so that the next ones find what it has changed. */
  async run(text: string, values: unknown[]): Promise<ShardsRead> {
    const { rows } = await this.client.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values);
    const shards: Record<string, Set<string>> = {};
    const reads: Record<string, number> = {};
    for (const { relation, loops } of scansOf(rows[0]['QUERY PLAN'][0].Plan)) {
      const [, table, shard] = /^(.+)_shard(\d+)$/.exec(relation) ?? [];
      if (!table || !shard || loops === 0) continue;
      reads[table] = (reads[table] ?? 0) + loops;
      shards[table] ??= new Set();
      shards[table].add(shard);
    }
    const asked = Object.values(shards).map((set) => [...set].sort().join());
    return { reads, isCoLocated: new Set(asked).size <= 1 };
  }

  async close(): Promise<void> {
    await this.client.end();
    await this.copy.close();
  }
}

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  Schema?: string;
  'Actual Loops': number;
  Plans?: PlanNode[];
}

/** Every node of the plan that reads a table. */
function scansOf(node: PlanNode): { relation: string; loops: number }[] {
  const own =
    node['Relation Name'] && node['Node Type'].endsWith('Scan')
      ? [{ relation: node['Relation Name'], loops: node['Actual Loops'] }]
      : [];
  return [...own, ...(node.Plans ?? []).flatMap(scansOf)];
}
