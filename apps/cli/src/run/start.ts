import {
  type Environment,
  type EnvironmentName,
  isDevelopment,
  isSet,
  readEnvironment,
} from '#libs/config/environment.js';
import { SettingsError } from '#libs/config/settings-error.js';
import type { Drain } from '#libs/http/application/drain.js';
import type { RunningApp } from '#libs/http/application/running-app.js';
import type { Logger } from '#libs/observability/logger.js';
import { startTracing } from '#libs/observability/tracing.js';
import { type ChosenApps, type ChosenSettings, databasesOf, settingsOf } from '../chosen-apps.js';
import { ALL_DATABASES, openDatabase } from '../development/development-database.js';
import { usesDevelopmentKeys, withDevelopmentKeys } from '../development/development-keys.js';
import { withDevelopmentFeedToken } from '../development/feed-token.js';
import type { DisposableStack } from './disposable-stack.js';
import { withReachableIdentityProvider } from './internal-url.js';
import { KeyWatcher, withCurrentKeys } from './key-watcher.js';
import { withKeycloak } from './keycloak.js';
import { openLogger } from './logger.js';
import { type DemoAccount, prepareDatabases } from './prepare-databases.js';
import type { Stop } from './stop.js';

export interface Running {
  environment: EnvironmentName;
  logger: Logger;
  addresses: RunningApp['addresses'];
  /** In development: the demo accounts that exist. */
  demoAccounts: DemoAccount[];
  /** In development: one line about each additional server. */
  notes: string[];
}

export interface StartOptions {
  root: string;
  /** null: do not start a local Keycloak. */
  keycloakPort: number | null;
  stop: Stop;
  closers: DisposableStack;
}

export interface Prepared extends Pick<Running, 'demoAccounts' | 'notes'> {
  /** Includes the settings that development creates. */
  env: Environment;
}

/**
 * Starts the apps, and in development the servers that they need. Each started resource is added to `closers`; if the
 * start fails, the caller closes them.
 */
export async function start(
  apps: ChosenApps,
  { drain, ...options }: StartOptions & { drain: Drain },
): Promise<Running> {
  const { env, ...prepared } = await prepare(apps, options);
  const { root, closers } = options;
  return { ...prepared, ...(await open(apps, env, { root, closers, drain })) };
}

/** Prepares databases and keys, and checks the settings: once, also with several worker processes. */
export async function prepare(apps: ChosenApps, options: StartOptions): Promise<Prepared> {
  const { env, isEmbedded, notes } = await prepareEnvironment(apps, options);
  settingsOf(apps, env);
  const { demoAccounts } = await prepareDatabases(env, { apps, isEmbedded });
  const databaseNote = isEmbedded
    ? [`Database: embedded Postgres, data in ${options.root}/.twinkey/postgres`]
    : [];
  return { env, demoAccounts, notes: [...notes, ...databaseNote] };
}

interface OpenOptions {
  root: string;
  closers: DisposableStack;
  drain: Drain;
  /** The number of processes that share the listeners. */
  workers?: number;
}

/** Opens the listeners of the apps in this process. */
export async function open(
  apps: ChosenApps,
  preparedEnv: Environment,
  { root, closers, drain, workers = 1 }: OpenOptions,
): Promise<Pick<Running, 'environment' | 'logger' | 'addresses'>> {
  // A worker that replaces another one starts with the keys of this moment.
  const env = withCurrentKeys({ apps, root, env: preparedEnv });
  const found = settingsOf(apps, env);
  const common = found.identityProvider ?? found.userService!;
  const logger = await openLogger(common);
  const keys = new KeyWatcher({ apps, root, env }, logger);
  await closers.add(() => keys.close());
  const shared = { workers, keyUpdates: keys.updates };
  const settings: ChosenSettings = {
    identityProvider: found.identityProvider && { ...found.identityProvider, ...shared },
    userService: found.userService && { ...found.userService, ...shared },
  };
  await closers.add(await startTracing(env));
  const addresses: RunningApp['addresses'] = [];
  // Closed in reverse order: identity-provider, which user-service needs, is closed last.
  for (const app of await appsOf(settings, { logger, drain })) {
    const running = await app();
    await closers.add(() => running.close());
    addresses.push(...running.addresses);
  }
  return { environment: common.environment, logger, addresses };
}

interface PreparedEnvironment {
  env: Environment;
  isEmbedded: boolean;
  notes: string[];
}

/** The environment with the settings that development creates. Other environments get no additional settings. */
async function prepareEnvironment(
  apps: ChosenApps,
  { root, keycloakPort, stop, closers }: StartOptions,
): Promise<PreparedEnvironment> {
  const found = await withReachableIdentityProvider(readEnvironment(root), apps);
  requireValidSettings(apps, found);
  // Only one process per checkout can run both apps; two processes with one app each can share the database.
  const needed = databasesOf(apps);
  const database = await openDatabase(found, { root, needed, exclusive: apps === 'all' });
  await closers.add(database.close);
  const withKeys = apps === 'user-service' ? database.env : await withDevelopmentKeys(database.env, root);
  const env = withDevelopmentFeedToken(withKeys, root);
  const { isEmbedded } = database;
  if (keycloakPort === null) return { env, isEmbedded, notes: [] };
  return { isEmbedded, ...(await withKeycloak(env, { root, apps, port: keycloakPort, stop, closers })) };
}

const DATABASES: readonly string[] = ['DATABASE_URL', ...ALL_DATABASES];
const KEYS: readonly string[] = ['JWT_PRIVATE_KEY', 'JWT_PUBLIC_KEY'];

/** Whether development creates a setting that is missing. A key is only created if its pair is missing. */
const isCreated = (env: Environment, variable: string): boolean =>
  isDevelopment(env) &&
  !isSet(env, variable) &&
  (DATABASES.includes(variable) || (KEYS.includes(variable) && usesDevelopmentKeys(env)));

/** Checks all settings before anything is created, except those that development creates. @throws SettingsError */
function requireValidSettings(apps: ChosenApps, env: Environment): void {
  try {
    settingsOf(apps, env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const problems = error.problems.filter(({ variable }) => !isCreated(env, variable));
    if (problems.length > 0) throw new SettingsError(problems);
  }
}

type Starter = () => Promise<RunningApp>;

/** Imports the apps just before their start, so that other commands and settings errors do not wait for it. */
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
