import type { DataSource } from 'typeorm';
import { recordPermissions } from '#apps/identity-provider/src/seed/seed.audit.js';
import { createAuditPartitions } from '#libs/audit/audit-partitions.js';
import type { CommandDatabase, CommandDatabases } from '#libs/config/command.settings.js';
import { PERMISSION_CATALOGUE } from '#libs/core/permission-catalogue.js';
import { errorMessage, UserFacingError } from '#libs/core/user-facing-error.js';
import { databaseAdvice } from '#libs/database/errors/database-advice.js';
import { identityDataSource } from '#libs/database/identity/identity-data-source.js';
import { upsertPermissions } from '#libs/database/identity/upsert-permissions.js';
import { type MigrationState, migrate, migrationStatus } from '#libs/database/migrate/migrate.js';
import { renumberRestoredRevocations } from '#libs/database/migrate/restored-revocations.js';
import { usersDataSource } from '#libs/database/users/users-data-source.js';

export type SchemaName = 'identity' | 'users';

export interface DatabaseSchema {
  name: SchemaName;
  dataSource: DataSource;
  database: CommandDatabase;
}

/** The changes of a `migrate` run. */
export interface SchemaChanges {
  schemas: { schema: SchemaName; migrations: string[] }[];
  /** Names of the permissions that were added. */
  permissions: string[];
}

export interface SchemaStatus {
  /** In all schemas. */
  pending: number;
  schemas: { schema: SchemaName; migrations: MigrationState[] }[];
}

/** Of commands: long timeouts, because no request waits, and another process may be running the same migrations. */
export const CONNECTION_OPTIONS = { poolSize: 1, connectTimeoutMs: 5_000, statementTimeoutMs: 60_000 };

const DATA_SOURCES = { identity: identityDataSource, users: usersDataSource };

/** The schemas that have a database URL, in the order of migration. */
export function schemasOf(databases: CommandDatabases): DatabaseSchema[] {
  const schemas: DatabaseSchema[] = [];
  for (const name of ['identity', 'users'] as const) {
    const database = databases[name];
    if (database === null) continue;
    const { url, pooled } = database;
    const dataSource = DATA_SOURCES[name](url, { ...CONNECTION_OPTIONS, pooled });
    schemas.push({ name, dataSource, database });
  }
  return schemas;
}

/** A data source for the same connections as the apps'. */
export const appDataSourceOf = ({ name, database }: DatabaseSchema): DataSource =>
  DATA_SOURCES[name](database.app.url, { pooled: database.app.pooled });

/** A data source for the same connections as the apps' to a replica, which there must be. */
export const replicaDataSourceOf = ({ name, database }: DatabaseSchema): DataSource =>
  DATA_SOURCES[name](database.app.replicaUrl as string, { pooled: database.app.pooled });

/**
 * Applies pending migrations, adds missing permissions and partitions of the audit log, and adapts a restored database.
 * Several processes can do this at once.
 */
export async function migrateUp(schemas: DatabaseSchema[]): Promise<SchemaChanges> {
  const changed: SchemaChanges['schemas'] = [];
  for (const schema of schemas) {
    const migrations = await applyMigrations(schema, 'up');
    await whileConnected(schema, async (dataSource) => {
      await createAuditPartitions(dataSource);
      await renumberRestoredRevocations(dataSource);
    });
    changed.push({ schema: schema.name, migrations });
  }
  return { schemas: changed, permissions: await addPermissions(schemas) };
}

/** Reverts one migration: the newest applied one of all schemas. */
export async function migrateDown(schemas: DatabaseSchema[]): Promise<SchemaChanges> {
  const { schemas: states } = await migrationsOf(schemas);
  const last = states
    .flatMap(({ schema, migrations }) =>
      migrations.filter(({ applied }) => applied).map(({ name }) => ({ schema, createdAt: createdAt(name) })),
    )
    // If two have the same time, the one that was applied later.
    .reduce<{ schema: SchemaName; createdAt: number } | null>(
      (latest, one) => (latest && latest.createdAt > one.createdAt ? latest : one),
      null,
    );
  const schema = schemas.find(({ name }) => name === last?.schema);
  if (!schema) return { schemas: [], permissions: [] };
  const migrations = await applyMigrations(schema, 'down');
  return { schemas: [{ schema: schema.name, migrations }], permissions: [] };
}

/** PgBouncer would break the lock of migrations, which belongs to a session. */
async function applyMigrations(schema: DatabaseSchema, direction: 'up' | 'down'): Promise<string[]> {
  if (!schema.database.pooled) {
    return withDatabaseErrors(schema, () => migrate(schema.dataSource, direction));
  }
  const { pending } = await migrationsOf([schema]);
  if (direction === 'up' && pending === 0) return [];
  throw new UserFacingError(
    `Schema ${schema.name} cannot be migrated through PgBouncer: set DATABASE_DIRECT_URL to the URL of Postgres itself.`,
  );
}

/** The state of every migration. Changes nothing. */
export async function migrationsOf(schemas: DatabaseSchema[]): Promise<SchemaStatus> {
  const states: SchemaStatus['schemas'] = [];
  for (const schema of schemas) {
    const migrations = await withDatabaseErrors(schema, () => migrationStatus(schema.dataSource));
    states.push({ schema: schema.name, migrations });
  }
  const pending = states.flatMap(({ migrations }) => migrations).filter(({ applied }) => !applied).length;
  return { pending, schemas: states };
}

/** @throws UserFacingError if migrations are pending */
export async function requireMigrated(schemas: DatabaseSchema[]): Promise<void> {
  const { schemas: states } = await migrationsOf(schemas);
  for (const { schema, migrations } of states) {
    const pending = migrations.filter(({ applied }) => !applied).length;
    if (pending > 0) {
      throw new UserFacingError(
        `Schema ${schema} lacks ${pending} of its migrations: run twinkey migrate first.`,
      );
    }
  }
}

async function addPermissions(schemas: DatabaseSchema[]): Promise<string[]> {
  const identity = schemas.find(({ name }) => name === 'identity');
  if (!identity) return [];
  return whileConnected(identity, (dataSource) =>
    upsertPermissions(dataSource, PERMISSION_CATALOGUE, recordPermissions('migrate')),
  );
}

function whileConnected<T>(schema: DatabaseSchema, work: (dataSource: DataSource) => Promise<T>): Promise<T> {
  const { dataSource } = schema;
  return withDatabaseErrors(schema, async () => {
    await dataSource.initialize();
    try {
      return await work(dataSource);
    } finally {
      await dataSource.destroy();
    }
  });
}

/** The name of a migration class ends with its creation time, in milliseconds. */
const createdAt = (name: string) => Number(name.slice(-13));

/** Adds the schema and advice to database errors. */
async function withDatabaseErrors<T>(
  { name, dataSource }: DatabaseSchema,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new DatabaseCommandError(name, error, (dataSource.options as { url: string }).url);
  }
}

/** A database refused an operation or cannot be reached. The message includes advice; `cause` is the original error. */
export class DatabaseCommandError extends UserFacingError {
  constructor(schema: SchemaName, cause: unknown, url: string) {
    const advice = databaseAdvice(cause, url);
    super(`The ${schema} database: ${errorMessage(cause)}${advice ? `. ${advice}` : ''}`);
    this.cause = cause;
  }
}
