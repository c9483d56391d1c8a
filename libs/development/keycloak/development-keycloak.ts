import { join } from 'node:path';
import { environmentName } from '#libs/config/environment.js';
import { composeVariables } from '#libs/config/variables/compose.js';
import { keycloakVariables } from '#libs/config/variables/keycloak.js';
import { KeycloakStartError } from './keycloak-error.js';
import type { Environment } from './programs.js';
import { demoRealm } from './realm.js';
import { type RunningKeycloak, startKeycloak } from './keycloak-server.js';

const CLIENT_ID = 'user-service';
const ROLE_MAP = 'twinkey-admin=admin';

export interface DevelopmentKeycloak {
  server: RunningKeycloak;
  admin: { username: string; password: string };
  /** What Twinkey needs in its environment to use this Keycloak, `KEYCLOAK_URL` and so on. */
  settings: Record<string, string>;
  dataFolder: string;
  /** What does not fit, each in a sentence. */
  warnings: string[];
}

/**
 * Starts the Keycloak for developing in the checkout `root`: the shipped realm with the demo users, its data kept under
 * `.twinkey/keycloak`. Secrets come from `environment`, else they are the ones of `.env.example`.
 * Throws a KeycloakProblem as `startKeycloak` does, and where the environment is production.
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
      'ENVIRONMENT is production: this Keycloak has demo users, and is for development.',
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
    environment: { ...environment, KEYCLOAK_CLIENT_SECRET: clientSecret },
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

/** A secret is imported once, with the realm: one that was changed in .env afterwards is not Keycloak's. */
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
        `Keycloak refuses KEYCLOAK_CLIENT_SECRET (${status}): its realm was imported with another one. ` +
          `Set that one, or delete ${dataFolder} to import the realm anew.`,
      ];
}
