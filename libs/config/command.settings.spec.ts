import { describe, expect, it } from 'vitest';
import { developmentEnvironment, KEYCLOAK, problemsOf } from '../../test/support/settings-fixtures.js';
import {
  commandDatabases,
  doctorKeycloakSettings,
  rotationSettings,
  seedSettings,
} from './command.settings.js';

const URL = 'postgres://a:b@db/all';
const OTHER = 'postgres://a:b@db/other';

const WITHOUT_REPLICA = { replicaUrl: null, replicaMaxLagSeconds: 5 };

/** A database that commands and apps reach by the same URL. */
const direct = (url: string) => ({ url, pooled: false, app: { url, pooled: false, ...WITHOUT_REPLICA } });

describe('commandDatabases', () => {
  it.each([
    ['one URL for both', { DATABASE_URL: URL }, { identity: direct(URL), users: direct(URL) }],
    [
      'one URL each',
      { IDENTITY_DATABASE_URL: URL, USER_DATABASE_URL: OTHER },
      { identity: direct(URL), users: direct(OTHER) },
    ],
    [
      'a separate URL for one app',
      { DATABASE_URL: URL, USER_DATABASE_URL: OTHER },
      { identity: direct(URL), users: direct(OTHER) },
    ],
    ['a URL for one app only', { USER_DATABASE_URL: OTHER }, { identity: null, users: direct(OTHER) }],
  ])('requires only URLs: %s', (_, env, urls) => {
    expect(commandDatabases({ ENVIRONMENT: 'production', ...env })).toEqual(urls);
  });

  const POOLED = { DATABASE_URL: URL, DATABASE_POOLED: 'true' };
  const app = { url: URL, pooled: true, ...WITHOUT_REPLICA };

  it('uses DATABASE_DIRECT_URL instead of PgBouncer, and PgBouncer without it', () => {
    const pooled = { url: URL, pooled: true, app };
    expect(commandDatabases(POOLED)).toEqual({ identity: pooled, users: pooled });
    const both = { url: OTHER, pooled: false, app };
    expect(commandDatabases({ ...POOLED, DATABASE_DIRECT_URL: OTHER })).toEqual({
      identity: both,
      users: both,
    });
  });

  it('uses DATABASE_DIRECT_URL only for DATABASE_URL, not for a database of an app', () => {
    const own = 'postgres://a:b@db/own';
    const env = { ...POOLED, DATABASE_DIRECT_URL: OTHER, USER_DATABASE_URL: own };
    const found = commandDatabases(env);
    expect(found.identity).toMatchObject({ url: OTHER, pooled: false });
    expect(found.users).toMatchObject({ url: own, pooled: true });
    expect(commandDatabases({ ...env, USER_DATABASE_DIRECT_URL: URL }).users).toMatchObject({
      url: URL,
      pooled: false,
    });
  });

  it('names DATABASE_URL if there is no URL', () => {
    expect(problemsOf(() => commandDatabases({})).map(({ variable }) => variable)).toEqual(['DATABASE_URL']);
  });

  it('names the invalid variable', () => {
    const env = { DATABASE_URL: URL, USER_DATABASE_URL: 'localhost' };
    expect(problemsOf(() => commandDatabases(env)).map(({ variable }) => variable)).toEqual([
      'USER_DATABASE_URL',
    ]);
  });
});

