import { describe, expect, it } from 'vitest';
import {
  base64,
  developmentEnvironment,
  KEYCLOAK,
  problemsOf,
  productionEnvironment,
  rsaPems,
} from '../../test/support/settings-fixtures.js';
import type { Environment } from './environment.js';
import { identityProviderSettings } from './identity-provider.settings.js';
import { parsePublicKey, thumbprintOf } from './keys.js';

const problems = (env: Environment) => problemsOf(() => identityProviderSettings(env));
const invalidVariables = (env: Environment) => problems(env).map(({ variable }) => variable);
const { publicKey } = rsaPems();

describe('identityProviderSettings', () => {
  it('has the documented defaults in development', () => {
    const { signing, ...settings } = identityProviderSettings(developmentEnvironment());
    expect(settings).toEqual({
      environment: 'development',
      host: '127.0.0.1',
      port: 8001,
      databaseUrl: 'postgres://twinkey:s3cret@127.0.0.1:5432/twinkey',
      database: {
        pooled: false,
        directUrl: 'postgres://twinkey:s3cret@127.0.0.1:5432/twinkey',
        replicaUrl: null,
        replicaMaxLagSeconds: 5,
      },
      sessions: { accessTokenSeconds: null, refreshTokenSeconds: null, maxSeconds: 7_776_000 },
      bcryptCost: 12,
      login: { maxFailures: 10, maxFailuresPerAddress: 100, windowSeconds: 900 },
      redisUrl: null,
      secondFactor: { requiredRoles: [], trustedBrowsers: false },
      brand: { name: 'Twinkey', color: '#2b59c3', logo: null },
      mail: { server: null, from: { name: 'Twinkey', address: 'no-reply@localhost' }, templates: null },
      breachedPasswordsFile: null,
      registration: {
        mode: 'open',
        role: 'user',
        isRoleNamed: false,
        emailDomains: [],
        termsUrl: null,
        requireVerifiedEmail: false,
      },
      keycloak: null,
      logoutClients: [],
      metricsPort: null,
      metricsHost: '127.0.0.1',
      corsOrigins: [],
      corsLocalhost: true,
      trustProxy: false,
      docs: true,
      docsClientId: 'twinkey-docs',
      logLevel: 'info',
      auditRetentionDays: 400,
      authorityFeedToken: null,
    });
    expect(signing).toMatchObject({
      issuer: 'http://localhost:8001',
      audience: 'http://localhost:8001',
      lifetimeSeconds: 604_800,
    });
    expect(signing.kid).toBe(thumbprintOf(signing.publicKeys[0]?.pem ?? ''));
  });

  it('reads the lifetimes of sessions and their tokens in seconds', () => {
    const env = developmentEnvironment({
      ACCESS_TOKEN_MINUTES: '15',
      REFRESH_TOKEN_DAYS: '14',
      SESSION_MAX_DAYS: '0.5',
    });
    expect(identityProviderSettings(env).sessions).toEqual({
      accessTokenSeconds: 900,
      refreshTokenSeconds: 14 * 86_400,
      maxSeconds: 43_200,
    });
  });

  it('has the documented defaults in production', () => {
    const settings = identityProviderSettings(productionEnvironment());
    expect(settings).toMatchObject({
      host: '0.0.0.0',
      docs: false,
      docsClientId: null,
      corsOrigins: [],
      corsLocalhost: false,
    });
  });

  it('derives issuer and audience from other variables', () => {
    const env = productionEnvironment({
      ...KEYCLOAK,
      KEYCLOAK_URL: 'https://sso.example.com/',
      KEYCLOAK_CLIENT_ID: 'backend',
    });
    expect(identityProviderSettings(env).keycloak).toEqual({
      issuer: 'https://sso.example.com/realms/people',
      jwksUrl: 'http://keycloak:8080/realms/people/protocol/openid-connect/certs',
      audience: 'backend',
      roleMap: new Map(),
      maxLifetimeSeconds: 2_592_000,
      url: 'https://sso.example.com',
      internalUrl: 'http://keycloak:8080',
      realm: 'people',
    });
    expect(identityProviderSettings(env).logoutClients).toEqual(['frontend', 'backend']);
    expect(identityProviderSettings(developmentEnvironment({ PORT: '9000' })).signing.issuer).toBe(
      'http://localhost:9000',
    );
  });

  it('publishes its own key first, then the additional keys', () => {
    const env = developmentEnvironment({
      JWT_KID: 'now',
      JWT_ADDITIONAL_PUBLIC_KEYS: `next:${base64(publicKey)}`,
    });
    expect(identityProviderSettings(env).signing.publicKeys.map(({ kid }) => kid)).toEqual(['now', 'next']);
  });

  it('treats empty and blank values as unset', () => {
    const env = developmentEnvironment({ PORT: '', LOG_LEVEL: '  ', KEYCLOAK_URL: '', METRICS_PORT: '' });
    expect(identityProviderSettings(env)).toMatchObject({
      port: 8001,
      logLevel: 'info',
      auditRetentionDays: 400,
      keycloak: null,
      metricsPort: null,
    });
  });

  it('ignores variables that only user-service reads', () => {
    const foreign = {
      USER_SERVICE_PORT: 'x',
      USER_DATABASE_URL: 'x',
      INTERNAL_API_TOKEN: 'x y',
      JWT_JWKS_URL: 'x',
    };
    const env = productionEnvironment({
      ...KEYCLOAK,
      KEYCLOAK_CLIENT_SECRET: undefined,
      IDENTITY_PROVIDER_URL: 'x',
      ...foreign,
    });
    expect(() => identityProviderSettings(env)).not.toThrow();
  });

  it('ignores DATABASE_URL if IDENTITY_DATABASE_URL is set', () => {
    const env = developmentEnvironment({
      DATABASE_URL: 'x',
      IDENTITY_DATABASE_URL: 'postgres://db/identity',
    });
    expect(identityProviderSettings(env).databaseUrl).toBe('postgres://db/identity');
  });

  it('names all missing variables at once', () => {
    expect(
      invalidVariables({ ENVIRONMENT: 'production', KEYCLOAK_URL: 'https://sso.example.com' }).sort(),
    ).toEqual([
      'DATABASE_URL',
      'JWT_AUDIENCE',
      'JWT_ISSUER',
      'JWT_PRIVATE_KEY',
      'JWT_PUBLIC_KEY',
      'KEYCLOAK_REALM',
    ]);
  });

  it('names all invalid variables at once, but not variables derived from them', () => {
    const env = {
      DATABASE_URL: 'x',
      PORT: 'x',
      JWT_PRIVATE_KEY: 'x',
      JWT_PUBLIC_KEY: 'x',
      BCRYPT_COST: '9',
      ENVIRONMENT: 'prod',
    };
    expect(invalidVariables(env).sort()).toEqual(Object.keys(env).sort());
  });

  it.each([
    ['JWT_ISSUER', productionEnvironment({ JWT_ISSUER: 'http://id.example.com' })],
    ['KEYCLOAK_URL', productionEnvironment({ ...KEYCLOAK, KEYCLOAK_URL: 'http://sso.example.com' })],
    [
      'JWT_ISSUER',
      developmentEnvironment({ ...KEYCLOAK, JWT_ISSUER: 'https://sso.example.com/realms/people' }),
    ],
    ['JWT_PUBLIC_KEY', developmentEnvironment({ JWT_PUBLIC_KEY: base64(publicKey) })],
    ['JWT_ALGORITHM', developmentEnvironment({ JWT_ALGORITHM: 'HS256' })],
    ['JWT_EXPIRATION_DAYS', developmentEnvironment({ JWT_EXPIRATION_DAYS: '31' })],
    ['ACCESS_TOKEN_MINUTES', developmentEnvironment({ ACCESS_TOKEN_MINUTES: '0' })],
    ['REFRESH_TOKEN_DAYS', developmentEnvironment({ REFRESH_TOKEN_DAYS: 'never' })],
    ['SESSION_MAX_DAYS', developmentEnvironment({ SESSION_MAX_DAYS: '-1' })],
    ['CORS_ORIGINS', developmentEnvironment({ CORS_ORIGINS: '*' })],
    ['TRUST_PROXY', developmentEnvironment({ TRUST_PROXY: 'true' })],
    ['LOG_LEVEL', developmentEnvironment({ LOG_LEVEL: 'verbose' })],
    ['DATABASE_URL', productionEnvironment({ DATABASE_URL: 'postgres://app:userservice@db/app' })],
    ['DATABASE_URL', productionEnvironment({ DATABASE_URL: 'postgres://app@db/app?password=changeme' })],
    [
      'JWT_ADDITIONAL_PUBLIC_KEYS',
      developmentEnvironment({ JWT_KID: 'a', JWT_ADDITIONAL_PUBLIC_KEYS: `a:${base64(publicKey)}` }),
    ],
  ])('refuses only %s if it is invalid', (variable, env) => {
    expect(invalidVariables(env)).toEqual([variable]);
  });

  it('never shows a value', () => {
    const secret = 'hunter2-hunter2';
    const names = Object.keys({
      ...productionEnvironment(KEYCLOAK),
      PORT: '',
      TRUST_PROXY: '',
      CORS_ORIGINS: '',
      JWT_KID: '',
    });
    const env = Object.fromEntries(names.map((name) => [name, `${secret}, ${secret}\u0000`]));
    const found = problems({ ...env, ENVIRONMENT: 'production', KEYCLOAK_ROLE_MAP: secret });
    expect(found.length).toBeGreaterThan(8);
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });

  it('publishes the public key of its signing pair', () => {
    const env = developmentEnvironment();
    expect(identityProviderSettings(env).signing.publicKeys[0]?.pem).toBe(
      parsePublicKey(env['JWT_PUBLIC_KEY'] ?? '').pem,
    );
  });
});

it('returns frozen settings', () => {
  const settings = identityProviderSettings(developmentEnvironment(KEYCLOAK));
  expect(() => settings.corsOrigins.push('https://other.example.com')).toThrow(TypeError);
  for (const part of [settings, settings.login, settings.signing, settings.signing.publicKeys[0]])
    expect(Object.isFrozen(part)).toBe(true);
  expect(Object.isFrozen(settings.keycloak)).toBe(true);
});
