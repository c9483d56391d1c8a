import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import { startUserService } from '#apps/user-service/src/start.js';
import { type Members, nativeToken, signToken, testKey } from '#libs/auth/testing/tokens.js';
import type { KeycloakServiceSettings, UserServiceSettings } from '#libs/config/settings.js';
import { usersDataSource } from '#libs/database/users/users-data-source.js';
import { Drain } from '#libs/http/application/drain.js';
import type { Logger } from '#libs/observability/logger.js';
import { Api } from './api.js';
import type { TestRealm } from './keycloak.js';
import { createTestDatabase } from './postgres.js';
import { startReplicated } from './replicas.js';

const ISSUER = 'http://identity-provider.test';
const AUDIENCE = 'test';
/** An address on which nobody listens. */
const NOWHERE = 'http://127.0.0.1:9';

/** Of the native issuer that these tests play, where no real identity-provider is asked. */
const key = testKey('test');

/** A real user-service on free ports, over a database of its own. */
export interface TestUserService {
  /** Port 3000, without a token. */
  api: Api;
  /** Its listener itself, whatever stands before it: for bytes that no load balancer lets through. */
  wire: string;
  /** Port 3001. */
  internal: Api;
  settings: UserServiceSettings;
  /** For looking at rows. */
  database: DataSource;
  /** A native token's bearer; `claims` replace those of a person whom nobody else is. */
  native(claims?: Members): Api;
  close(): Promise<void>;
}

/**
 * @param overrides of its settings; with `databaseUrl` it is one more replica over that database
 * @param logger unless told, it logs nothing
 */
export async function startTestUserService(
  overrides: Partial<UserServiceSettings> = {},
  logger?: Logger,
): Promise<TestUserService> {
  const own = overrides.databaseUrl ? null : await createTestDatabase();
  const settings = { ...settingsFor(own?.url ?? (overrides.databaseUrl as string)), ...overrides };
  const database = await usersDataSource(settings.databaseUrl, { poolSize: 3 }).initialize();
  const app = await startReplicated(() =>
    startUserService(settings, {
      logger: logger ?? pino({ level: settings.logLevel }),
      drain: new Drain(),
    }),
  );
  const urlOf = (label: string) => app.addresses.find((address) => address.label === label)?.url ?? '';
  const api = new Api(urlOf('user-service'));
  return {
    api,
    wire: app.wires[app.addresses.findIndex(({ label }) => label === 'user-service')] ?? '',
    internal: new Api(urlOf('user-service, internal')),
    settings,
    database,
    native: (given = {}) => {
      const { header, claims } = nativeToken(ISSUER, AUDIENCE, key.kid);
      const email = `${randomUUID()}@example.com`;
      const own = { sub: randomUUID(), jti: randomUUID(), email, preferred_username: email };
      return api.as(signToken({ header, claims: { ...claims, ...own, ...given } }, key));
    },
    close: async () => {
      await app.close();
      await database.destroy();
      await own?.close();
    },
  };
}

/** The settings that make it trust a realm and use its Admin API; `internalUrl` may lead through a proxy. */
export function keycloakSettings(
  realm: TestRealm,
  { internalUrl = realm.keycloak.url } = {},
): KeycloakServiceSettings {
  return {
    issuer: realm.issuer,
    jwksUrl: `${internalUrl}/realms/${encodeURIComponent(realm.name)}/protocol/openid-connect/certs`,
    audience: 'user-service',
    roleMap: new Map([['twinkey-admin', 'admin']]),
    url: realm.keycloak.url,
    internalUrl,
    realm: realm.name,
    clientId: 'user-service',
    clientSecret: realm.clientSecret,
  };
}

function settingsFor(databaseUrl: string): UserServiceSettings {
  return {
    environment: 'test',
    host: '127.0.0.1',
    port: 0,
    corsOrigins: [],
    corsLocalhost: false,
    trustProxy: false,
    docs: false,
    logLevel: 'silent',
    internalPort: 0,
    internalHost: '127.0.0.1',
    internalApiToken: null,
    identityProviderUrl: NOWHERE,
    databaseUrl,
    native: {
      issuer: ISSUER,
      audience: AUDIENCE,
      maxLifetimeSeconds: 7_200,
      keys: [{ kid: key.kid, key: key.key, pem: key.pem }],
      jwksUrl: null,
    },
    keycloak: null,
  };
}
