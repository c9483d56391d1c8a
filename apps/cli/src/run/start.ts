import { type Environment, type EnvironmentName, readEnvironment } from '#libs/config/environment.js';
import type { Drain } from '#libs/http/drain.js';
import type { Logger } from '#libs/http/logger.js';
import type { RunningApp } from '#libs/http/running-app.js';
import { type ChosenApps, type ChosenSettings, databasesOf, settingsOf } from '../chosen-apps.js';
import { openDatabase } from '../development/database.js';
import { withDevelopmentKeys } from '../development/keys.js';
import type { Closers } from './closers.js';
import { withKeycloak } from './keycloak.js';
import { openLogger } from './logger.js';
import { withReachableIdentityProvider } from './own-address.js';
import { type DemoAccount, prepareDatabases } from './prepare-databases.js';
import type { Stop } from './stop.js';

export interface Running {
  environment: EnvironmentName;
  logger: Logger;
  addresses: RunningApp['addresses'];
  /** Development: those that are there. */
  demoAccounts: DemoAccount[];
  /** Development: what else runs, a line each. */
  notes: string[];
}

interface StartOptions {
  root: string;
  keycloak: boolean;
  stop: Stop;
  closers: Closers;
  drain: Drain;
}

/**
 * Starts the apps, and what they need where that is ours to start. Each thing is given to `closers` as soon as it is
 * there; what fails is thrown, and the caller closes.
 */
export async function start(apps: ChosenApps, options: StartOptions): Promise<Running> {
  const { root, closers } = options;
  const surroundings = await prepareEnvironment(apps, options);
  const { env, isEmbedded, notes } = surroundings;
  const settings = settingsOf(apps, env);
  const common = settings.identityProvider ?? settings.userService!;
  const { environment } = common;

  const { demoAccounts } = await prepareDatabases(env, { apps, isEmbedded });
  const logger = await openLogger(common);
  const addresses: RunningApp['addresses'] = [];
  // The one that others need is closed last.
  for (const app of await appsOf(settings, { logger, drain: options.drain })) {
    const running = await app();
    await closers.add(() => running.close());
    addresses.push(...running.addresses);
  }
  const where = isEmbedded ? [`Database: embedded Postgres, its data under ${root}/.twinkey/postgres`] : [];
  return { environment, logger, addresses, demoAccounts, notes: [...notes, ...where] };
}

interface Surroundings {
  env: Environment;
  isEmbedded: boolean;
  notes: string[];
}

/** The environment with all that development makes by itself. In production it is as it was found. */
async function prepareEnvironment(
  apps: ChosenApps,
  { root, keycloak, stop, closers }: StartOptions,
): Promise<Surroundings> {
  const found = await withReachableIdentityProvider(readEnvironment(root), apps);
  // One process of a checkout runs both; two that run one each may share the database.
  const needed = databasesOf(apps);
  const database = await openDatabase(found, { root, needed, exclusive: apps === 'all' });
  await closers.add(database.close);
  const env = apps === 'user-service' ? database.env : await withDevelopmentKeys(database.env, root);
  const { isEmbedded } = database;
  if (!keycloak) return { env, isEmbedded, notes: [] };
  return { isEmbedded, ...(await withKeycloak(env, { root, apps, stop, closers })) };
}

type Starter = () => Promise<RunningApp>;

/** Loaded when they are about to start: no other command, and no bad setting, waits for them. */
async function appsOf(
  { identityProvider, userService }: ChosenSettings,
  options: { logger: Logger; drain: Drain },
): Promise<Starter[]> {
  const starters: Starter[] = [];
  if (identityProvider) {
    const { startIdentityProvider } = await import('#apps/identity-provider/src/start.js');
    starters.push(() => startIdentityProvider(identityProvider, options));
  }
  if (userService) {
    const { startUserService } = await import('#apps/user-service/src/start.js');
    starters.push(() => startUserService(userService, options));
  }
  return starters;
}
