import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeycloakStartError } from '#libs/development/keycloak/keycloak-error.js';
import type { Environment } from '#libs/development/keycloak/programs.js';
import { demoRealm } from '#libs/development/keycloak/realm.js';
import { type RunningKeycloak, startKeycloak } from '#libs/development/keycloak/keycloak-server.js';

const ADMIN = { username: 'admin', password: 'test-admin' };

/** A real Keycloak that tests talk to. */
export interface KeycloakUnderTest {
  /** As browsers and services reach it, without a slash at its end. */
  url: string;
  /** Of realm `master`. */
  admin: { username: string; password: string };
  /**
   * Where this run started it: the secret that the realm `myrealm` was imported with, demo users and all. Null for the
   * one that KEYCLOAK_TEST_URL names, which may be far away and hold anything.
   */
  shippedRealm: { clientSecret: string } | null;
}

/**
 * The Keycloak of a whole run: the one that KEYCLOAK_TEST_URL names (with KEYCLOAK_TEST_ADMIN and
 * KEYCLOAK_TEST_ADMIN_PASSWORD, `admin` unless set), else one that is started on a free port, with its data in a temp folder.
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
        '\nOr set KEYCLOAK_TEST_URL to a running Keycloak, or leave these tests out: --project=!keycloak';
    }
    throw error;
  });
  return { keycloak: server.keycloak, close: server.close };
}

/** A Keycloak that a test may ill-treat. What it wrote in the half second before a `kill` is lost: its database is H2. */
export interface OwnKeycloak {
  keycloak: KeycloakUnderTest;
  /** The server that runs now. */
  server: RunningKeycloak;
  /** Starts it again after `stop` or `kill`: the same port, the same data. */
  restart(): Promise<void>;
  /** Stops it and removes its data. */
  close(): Promise<void>;
}

/** Starts a Keycloak with the shipped realm on a free port; takes 10 to 20 s. It goes with the process. */
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
