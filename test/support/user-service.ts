import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import { startUserService } from '#apps/user-service/src/start.js';
import type { KeycloakServiceSettings, UserServiceSettings } from '#libs/config/settings.js';
import { usersDataSource } from '#libs/database/users/users-data-source.js';
import { Drain } from '#libs/http/application/drain.js';
import type { Logger } from '#libs/observability/logger.js';
import { type Members, nativeToken, signToken, testKey } from '#libs/verify/src/testing/tokens.js';
import { Api } from './api.js';
import { type AppDatabase, appDatabase } from './app-database.js';
import type { TestRealm } from './keycloak.js';
import { createTestDatabase } from './postgres.js';
import { startReplicated } from './replicas.js';

const ISSUER = 'http://identity-provider.test';
const AUDIENCE = 'test';
/** A URL where no server listens. */
const UNREACHABLE_URL = 'http://127.0.0.1:9';

/** The key of the simulated native issuer, in tests without a real identity-provider. */
const key = testKey('test');

/** A real user-service on free ports, with its own database. */
export interface TestUserService {
  /** Port 3000, without a token. */
  api: Api;
  /** The public listener's own URL, without the load balancer, which would reject malformed requests. */
  directUrl: string;
  /** Port 3001. */
  internal: Api;
  settings: UserServiceSettings;
  /** For reading rows. */
  database: DataSource;
  /** A caller with a native token of a new user; `claims` replace the generated ones. */
  native(claims?: Members): Api;
  close(): Promise<void>;
}

/**
 * @param overrides settings; with `databaseUrl` the app is another replica on that database
 * @param logger by default nothing is logged
 */
export async function startTestUserService(
  overrides: Partial<UserServiceSettings> = {},
  logger?: Logger,
): Promise<TestUserService> {
  const own = overrides.databaseUrl ? null : await createTestDatabase();
  const url = own?.url ?? (overrides.databaseUrl as string);
  const settings = {
    ...settingsFor(),
    ...appDatabase(url),
    ...overrides,
    databaseUrl: appDatabase(url).databaseUrl,
  };
  const database = await usersDataSource(settings.database.directUrl ?? url, {
    poolSize: 3,
    connectTimeoutMs: 20_000,
  }).initialize();
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
    directUrl: app.directUrls[app.addresses.findIndex(({ label }) => label === 'user-service')] ?? '',
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

/** Settings with which user-service trusts a realm and uses its Admin API; `internalUrl` may be a proxy. */
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

function settingsFor(): Omit<UserServiceSettings, keyof AppDatabase> {
  return {
    environment: 'test',
    host: '127.0.0.1',
    port: 0,
    corsOrigins: [],
    corsLocalhost: false,
    trustProxy: false,
    docs: false,
    docsClientId: null,
    logLevel: 'silent',
    auditRetentionDays: 400,
    authorityFeedToken: null,
    internalPort: 0,
    internalHost: '127.0.0.1',
    internalApiToken: null,
    identityProviderUrl: UNREACHABLE_URL,
    native: {
      issuer: ISSUER,
      audience: AUDIENCE,
      maxLifetimeSeconds: 7_200,
      keys: [{ kid: key.kid, key: key.key, pem: key.pem }],
      jwksUrl: null,
    },
    keycloak: null,
    keycloakRecheckSeconds: 0,
  };
}
