import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import { addSystemRoles } from '#apps/identity-provider/src/seed/system-roles.js';
import { startIdentityProvider } from '#apps/identity-provider/src/start.js';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import type { Account } from '#libs/database/identity/account.entity.js';
import { identityDataSource } from '#libs/database/identity/identity-data-source.js';
import { Role } from '#libs/database/identity/role.entity.js';
import { Drain } from '#libs/http/application/drain.js';
import type { Logger } from '#libs/observability/logger.js';
import { type Members, nativeToken, signToken, testKey } from '#libs/verify/src/testing/tokens.js';
import { Api } from './api.js';
import { type AppDatabase, appDatabase } from './app-database.js';
import { Factories } from './factories.js';
import { createTestDatabase } from './postgres.js';
import { startReplicated } from './replicas.js';

const ISSUER = 'http://identity-provider.test';
const AUDIENCE = 'test';

const key = testKey('test');

export interface Caller {
  account: Account;
  api: Api;
}

/** A real identity-provider on a free port, with its own database. */
export interface TestIdentityProvider {
  /** Without a token. */
  api: Api;
  /** The listener's own URL, without the load balancer, which would reject malformed requests. */
  directUrl: string;
  settings: IdentityProviderSettings;
  /** For reading and inserting rows. */
  database: DataSource;
  make: Factories;
  /** Signs in a new account whose new role has these permissions; `account` can set its names and another role. */
  signIn(permissions: readonly string[], account?: Partial<Account>): Promise<Caller>;
  /** Another session of an account, without bcrypt; `claims` are added to its token. */
  sessionOf(account: Account, claims?: Members): Promise<Api>;
  systemRole(name: 'user' | 'admin'): Promise<Role>;
  close(): Promise<void>;
}

/**
 * @param overrides settings; with `databaseUrl` the app is another replica on that database
 * @param logger by default nothing is logged
 */
export async function startTestIdentityProvider(
  overrides: Partial<IdentityProviderSettings> = {},
  logger?: Logger,
  issuer = ISSUER,
): Promise<TestIdentityProvider> {
  const own = overrides.databaseUrl ? null : await createTestDatabase();
  const url = own?.url ?? (overrides.databaseUrl as string);
  const settings = {
    ...settingsFor(issuer),
    ...appDatabase(url),
    ...overrides,
    databaseUrl: appDatabase(url).databaseUrl,
  };
  const database = await identityDataSource(settings.database.directUrl ?? url, {
    poolSize: 3,
    connectTimeoutMs: 20_000,
  }).initialize();
  if (own) await database.transaction(addSystemRoles);
  const app = await startReplicated(
    (port) =>
      startIdentityProvider(
        { ...settings, port },
        { logger: logger ?? pino({ level: settings.logLevel }), drain: new Drain() },
      ),
    settings.port,
  );
  const api = new Api(app.addresses[0]?.url ?? '');
  const make = new Factories(database);

  const sessionOf = async (account: Account, added: Members = {}) => {
    const session = await make.session(account);
    const { header, claims } = nativeToken(issuer, AUDIENCE, key.kid);
    const role = await database.manager.findOneByOrFail(Role, { id: account.roleId });
    const names = {
      role: role.name,
      sub: account.id,
      sid: session.id,
      email: account.email,
      email_verified: account.emailVerified,
      preferred_username: account.email,
      given_name: account.firstName ?? undefined,
      family_name: account.lastName ?? undefined,
    };
    return api.as(signToken({ header, claims: { ...claims, ...names, ...added } }, key));
  };

  return {
    api,
    directUrl: app.directUrls[0] ?? '',
    settings,
    database,
    make,
    sessionOf,
    signIn: async (permissions, given = {}) => {
      const roleId = given.roleId ?? (await make.role(permissions)).id;
      const account = await make.account({ ...given, roleId });
      return { account, api: await sessionOf(account) };
    },
    systemRole: (name) => database.manager.findOneByOrFail(Role, { name }),
    close: async () => {
      await app.close();
      await database.destroy();
      await own?.close();
    },
  };
}

function settingsFor(issuer: string): Omit<IdentityProviderSettings, keyof AppDatabase> {
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
    signing: {
      issuer,
      audience: AUDIENCE,
      lifetimeSeconds: 3_600,
      kid: key.kid,
      privateKey: key.privateKey,
      publicKeys: [{ kid: key.kid, key: key.key, pem: key.pem }],
    },
    sessions: { accessTokenSeconds: null, refreshTokenSeconds: null, maxSeconds: 90 * 86_400 },
    bcryptCost: 10,
    login: { maxFailures: 10, maxFailuresPerAddress: 100, windowSeconds: 900 },
    redisUrl: null,
    secondFactor: { requiredRoles: [], trustedBrowsers: false },
    brand: { name: 'Twinkey', color: '#2b59c3', logo: null },
    mail: { server: null, from: { name: 'Twinkey', address: 'no-reply@twinkey.test' }, templates: null },
    registration: {
      mode: 'open',
      role: 'user',
      isRoleNamed: false,
      emailDomains: [],
      termsUrl: null,
      requireVerifiedEmail: false,
    },
    breachedPasswordsFile: null,
    keycloak: null,
    logoutClients: ['frontend'],
    metricsPort: null,
    metricsHost: '127.0.0.1',
  };
}
