import {
  type Environment,
  type EnvironmentName,
  isDevelopment,
  readEnvironment,
} from '#libs/config/environment.js';
import { SettingsError, type SettingsFault } from '#libs/config/settings-error.js';
import type { Drain } from '#libs/http/application/drain.js';
import type { Logger } from '#libs/observability/logger.js';
import type { RunningApp } from '#libs/http/application/running-app.js';
import { startTracing } from '#libs/observability/tracing.js';
import { type ChosenApps, type ChosenSettings, databasesOf, settingsOf } from '../chosen-apps.js';
import { ALL_DATABASES, openDatabase } from '../development/database.js';
import { isSet } from '../development/is-set.js';
import { withDevelopmentKeys } from '../development/keys.js';
import type { DisposableStack } from './disposable-stack.js';
import { withKeycloak } from './keycloak.js';
import { openLogger } from './logger.js';
import { withReachableIdentityProvider } from './internal-url.js';
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

export interface StartOptions {
  root: string;
  /** null: no local Keycloak is wanted. */
  keycloakPort: number | null;
  stop: Stop;
  closers: DisposableStack;
}

export interface Prepared extends Pick<Running, 'demoAccounts' | 'notes'> {
  /** With all that development makes by itself. */
  env: Environment;
}

/**
 * Starts the apps, and what they need where that is ours to start. Each thing is given to `closers` as soon as it is
 * there; what fails is thrown, and the caller closes.
 */
export async function start(
  apps: ChosenApps,
  { drain, ...options }: StartOptions & { drain: Drain },
): Promise<Running> {
  const { env, ...told } = await prepare(apps, options);
  return { ...told, ...(await open(apps, env, { closers: options.closers, drain })) };
}

/** What is done once, however many processes then serve: databases, keys and a look at the settings. */
export async function prepare(apps: ChosenApps, options: StartOptions): Promise<Prepared> {
  const { env, isEmbedded, notes } = await prepareEnvironment(apps, options);
  settingsOf(apps, env);
  const { demoAccounts } = await prepareDatabases(env, { apps, isEmbedded });
  const where = isEmbedded
    ? [`Database: embedded Postgres, its data under ${options.root}/.twinkey/postgres`]
    : [];
  return { env, demoAccounts, notes: [...notes, ...where] };
}

/** Opens the listeners of the apps in this process. @param options.workers how many processes do the same */
export async function open(
  apps: ChosenApps,
  env: Environment,
  { closers, drain, workers = 1 }: { closers: DisposableStack; drain: Drain; workers?: number },
): Promise<Pick<Running, 'environment' | 'logger' | 'addresses'>> {
  const settings = settingsOf(apps, env);
  const common = settings.identityProvider ?? settings.userService!;
  for (const each of [settings.identityProvider, settings.userService]) if (each) each.workers = workers;
  const logger = await openLogger(common);
  await closers.add(await startTracing(env));
  const addresses: RunningApp['addresses'] = [];
  // The one that others need is closed last.
  for (const app of await appsOf(settings, { logger, drain })) {
    const running = await app();
    await closers.add(() => running.close());
    addresses.push(...running.addresses);
  }
  return { environment: common.environment, logger, addresses };
}

interface Surroundings {
  env: Environment;
  isEmbedded: boolean;
  notes: string[];
}

/** The environment with all that development makes by itself. In production it is as it was found. */
async function prepareEnvironment(
  apps: ChosenApps,
  { root, keycloakPort, stop, closers }: StartOptions,
): Promise<Surroundings> {
  const found = await withReachableIdentityProvider(readEnvironment(root), apps);
  requireSoundSettings(apps, found);
  // One process of a checkout runs both; two that run one each may share the database.
  const needed = databasesOf(apps);
  const database = await openDatabase(found, { root, needed, exclusive: apps === 'all' });
  await closers.add(database.close);
  const env = apps === 'user-service' ? database.env : await withDevelopmentKeys(database.env, root);
  const { isEmbedded } = database;
  if (keycloakPort === null) return { env, isEmbedded, notes: [] };
  return { isEmbedded, ...(await withKeycloak(env, { root, apps, port: keycloakPort, stop, closers })) };
}

/** What development makes by itself where it is not set. */
const MADE = new Set(['DATABASE_URL', 'JWT_PRIVATE_KEY', 'JWT_PUBLIC_KEY', ...ALL_DATABASES]);

/** Before anything is made: all faults at once, but what is about to be made. @throws SettingsError */
function requireSoundSettings(apps: ChosenApps, env: Environment): void {
  try {
    settingsOf(apps, env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const isMade = ({ variable }: SettingsFault) =>
      isDevelopment(env) && MADE.has(variable) && !isSet(env, variable);
    const problems = error.problems.filter((problem) => !isMade(problem));
    if (problems.length > 0) throw new SettingsError(problems);
  }
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
