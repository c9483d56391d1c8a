import { type Environment, environmentName, isSet } from '#libs/config/environment.js';
import { UserFacingError } from '#libs/core/user-facing-error.js';
import { type ChosenApps, settingsOf } from '../chosen-apps.js';
import { importDevelopment } from '../development/import-development.js';
import { print } from '../terminal-output.js';
import type { DisposableStack } from './disposable-stack.js';
import type { Stop } from './stop.js';

/** Settings from the environment that also apply to the local Keycloak. */
const KEPT = ['KEYCLOAK_AUDIENCE', 'KEYCLOAK_ROLE_MAP'];

interface KeycloakOptions {
  root: string;
  apps: ChosenApps;
  /** 0 chooses a free port. */
  port: number;
  stop: Stop;
  closers: DisposableStack;
}

/** Starts the local Keycloak, and adds its settings to the environment. @throws KeycloakStartError */
export async function withKeycloak(
  env: Environment,
  { root, apps, port, stop, closers }: KeycloakOptions,
): Promise<{ env: Environment; notes: string[] }> {
  if (environmentName(env) !== 'development')
    throw new UserFacingError('--keycloak is only available in development.');
  // Report invalid settings before the slow start of Keycloak.
  settingsOf(apps, { ...env, KEYCLOAK_URL: '' });
  print('Starting Keycloak (this takes a while) …');
  const { startDevelopmentKeycloak } = await importDevelopment(
    () => import('#libs/development/keycloak/development-keycloak.js'),
    'no local Keycloak: set KEYCLOAK_URL',
  );
  const keycloak = await startDevelopmentKeycloak({
    root,
    environment: env,
    port,
    report: print,
    signal: stop.signal,
  });
  await closers.add(() => keycloak.server.stop());
  const kept = Object.fromEntries(KEPT.filter((name) => isSet(env, name)).map((name) => [name, env[name]]));
  return {
    env: { ...env, KEYCLOAK_INTERNAL_URL: '', ...keycloak.settings, ...kept },
    notes: [
      `Keycloak: ${keycloak.server.url}, realm ${keycloak.settings['KEYCLOAK_REALM']}, admin console ${keycloak.server.url}/admin`,
      ...keycloak.warnings.map((warning) => `Warning: ${warning}`),
    ],
  };
}
