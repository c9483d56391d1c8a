import type { DataSource } from 'typeorm';
import { commandDatabases } from '#libs/config/command.settings.js';
import type { Environment } from '#libs/config/environment.js';
import { UserFacingError } from '#libs/core/user-facing-error.js';
import { findPostgresError } from '#libs/database/errors/pg-errors.js';
import { identityDataSource } from '#libs/database/identity/identity-data-source.js';
import { CONNECTION_OPTIONS, DatabaseCommandError } from '../migrate/schema-migrations.js';

/** SQLSTATE: undefined table, column, function or schema. */
const NOT_MIGRATED = ['42P01', '42703', '42883', '3F000'];

/** Connects to schema `identity` while `work` runs. @throws UserFacingError with advice if the database refuses */
export async function withIdentityDatabase<T>(
  env: Environment,
  work: (database: DataSource) => Promise<T>,
): Promise<T> {
  const { identity } = commandDatabases(env);
  if (identity === null) throw new UserFacingError('IDENTITY_DATABASE_URL is not set.');
  const { url, pooled } = identity;
  const database = identityDataSource(url, { ...CONNECTION_OPTIONS, pooled });
  try {
    await database.initialize();
    return await work(database);
  } catch (error) {
    if (error instanceof UserFacingError) throw error;
    if (NOT_MIGRATED.includes(findPostgresError(error)?.code ?? '')) {
      throw new UserFacingError('Schema identity is not up to date: run twinkey migrate first.');
    }
    throw new DatabaseCommandError('identity', error, url);
  } finally {
    if (database.isInitialized) await database.destroy();
  }
}
