import { type Environment, readEnvironment } from '#libs/config/environment.js';
import { errorMessage } from '#libs/core/user-facing-error.js';
import { type ChosenApps, databasesOf } from '../chosen-apps.js';
import { type OpenDatabase, openDatabase } from '../development/development-database.js';
import { withExistingDevelopmentKeys } from '../development/development-keys.js';
import { type AreaCheck, broken, type DoctorCheck } from './check.js';
import { checkDatabases } from './database.check.js';
import { checkInternalPort } from './internal-port.check.js';
import { checkKeycloak } from './keycloak.check.js';
import { checkKeys } from './keys.check.js';
import { checkMail } from './mail.check.js';
import { checkMigrations } from './migrations.check.js';
import { checkSettings, settingsProblems, unknownVariable } from './settings.check.js';

const AREA_CHECKS: AreaCheck[] = [
  checkSettings,
  checkDatabases,
  checkMigrations,
  checkKeys,
  checkInternalPort,
  checkKeycloak,
  checkMail,
];

/** Runs all checks of the chosen apps. Areas are independent: a problem in one does not hide problems in another. */
export async function runChecks(apps: ChosenApps, root: string): Promise<DoctorCheck[]> {
  let env: Environment;
  const warnings: string[] = [];
  try {
    // Doctor creates no keys.
    env = withExistingDevelopmentKeys(
      readEnvironment(root, undefined, (text) => warnings.push(text)),
      root,
    );
  } catch (error) {
    return settingsProblems(error);
  }
  const database = await open(env, apps, root);
  try {
    const context = { apps, root, env: database.env };
    const found = await Promise.all(AREA_CHECKS.map((check) => check(context)));
    return [...warnings.map(unknownVariable), ...database.checks, ...found.flat()];
  } finally {
    await database.close();
  }
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
      'Check the logs in .twinkey/postgres, or set DATABASE_URL.',
    );
    return { env, close: async () => {}, checks: [check] };
  }
}