describe('a database URL with unescaped characters in its password', () => {
  const secret = ['s3cretPart', 'w:o', 'hidden'];

  it.each([
    'postgres://app:p@s3cretPart/w:o?r#hidden@127.0.0.1/db',
    'postgres://u:1234/s3cretPart@127.0.0.1:5432/db',
    'postgres://u:1,2/s3cretPart@a:5432,b:5432/db',
    'postgres://u:s3cretPart%zz@a:5432,b:5432/db',
    'postgres://u:1234?s3cretPart@127.0.0.1:5432/db',
    'postgres://u:1234#s3cretPart@127.0.0.1:5432/db',
    'postgres://s3cretPart#hidden@127.0.0.1:5432/db',
    'postgres://u:s3cretPart%zz@127.0.0.1:5432/db',
    'postgres://u:s3cretPart hidden@127.0.0.1:5432/db',
    'postgres://u:s3cretPart\nhidden@127.0.0.1:5432/db',
    'postgres://u:s3cretPart/hidden@/db?host=/var/run/postgresql',
  ])('is refused with that reason, and no part of it is shown: %s', (url) => {
    const env = { ENVIRONMENT: 'production', IDENTITY_DATABASE_URL: url };
    for (const read of [() => commandDatabases(env), () => seedSettings(env)]) {
      const [problem, ...others] = problemsOf(read);
      expect(others).toEqual([]);
      expect(problem).toEqual({
        variable: 'IDENTITY_DATABASE_URL',
        message: expect.stringContaining('percent-encoded'),
      });
      for (const part of secret) expect(problem?.message).not.toContain(part);
    }
  });
});

describe('seedSettings', () => {
  it('requires no keys', () => {
    expect(seedSettings({ ENVIRONMENT: 'production', DATABASE_URL: URL })).toEqual({
      environment: 'production',
      database: direct(URL),
      bcryptCost: 12,
      breachedPasswordsFile: null,
    });
  });

  it('names all invalid and missing variables', () => {
    const problems = problemsOf(() => seedSettings({ BCRYPT_COST: '4' }));
    expect(problems.map(({ variable }) => variable).sort()).toEqual(['BCRYPT_COST', 'DATABASE_URL']);
  });
});

describe('rotationSettings', () => {
  it('requires only the public key', () => {
    const { JWT_PUBLIC_KEY } = developmentEnvironment();
    expect(rotationSettings({ JWT_PUBLIC_KEY, JWT_KID: 'k1', PORT: '9001' })).toMatchObject({
      kid: 'k1',
      additionalKeys: [],
      lifetimeSeconds: 604_800,
      identityProviderUrl: 'http://127.0.0.1:9001',
    });
    expect(problemsOf(() => rotationSettings({})).map(({ variable }) => variable)).toEqual([
      'JWT_PUBLIC_KEY',
    ]);
  });
});

describe('doctorKeycloakSettings', () => {
  it('is null if Keycloak mode is off, and requires only Keycloak variables', () => {
    expect(doctorKeycloakSettings({ ENVIRONMENT: 'production' })).toBeNull();
    expect(doctorKeycloakSettings({ ENVIRONMENT: 'production', ...KEYCLOAK })).toMatchObject({
      issuer: 'https://sso.example.com/realms/people',
      internalUrl: 'http://keycloak:8080',
    });
  });

  it('encodes the realm name like Keycloak in URLs and in iss', () => {
    expect(doctorKeycloakSettings({ ...KEYCLOAK, KEYCLOAK_REALM: 'My Größe 100%' })).toMatchObject({
      realm: 'My Größe 100%',
      issuer: 'https://sso.example.com/realms/My%20Gr%C3%B6%C3%9Fe%20100%25',
      jwksUrl: 'http://keycloak:8080/realms/My%20Gr%C3%B6%C3%9Fe%20100%25/protocol/openid-connect/certs',
    });
  });

  it('writes the URL in lower case and without a default port, like Keycloak in iss', () => {
    const env = { ...KEYCLOAK, KEYCLOAK_URL: 'HTTPS://Sso.Example.com:443/Auth/' };
    expect(doctorKeycloakSettings(env)).toMatchObject({
      url: 'https://sso.example.com/Auth',
      issuer: 'https://sso.example.com/Auth/realms/people',
    });
  });
});

it.each([
  ['commandDatabases', () => commandDatabases({ DATABASE_URL: URL })],
  ['seedSettings', () => seedSettings({ DATABASE_URL: URL })],
  ['doctorKeycloakSettings', () => doctorKeycloakSettings({ ...KEYCLOAK })],
  ['rotationSettings', () => rotationSettings(developmentEnvironment())],
  ['additionalKeys of rotationSettings', () => rotationSettings(developmentEnvironment()).additionalKeys],
])('returns frozen settings: %s', (_, read) => {
  expect(Object.isFrozen(read())).toBe(true);
});
