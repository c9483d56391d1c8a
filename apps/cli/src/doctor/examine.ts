import { existsSync } from 'node:fs';
import { type Environment, readEnvironment } from '#libs/config/environment.js';
import { errorMessage } from '#libs/core/user-facing-error.js';
import { type ChosenApps, databasesOf } from '../chosen-apps.js';
import { type OpenDatabase, openDatabase } from '../development/database.js';
import { developmentKeysFile, usesDevelopmentKeys, withKeysOf } from '../development/keys.js';
import { broken, type DoctorCheck, type Examination } from './check.js';
import { checkDatabases } from './database.check.js';
import { checkInternalPort } from './internal-port.check.js';
import { checkKeycloak } from './keycloak.check.js';
import { checkKeys } from './keys.check.js';
import { checkMigrations } from './migrations.check.js';
import { checkSettings, settingsFaults } from './settings.check.js';

const EXAMINATIONS: Examination[] = [
  checkSettings,
  checkDatabases,
  checkMigrations,
  checkKeys,
  checkInternalPort,
  checkKeycloak,
];

/** All checks of the chosen apps, each area on its own: what is broken in one does not hide another. */
export async function examine(apps: ChosenApps, root: string): Promise<DoctorCheck[]> {
  let env: Environment;
  try {
    env = withExistingKeys(readEnvironment(root), root);
  } catch (error) {
    return settingsFaults(error);
  }
  const database = await open(env, apps, root);
  try {
    const examined = { apps, root, env: database.env };
    const found = await Promise.all(EXAMINATIONS.map((examination) => examination(examined)));
    return [...database.checks, ...found.flat()];
  } finally {
    await database.close();
  }
}

/** Those of the checkout, where it has any: looking at things makes none. */
function withExistingKeys(env: Environment, root: string): Environment {
  const file = developmentKeysFile(root);
  return usesDevelopmentKeys(env) && existsSync(file) ? withKeysOf(file, env) : env;
}

async function open(
  env: Environment,
  apps: ChosenApps,
  root: string,
): Promise<Pick<OpenDatabase, 'env' | 'close'> & { checks: DoctorCheck[] }> {
  try {
    return { ...(await openDatabase(env, { root, needed: databasesOf(apps) })), checks: [] };
  } catch (error) {
    const check = broken(
      'database',
      errorMessage(error),
      'Look into .twinkey/postgres, or set DATABASE_URL.',
    );
    return { env, close: async () => {}, checks: [check] };
  }
}
