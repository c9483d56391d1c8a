import { type Environment, environmentName, isSet } from '#libs/config/environment.js';
import { importDevelopment } from './import-development.js';

export type DatabaseVariable = 'IDENTITY_DATABASE_URL' | 'USER_DATABASE_URL';

export const ALL_DATABASES: readonly DatabaseVariable[] = ['IDENTITY_DATABASE_URL', 'USER_DATABASE_URL'];

export interface OpenDatabase {
  /** Includes the URLs of the embedded database, if that is used. */
  env: Environment;
  isEmbedded: boolean;
  /** Releases the embedded database, which stops if no other process uses it. */
  close(): Promise<void>;
}

/** Whether the embedded database replaces database URLs that are not set. */
export const usesEmbeddedDatabase = (env: Environment, needed = ALL_DATABASES): boolean =>
  environmentName(env) === 'development' &&
  !isSet(env, 'DATABASE_URL') &&
  needed.some((name) => !isSet(env, name));

/**
 * Opens the checkout's embedded Postgres in development, if the URL of a needed database is not set.
 * @param options.exclusive allows only one exclusive process per checkout
 * @throws AlreadyRunningError if another exclusive process runs
 */
export async function openDatabase(
  env: Environment,
  options: { root: string; exclusive?: boolean; needed?: readonly DatabaseVariable[] },
): Promise<OpenDatabase> {
  if (!usesEmbeddedDatabase(env, options.needed)) {
    return { env, isEmbedded: false, close: async () => {} };
  }
  const { openEmbeddedPostgres } = await importDevelopment(
    () => import('#libs/development/postgres/embedded-postgres.js'),
    'no embedded Postgres: set DATABASE_URL',
  );
  const { url, close } = await openEmbeddedPostgres({
    root: options.root,
    exclusive: options.exclusive ?? false,
  });
  // The other app may have a database of its own, behind PgBouncer: DATABASE_POOLED stays as it is.
  const embedded = { DATABASE_URL: url, DATABASE_DIRECT_URL: url, DATABASE_REPLICA_URL: '' };
  return { env: { ...env, ...embedded }, isEmbedded: true, close };
}

/** Opens the database while `work` runs. */
export async function withOpenDatabase<T>(
  env: Environment,
  root: string,
  work: (env: Environment) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(env, { root });
  try {
    return await work(database.env);
  } finally {
    await database.close();
  }
}
