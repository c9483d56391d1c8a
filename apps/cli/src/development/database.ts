import { type Environment, environmentName } from '#libs/config/environment.js';
import { isSet } from './is-set.js';

export type DatabaseVariable = 'IDENTITY_DATABASE_URL' | 'USER_DATABASE_URL';

export const ALL_DATABASES: readonly DatabaseVariable[] = ['IDENTITY_DATABASE_URL', 'USER_DATABASE_URL'];

export interface OpenDatabase {
  /** With a `DATABASE_URL` where that was missing and one could be had. */
  env: Environment;
  /** Whether that is the embedded one. */
  isEmbedded: boolean;
  /** Lets go of the embedded database, which stops where nobody else uses it. */
  close(): Promise<void>;
}

/** Whether the embedded database takes the place of URLs that are not set. */
export const usesEmbeddedDatabase = (env: Environment, needed = ALL_DATABASES): boolean =>
  environmentName(env) === 'development' &&
  !isSet(env, 'DATABASE_URL') &&
  needed.some((name) => !isSet(env, name));

/**
 * In development, where the URL of a needed database is not set: opens the checkout's embedded Postgres.
 * @param options.exclusive lets in one such process of the checkout
 * @throws AlreadyRunningError
 */
export async function openDatabase(
  env: Environment,
  options: { root: string; exclusive?: boolean; needed?: readonly DatabaseVariable[] },
): Promise<OpenDatabase> {
  if (!usesEmbeddedDatabase(env, options.needed)) {
    return { env, isEmbedded: false, close: async () => {} };
  }
  const { openEmbeddedPostgres } = await import('#libs/development/postgres/embedded-postgres.js');
  const { url, close } = await openEmbeddedPostgres({
    root: options.root,
    exclusive: options.exclusive ?? false,
  });
  return { env: { ...env, DATABASE_URL: url }, isEmbedded: true, close };
}

/** The same for the time that `work` takes. */
export async function withDatabase<T>(
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
