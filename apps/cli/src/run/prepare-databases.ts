import { setTimeout as sleep } from 'node:timers/promises';
import { commandDatabases, seedSettings } from '#libs/config/command.settings.js';
import { type Environment, environmentName, isSet } from '#libs/config/environment.js';
import { isMisconfigured, isUnavailable } from '#libs/database/errors/pg-errors.js';
import { type ChosenApps, databasesOf } from '../chosen-apps.js';
import { type DatabaseSchema, migrateUp, requireMigrated, schemasOf } from '../migrate/schema-migrations.js';
import { withSeedService } from '../seed/seed-context.js';

export interface DemoAccount {
  email: string;
  password: string;
}

/** The maximum time to wait for a database that is still starting. */
const DATABASE_WAIT_MS = 10_000;

/**
 * In production, only checks that no migrations are pending. In other environments, applies migrations. In development,
 * also creates the demo accounts: in the embedded database at each start, in other databases only if they have no accounts.
 */
export async function prepareDatabases(
  env: Environment,
  { apps, isEmbedded }: { apps: ChosenApps; isEmbedded: boolean },
): Promise<{ demoAccounts: DemoAccount[] }> {
  const environment = environmentName(env);
  const needed = databasesOf(apps);
  const databases = commandDatabases(env);
  const schemas = schemasOf({
    identity: needed.includes('IDENTITY_DATABASE_URL') ? databases.identity : null,
    users: needed.includes('USER_DATABASE_URL') ? databases.users : null,
  });
  await retryWhileUnavailable(async () => {
    if (environment === 'production') await requireMigrated(schemas);
    else await migrateUp(schemas);
  });
  if (environment !== 'development' || !hasIdentity(schemas)) return { demoAccounts: [] };
  return withSeedService(seedSettings(env), async (seed) => {
    const isIdentityEmbedded = isEmbedded && !isSet(env, 'IDENTITY_DATABASE_URL');
    if (isIdentityEmbedded || !(await seed.hasAnyAccount())) await seed.seedDemo();
    return { demoAccounts: await seed.findDemoAccounts() };
  });
}

const hasIdentity = (schemas: DatabaseSchema[]) => schemas.some(({ name }) => name === 'identity');

async function retryWhileUnavailable<T>(work: () => Promise<T>): Promise<T> {
  const since = performance.now();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isStarting = isUnavailable(error) && !isMisconfigured(error);
      if (!isStarting || performance.now() - since > DATABASE_WAIT_MS) throw error;
    }
    await sleep(1_000);
  }
}
