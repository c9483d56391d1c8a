import type { Client } from 'pg';
import { DataSource } from 'typeorm';
import { DatabaseClient } from '../connections/database-client.js';
import { withClient } from '../connections/direct-client.js';
import { requireUtf8 } from './encoding.js';
import { requireRights } from './rights.js';

export interface MigrationState {
  name: string;
  applied: boolean;
  /** False for one that only a newer build knows. */
  known: boolean;
}

/** Limits of the wait for another migration of the same schema, and for a table that is in use. */
const WAIT_FOR_OTHERS_MS = 300_000;
const WAIT_FOR_TABLE_MS = 10_000;

/**
 * Applies all pending migrations of the data source's schema, each in its own transaction, or reverts the last one.
 * Concurrent runs are safe: TypeORM does not lock, so that an advisory lock on a separate connection lets one run at a
 * time. Only the options of the data source are used: it need not be initialized, and its time limits do not apply.
 * @returns the names of the migrations that this run applied or reverted
 */
export async function migrate(dataSource: DataSource, direction: 'up' | 'down'): Promise<string[]> {
  const schema = schemaOf(dataSource);
  return withClient(dataSource, 'twinkey migrate (lock)', async (client) => {
    await requireUtf8(client);
    await client.query(`SET lock_timeout = ${WAIT_FOR_OTHERS_MS}`);
    await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [`twinkey migrate ${schema}`]);
    await requireRights(client, schema);
    // Checked first: IF NOT EXISTS needs the right to create schemas also where the schema exists.
    const { rowCount } = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema]);
    if (!rowCount) await client.query(`CREATE SCHEMA ${client.escapeIdentifier(schema)}`);
    const before = await appliedMigrations(client, schema);
    await runMigrations(dataSource, direction);
    const after = await appliedMigrations(client, schema);
    return direction === 'up' ? without(after, before) : without(before, after);
  });
}

/** Every migration of the data source's schema in order, applied or not. Changes nothing. */
export async function migrationStatus(dataSource: DataSource): Promise<MigrationState[]> {
  const applied = await withClient(dataSource, 'twinkey migrate', async (client) => {
    await requireUtf8(client);
    return appliedMigrations(client, schemaOf(dataSource));
  });
  const classes = dataSource.options.migrations as { name: string }[];
  // A class name ends with the time when it was written, in milliseconds.
  const known = classes.map(({ name }) => name).sort((a, b) => Number(a.slice(-13)) - Number(b.slice(-13)));
  return [
    ...known.map((name) => ({ name, applied: applied.includes(name), known: true })),
    ...without(applied, known).map((name) => ({ name, applied: true, known: false })),
  ];
}

async function runMigrations(source: DataSource, direction: 'up' | 'down'): Promise<void> {
  const dataSource = new DataSource({
    ...source.options,
    applicationName: 'twinkey migrate',
    connectTimeoutMS: 5_000,
    extra: { Client: DatabaseClient, keepAlive: true, lock_timeout: WAIT_FOR_TABLE_MS },
  } as typeof source.options);
  await dataSource.initialize();
  try {
    if (direction === 'up') await dataSource.runMigrations({ transaction: 'each' });
    else await dataSource.undoLastMigration({ transaction: 'each' });
  } finally {
    await dataSource.destroy();
  }
}

/** Names in the order in which they were applied. */
async function appliedMigrations(client: Client, schema: string): Promise<string[]> {
  const table = `${client.escapeIdentifier(schema)}.migrations`;
  const found = await client.query('SELECT to_regclass($1) IS NOT NULL AS found', [table]);
  if (!found.rows[0].found) return [];
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${table} ORDER BY id`);
  return rows.map(({ name }) => name);
}

const without = (names: string[], others: string[]) => names.filter((name) => !others.includes(name));

function schemaOf(dataSource: DataSource): string {
  const { schema } = dataSource.options as { schema?: string };
  if (!schema) throw new Error('A data source with migrations needs a schema.');
  return schema;
}
