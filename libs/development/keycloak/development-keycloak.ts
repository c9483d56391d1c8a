import { join } from 'node:path';
import { type Environment, environmentName } from '#libs/config/environment.js';
import { composeVariables } from '#libs/config/variables/compose.js';
import { keycloakVariables } from '#libs/config/variables/keycloak.js';
import { listenerVariables } from '#libs/config/variables/listeners.js';
import { KeycloakStartError } from './keycloak-error.js';
import { type RunningKeycloak, startKeycloak } from './keycloak-server.js';
import { demoRealm } from './realm-files.js';

const CLIENT_ID = 'user-service';
const ROLE_MAP = 'twinkey-admin=admin';

export interface DevelopmentKeycloak {
  server: RunningKeycloak;
  admin: { username: string; password: string };
  /** The environment variables with which Twinkey uses this Keycloak, such as `KEYCLOAK_URL`. */
  settings: Record<string, string>;
  dataFolder: string;
  /** Problems, each in a sentence. */
  warnings: string[];
}

/**
 * Starts the development Keycloak of the checkout `root`: the shipped realm with the demo users, with its data in
 * `.twinkey/keycloak`. Secrets come from `environment`, otherwise from `.env.example`.
 * @throws KeycloakStartError like `startKeycloak`, and in production
 */
export async function startDevelopmentKeycloak(options: {
  root: string;
  environment: Environment;
  /** Default 8080. */
  port?: number;
  report?: (line: string) => void;
  signal?: AbortSignal;
}): Promise<DevelopmentKeycloak> {
  const { root, environment, port = 8080, report, signal } = options;
  if (environmentName(environment) === 'production') {
    throw new KeycloakStartError(
      'ENVIRONMENT is production: this Keycloak has demo users and is for development only.',
    );
  }
  const clientSecret =
    environment['KEYCLOAK_CLIENT_SECRET'] || keycloakVariables.KEYCLOAK_CLIENT_SECRET.sample;
  const admin = {
    username: environment['KEYCLOAK_ADMIN'] || String(composeVariables.KEYCLOAK_ADMIN.default),
    password:
      environment['KEYCLOAK_ADMIN_PASSWORD'] || String(composeVariables.KEYCLOAK_ADMIN_PASSWORD.default),
  };
  const realm = await demoRealm();
  const dataFolder = join(root, '.twinkey', 'keycloak');
  const server = await startKeycloak({
    port,
    dataFolder,
    environment: {
      ...environment,
      KEYCLOAK_CLIENT_SECRET: clientSecret,
      KEYCLOAK_BACKCHANNEL_LOGOUT_URL: logoutUrl(environment),
    },
    admin,
    realm,
    report,
    signal,
  });
  const settings = {
    KEYCLOAK_URL: server.url,
    KEYCLOAK_REALM: String(realm.realm),
    KEYCLOAK_CLIENT_ID: CLIENT_ID,
    KEYCLOAK_CLIENT_SECRET: clientSecret,
    KEYCLOAK_ROLE_MAP: ROLE_MAP,
  };
  return { server, admin, settings, dataFolder, warnings: await warningsAbout(settings, server, dataFolder) };
}

/** For the placeholder in the realm: identity-provider on this machine. */
const logoutUrl = (environment: Environment): string =>
  environment['KEYCLOAK_BACKCHANNEL_LOGOUT_URL'] ||
  `http://localhost:${environment['PORT'] || listenerVariables.PORT.default}/api/v1/auth/backchannel-logout`;

/** The secret is imported once, with the realm: a later change in .env does not reach Keycloak. */
async function warningsAbout(
  settings: Record<string, string>,
  { port }: RunningKeycloak,
  dataFolder: string,
): Promise<string[]> {
  const realm = `http://127.0.0.1:${port}/realms/${settings['KEYCLOAK_REALM']}`;
  const { status } = await fetch(`${realm}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: CLIENT_ID,
      client_secret: settings['KEYCLOAK_CLIENT_SECRET'] ?? '',
    }),
    signal: AbortSignal.timeout(10_000),
  });
  return status === 200
    ? []
    : [
        `Keycloak refuses KEYCLOAK_CLIENT_SECRET (${status}): its realm was imported with another secret. ` +
          `Set that secret, or delete ${dataFolder} to import the realm again.`,
      ];
}
