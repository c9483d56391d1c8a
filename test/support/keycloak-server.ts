import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '#libs/config/environment.js';
import { KeycloakStartError } from '#libs/development/keycloak/keycloak-error.js';
import { type RunningKeycloak, startKeycloak } from '#libs/development/keycloak/keycloak-server.js';
import { demoRealm } from '#libs/development/keycloak/realm-files.js';

const ADMIN = { username: 'admin', password: 'test-admin' };

/** A real Keycloak that tests call. */
export interface KeycloakUnderTest {
  /** The URL for browsers and services, without a trailing slash. */
  url: string;
  /** The administrator of realm `master`. */
  admin: { username: string; password: string };
  /**
   * The client secret with which this run imported realm `myrealm`, with the demo users. Null for the Keycloak of
   * KEYCLOAK_TEST_URL, which can have any content.
   */
  shippedRealm: { clientSecret: string } | null;
}

/**
 * The Keycloak of a test run: the one at KEYCLOAK_TEST_URL (with KEYCLOAK_TEST_ADMIN and KEYCLOAK_TEST_ADMIN_PASSWORD,
 * default `admin`), otherwise a new one on a free port with its data in a temporary folder.
 */
export async function keycloakUnderTest(
  environment: Environment,
): Promise<{ keycloak: KeycloakUnderTest; close(): Promise<void> }> {
  const url = environment['KEYCLOAK_TEST_URL']?.replace(/\/+$/, '');
  if (url) {
    const admin = {
      username: environment['KEYCLOAK_TEST_ADMIN'] || 'admin',
      password: environment['KEYCLOAK_TEST_ADMIN_PASSWORD'] || 'admin',
    };
    return { keycloak: { url, admin, shippedRealm: null }, close: async () => undefined };
  }
  const server = await startOwnKeycloak(environment).catch((error: unknown) => {
    if (error instanceof KeycloakStartError) {
      error.message +=
        '\nOr set KEYCLOAK_TEST_URL to a running Keycloak, or skip these tests: --project=!keycloak';
    }
    throw error;
  });
  return { keycloak: server.keycloak, close: server.close };
}

/** A Keycloak that a test can stop or freeze. A `kill` loses the last half second of writes, since its database is H2. */
export interface OwnKeycloak {
  keycloak: KeycloakUnderTest;
  /** The current server process. */
  server: RunningKeycloak;
  /** Starts the server after `stop` or `kill`, with the same port and data. */
  restart(): Promise<void>;
  /** Stops the server and removes its data. */
  close(): Promise<void>;
}

/** Starts a Keycloak with the shipped realm on a free port, in 10 to 20 s. It ends with this process. */
export async function startOwnKeycloak(environment: Environment = process.env): Promise<OwnKeycloak> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'twinkey-keycloak-'));
  const clientSecret = 'a-secret-of-the-tests';
  const start = async (port: number) =>
    startKeycloak({
      port,
      dataFolder,
      hostname: '127.0.0.1',
      admin: ADMIN,
      environment: { ...environment, KEYCLOAK_CLIENT_SECRET: clientSecret },
      realm: await demoRealm(),
      report: (line) => process.stderr.write(`${line}\n`),
    });
  const removeData = () => rm(dataFolder, { recursive: true, force: true });
  const first = await start(0).catch(async (error: unknown) => {
    await removeData();
    throw error;
  });
  const own: OwnKeycloak = {
    keycloak: { url: first.url, admin: ADMIN, shippedRealm: { clientSecret } },
    server: first,
    restart: async () => {
      own.server = await start(first.port);
    },
    close: async () => {
      await own.server.stop();
      await removeData();
    },
  };
  return own;
}
