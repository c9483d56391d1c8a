import { describe, expect, it } from 'vitest';
import {
  base64,
  developmentEnvironment,
  KEYCLOAK,
  problemsOf,
  productionEnvironment,
  rsaPems,
} from '../../test/support/settings-fixtures.js';
import { allSettings } from './all.settings.js';
import type { Environment } from './environment.js';
import { userServiceSettings } from './user-service.settings.js';

const invalidVariables = (env: Environment) =>
  problemsOf(() => userServiceSettings(env)).map(({ variable }) => variable);
const additional = `next:${base64(rsaPems().publicKey)}`;
/** A placeholder of a template that was not replaced. */
const placeholder = (name: string) => `\${${name}}`;
const withoutKeys = { JWT_PRIVATE_KEY: undefined, JWT_PUBLIC_KEY: undefined };

describe('userServiceSettings', () => {
  it('accepts tokens of the longest lifetime that is configured', () => {
    const lifetime = (env: Environment) =>
      userServiceSettings(developmentEnvironment(env)).native.maxLifetimeSeconds;
    expect(lifetime({ ACCESS_TOKEN_MINUTES: '15' })).toBe(604_800);
    expect(lifetime({ ACCESS_TOKEN_MINUTES: '15', JWT_EXPIRATION_DAYS: '0.001' })).toBe(900);
  });

  it('has the documented defaults', () => {
    expect(userServiceSettings({ DATABASE_URL: 'postgres://db/twinkey' })).toEqual({
      environment: 'development',
      host: '127.0.0.1',
      port: 3000,
      internalPort: 3001,
      internalHost: '127.0.0.1',
      internalApiToken: null,
      identityProviderUrl: 'http://127.0.0.1:8001',
      databaseUrl: 'postgres://db/twinkey',
      database: {
        pooled: false,
        directUrl: 'postgres://db/twinkey',
        replicaUrl: null,
        replicaMaxLagSeconds: 5,
      },
      native: {
        issuer: 'http://localhost:8001',
        audience: 'http://localhost:8001',
        maxLifetimeSeconds: 604_800,
        keys: [],
        jwksUrl: 'http://127.0.0.1:8001/.well-known/jwks.json',
      },
      keycloak: null,
      keycloakRecheckSeconds: 60,
      corsOrigins: [],
      corsLocalhost: true,
      trustProxy: false,
      docs: true,
      docsClientId: 'twinkey-docs',
      logLevel: 'info',
      auditRetentionDays: 400,
      authorityFeedToken: null,
    });
  });

  it('uses JWT_PUBLIC_KEY and the additional keys, and then needs no JWKS', () => {
    const env = developmentEnvironment({
      JWT_KID: 'now',
      JWT_ADDITIONAL_PUBLIC_KEYS: additional,
      JWT_JWKS_URL: 'http://a/jwks',
    });
    const { keys, jwksUrl } = userServiceSettings(env).native;
    expect(keys.map(({ kid }) => kid)).toEqual(['now', 'next']);
    expect(jwksUrl).toBeNull();
  });

  it.each([
    ['JWT_JWKS_URL', { JWT_JWKS_URL: 'http://idp/keys' }, 'http://idp/keys'],
    [
      'IDENTITY_PROVIDER_URL',
      { IDENTITY_PROVIDER_URL: 'http://idp:8001/' },
      'http://idp:8001/.well-known/jwks.json',
    ],
    ['PORT', { PORT: '9000' }, 'http://127.0.0.1:9000/.well-known/jwks.json'],
    [
      'PORT if only additional keys are set',
      { JWT_ADDITIONAL_PUBLIC_KEYS: additional },
      'http://127.0.0.1:8001/.well-known/jwks.json',
    ],
  ])('without a public key, finds the JWKS with %s', (_, overrides, jwksUrl) => {
    const { native } = userServiceSettings(developmentEnvironment({ ...withoutKeys, ...overrides }));
    expect(native).toMatchObject({ keys: [], jwksUrl });
  });

  it('has the client of the Admin API in Keycloak mode', () => {
    const env = productionEnvironment({ ...KEYCLOAK, KEYCLOAK_ROLE_MAP: 'idp-admin=admin' });
    expect(userServiceSettings(env).keycloak).toMatchObject({
      clientId: 'user-service',
      clientSecret: 'v4Xf0mE1v4Xf0mE1',
      audience: 'user-service',
      roleMap: new Map([['idp-admin', 'admin']]),
    });
  });

  it('ignores variables that only identity-provider reads', () => {
    const foreign = {
      JWT_PRIVATE_KEY: 'x',
      BCRYPT_COST: 'x',
      LOGIN_MAX_FAILURES: 'x',
      METRICS_PORT: 'x',
      IDENTITY_DATABASE_URL: 'x',
    };
    expect(() => userServiceSettings(productionEnvironment(foreign))).not.toThrow();
  });

  it('ignores an invalid PORT if no setting is derived from it', () => {
    const env = productionEnvironment({ PORT: 'x', IDENTITY_PROVIDER_URL: 'http://idp' });
    expect(userServiceSettings(env).identityProviderUrl).toBe('http://idp');
    expect(invalidVariables(productionEnvironment({ PORT: 'x' }))).toEqual(['PORT']);
  });

  it('names all missing variables at once', () => {
    const env = { ENVIRONMENT: 'production', KEYCLOAK_URL: 'https://sso.example.com' };
    expect(invalidVariables(env).sort()).toEqual([
      'DATABASE_URL',
      'JWT_AUDIENCE',
      'JWT_ISSUER',
      'KEYCLOAK_CLIENT_SECRET',
      'KEYCLOAK_REALM',
    ]);
  });

  it.each([
    [
      'KEYCLOAK_CLIENT_SECRET',
      productionEnvironment({ ...KEYCLOAK, KEYCLOAK_CLIENT_SECRET: 'change-me-in-production' }),
    ],
    ['INTERNAL_API_TOKEN', productionEnvironment({ INTERNAL_API_TOKEN: 'Change-Me-0123456789' })],
    ['INTERNAL_API_TOKEN', productionEnvironment({ INTERNAL_API_TOKEN: '123456789012345' })],
    ['AUTHORITY_FEED_TOKEN', productionEnvironment({ AUTHORITY_FEED_TOKEN: '123456789012345' })],
    ['INTERNAL_API_TOKEN', productionEnvironment({ INTERNAL_API_TOKEN: placeholder('INTERNAL_API_TOKEN') })],
    [
      'KEYCLOAK_CLIENT_SECRET',
      productionEnvironment({ ...KEYCLOAK, KEYCLOAK_CLIENT_SECRET: placeholder('KEYCLOAK_CLIENT_SECRET') }),
    ],
    [
      'KEYCLOAK_CLIENT_SECRET',
      productionEnvironment({ ...KEYCLOAK, KEYCLOAK_CLIENT_SECRET: '123456789012345' }),
    ],
    [
      'DATABASE_URL',
      productionEnvironment({ DATABASE_URL: `postgres://user:${placeholder('PASSWORD')}@db/users` }),
    ],
    [
      'DATABASE_URL',
      productionEnvironment({
        DATABASE_URL: 'postgres://user@db/users',
        PGPASSWORD: placeholder('PASSWORD'),
      }),
    ],
    ['DATABASE_URL', productionEnvironment({ DATABASE_URL: `postgres://user:%24%7BPASSWORD%7D@db/users` })],
    ['DATABASE_URL', developmentEnvironment({ DATABASE_URL: '"postgres://user@db/users"' })],
    ['JWT_AUDIENCE', developmentEnvironment({ JWT_AUDIENCE: "'example'" })],
    [
      'DATABASE_URL',
      productionEnvironment({ DATABASE_URL: 'postgres://user@db/users', PGPASSWORD: 'userservice' }),
    ],
    ['INTERNAL_API_TOKEN', developmentEnvironment({ INTERNAL_API_TOKEN: 'two words' })],
    ['USER_SERVICE_INTERNAL_PORT', developmentEnvironment({ USER_SERVICE_INTERNAL_PORT: '3000' })],
    ['JWT_PUBLIC_KEY', developmentEnvironment({ JWT_PUBLIC_KEY: base64(rsaPems().privateKey) })],
  ])('refuses only %s if it is invalid', (variable, env) => {
    expect(invalidVariables(env)).toEqual([variable]);
  });

  it('accepts port 0 for both listeners', () => {
    const env = developmentEnvironment({ USER_SERVICE_PORT: '0', USER_SERVICE_INTERNAL_PORT: '0' });
    expect(userServiceSettings(env)).toMatchObject({ port: 0, internalPort: 0 });
  });

  it('copies a default from another variable unchanged', () => {
    const url = "postgres://u:pa$$word$&$'x@127.0.0.1:5432/db";
    expect(userServiceSettings(developmentEnvironment({ DATABASE_URL: url })).databaseUrl).toBe(url);
  });

  it('checks PGPASSWORD only if the URL has no password', () => {
    const env = productionEnvironment({
      DATABASE_URL: 'postgres://user:own@db/users',
      PGPASSWORD: 'userservice',
    });
    expect(userServiceSettings(env).databaseUrl).toBe('postgres://user:own@db/users');
  });

  it.each(['change-me-in-production', 'short', placeholder('TOKEN')])(
    'accepts the secret %s outside production',
    (secret) => {
      const env = developmentEnvironment({ INTERNAL_API_TOKEN: secret });
      expect(userServiceSettings(env).internalApiToken).toBe(secret);
    },
  );

  it('accepts a secret of 16 characters in production', () => {
    const env = productionEnvironment({ INTERNAL_API_TOKEN: '1234567890123456' });
    expect(userServiceSettings(env).internalApiToken).toBe('1234567890123456');
  });
});

describe('allSettings', () => {
  it('lists the problems of both apps, without duplicates', () => {
    const env = { PORT: 'x', BCRYPT_COST: 'x', USER_SERVICE_PORT: 'x' };
    const variables = problemsOf(() => allSettings(developmentEnvironment(env))).map(
      ({ variable }) => variable,
    );
    expect(variables.sort()).toEqual(['BCRYPT_COST', 'PORT', 'USER_SERVICE_PORT']);
  });
});

it('returns frozen settings', () => {
  const settings = userServiceSettings(developmentEnvironment(KEYCLOAK));
  expect(() => settings.native.keys.pop()).toThrow(TypeError);
  for (const part of [settings, settings.native, settings.keycloak]) expect(Object.isFrozen(part)).toBe(true);
  expect(Object.isFrozen(allSettings(developmentEnvironment()))).toBe(true);
});
