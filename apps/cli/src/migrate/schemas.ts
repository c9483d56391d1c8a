import type { DataSource } from 'typeorm';
import { PERMISSIONS } from '#libs/auth/permissions.js';
import type { DatabaseUrls } from '#libs/config/command.settings.js';
import { errorMessage, UserFacingError } from '#libs/core/user-facing-error.js';
import { databaseAdvice } from '#libs/database/database-advice.js';
import { identityDataSource } from '#libs/database/identity/identity-data-source.js';
import { upsertPermissions } from '#libs/database/identity/upsert-permissions.js';
import { type MigrationState, migrate, migrationStatus } from '#libs/database/migrate.js';
import { usersDataSource } from '#libs/database/users/users-data-source.js';

export type SchemaName = 'identity' | 'users';

export interface Schema {
  name: SchemaName;
  dataSource: DataSource;
}

/** What a run of `migrate` did. */
export interface SchemaChanges {
  schemas: { schema: SchemaName; migrations: string[] }[];
  /** Names that were added to the catalogue in the database. */
  permissions: string[];
}

export interface SchemaStatus {
  /** In all schemas together. */
  pending: number;
  schemas: { schema: SchemaName; migrations: MigrationState[] }[];
}

/** Nobody waits for an answer: patience with others that do the same. */
const PATIENT = { poolSize: 1, connectTimeoutMs: 5_000, statementTimeoutMs: 60_000 };

/** The schemas that have a database, in the order in which they are migrated. */
export function schemasOf({ identity, users }: DatabaseUrls): Schema[] {
  const schemas: Schema[] = [];
  if (identity !== null)
    schemas.push({ name: 'identity', dataSource: identityDataSource(identity, PATIENT) });
  if (users !== null) schemas.push({ name: 'users', dataSource: usersDataSource(users, PATIENT) });
  return schemas;
}

/** Applies all that is pending, and sees to it that every permission of an endpoint is there. Safe when several do so. */
export async function migrateUp(schemas: Schema[]): Promise<SchemaChanges> {
  const changed: SchemaChanges['schemas'] = [];
  for (const schema of schemas) {
    const migrations = await within(schema, () => migrate(schema.dataSource, 'up'));
    changed.push({ schema: schema.name, migrations });
  }
  return { schemas: changed, permissions: await addPermissions(schemas) };
}

/** Takes back the one migration that was written last, whichever schema it belongs to. */
export async function migrateDown(schemas: Schema[]): Promise<SchemaChanges> {
  const { schemas: states } = await migrationsOf(schemas);
  const last = states
    .flatMap(({ schema, migrations }) =>
      migrations.filter(({ applied }) => applied).map(({ name }) => ({ schema, written: writtenAt(name) })),
    )
    // Of two of one moment the one that was applied later.
    .reduce<{ schema: SchemaName; written: number } | null>(
      (latest, one) => (latest && latest.written > one.written ? latest : one),
      null,
    );
  const schema = schemas.find(({ name }) => name === last?.schema);
  if (!schema) return { schemas: [], permissions: [] };
  const migrations = await within(schema, () => migrate(schema.dataSource, 'down'));
  return { schemas: [{ schema: schema.name, migrations }], permissions: [] };
}

/** Every migration, applied or not. Changes nothing. */
export async function migrationsOf(schemas: Schema[]): Promise<SchemaStatus> {
  const states: SchemaStatus['schemas'] = [];
  for (const schema of schemas) {
    const migrations = await within(schema, () => migrationStatus(schema.dataSource));
    states.push({ schema: schema.name, migrations });
  }
  const pending = states.flatMap(({ migrations }) => migrations).filter(({ applied }) => !applied).length;
  return { pending, schemas: states };
}

/** @throws Failure where anything is pending */
export async function requireMigrated(schemas: Schema[]): Promise<void> {
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

async function addPermissions(schemas: Schema[]): Promise<string[]> {
  const identity = schemas.find(({ name }) => name === 'identity');
  if (!identity) return [];
  return within(identity, async () => {
    await identity.dataSource.initialize();
    try {
      return await upsertPermissions(identity.dataSource, PERMISSIONS);
    } finally {
      await identity.dataSource.destroy();
    }
  });
}

/** A class name ends in the time of its writing, in milliseconds. */
const writtenAt = (name: string) => Number(name.slice(-13));

/** The error of a database says whose it is. */
async function within<T>({ name, dataSource }: Schema, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new DatabaseFailure(name, error, (dataSource.options as { url: string }).url);
  }
}

/** What a database refused, or that it cannot be reached, and what mends it; `cause` holds its own error. */
export class DatabaseFailure extends UserFacingError {
  constructor(schema: SchemaName, cause: unknown, url: string) {
    const advice = databaseAdvice(cause, url);
    super(`The ${schema} database: ${errorMessage(cause)}${advice ? `. ${advice}` : ''}`);
    this.cause = cause;
  }
}
