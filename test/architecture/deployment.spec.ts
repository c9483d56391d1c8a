import { readFileSync } from 'node:fs';
import { parse as parseEnv } from 'dotenv';
import { describe, expect, it } from 'vitest';
import { identityProviderSettings } from '#libs/config/identity-provider.settings.js';
import { userServiceSettings } from '#libs/config/user-service.settings.js';
import { SECTIONS, sampleOf } from '#libs/config/variables/table.js';
import type { App } from '#libs/config/variables/variable.js';
import { KEYCLOAK_IMAGE } from '#libs/development/keycloak/keycloak-release.js';
import { developmentEnvironment } from '../support/settings-fixtures.js';
import { composeText, references, resolveCompose } from './compose-file.js';

const text = composeText();
const example = readFileSync('.env.example', 'utf8');
const { services, volumes } = resolveCompose(text, parseEnv(example));
const service = (name: string) => services[name] as (typeof services)[string];
const settings = Object.fromEntries(SECTIONS.flatMap(({ variables }) => Object.entries(variables)));

/** These services and all services that they depend on. */
function started(names: string[], known = new Set<string>()): Set<string> {
  for (const name of names) {
    if (known.has(name)) continue;
    known.add(name);
    started(Object.keys(service(name).depends_on ?? {}), known);
  }
  return known;
}

describe('docker-compose.yml', () => {
  it.each(Object.keys(services))('%s has a health check', (name) => {
    expect(service(name).healthcheck?.test.length).toBeGreaterThan(1);
  });

  it('uses exact image versions, and the Keycloak version of the tests', () => {
    const images = Object.values(services).flatMap(({ image, build }) => (build ? [] : [image]));
    for (const image of images) expect(image).toMatch(/:v?\d+(\.\d+)+$/);
    expect(service('keycloak').image).toBe(KEYCLOAK_IMAGE);
  });

  it('publishes ports on loopback only, and not the internal port', () => {
    const published = Object.values(services).flatMap(({ ports = [] }) => ports);
    expect(published).toEqual([
      '127.0.0.1:8001:8001',
      '127.0.0.1:8025:8025',
      '127.0.0.1:3000:3000',
      '127.0.0.1:5432:5432',
      '127.0.0.1:8080:8080',
    ]);
    expect(service('user-service').environment).toMatchObject({ USER_SERVICE_INTERNAL_PORT: '3001' });
  });

  it('can start native mode without Keycloak, and the databases and Keycloak without the apps', () => {
    expect([...started(['user-db', 'identity-provider'])].sort()).toEqual(['identity-provider', 'user-db']);
    expect(started(['user-service'])).not.toContain('keycloak');
    expect([...started(['keycloak', 'keycloak-db', 'user-db'])].sort()).toEqual([
      'keycloak',
      'keycloak-db',
      'user-db',
    ]);
  });

  it('waits for each database', () => {
    for (const [name, { depends_on = {} }] of Object.entries(services)) {
      for (const [other, { condition }] of Object.entries(depends_on)) {
        if (other.endsWith('-db')) expect(condition, `${name} on ${other}`).toBe('service_healthy');
      }
    }
  });

  it('keeps data and keys in named volumes', () => {
    const mounted = Object.values(services).flatMap(({ volumes: own = [] }) => own);
    for (const name of Object.keys(volumes)) {
      expect(new Set(mounted.filter((mount) => mount.startsWith(`${name}:`))).size).toBe(1);
    }
    // Since version 18 the image keeps its data in a version folder inside this one.
    expect(service('user-db').volumes).toEqual(['user-db:/var/lib/postgresql']);
    expect(service('keycloak-db').volumes).toEqual(['keycloak-db:/var/lib/postgresql']);
  });

  it('needs no .env: each variable has a fallback, which is empty or the value in .env.example', () => {
    for (const { name, fallback } of references(text)) {
      expect(fallback, name).toBeDefined();
      expect(settings, name).toHaveProperty(name);
      // Mailpit exists only in compose.
      if (name === 'SMTP_URL') expect(fallback).toBe('smtp://mailpit:1025');
      else if (fallback) expect(fallback, name).toBe(sampleOf(settings[name]!));
    }
  });

  it.each<[App, string[]]>([
    // HOST is set in the image. One URL serves both schemas. The metrics port is on loopback and would be unreachable.
    ['identity-provider', ['HOST', 'IDENTITY_DATABASE_URL', 'METRICS_HOST', 'METRICS_PORT']],
    // The JWKS URL follows from IDENTITY_PROVIDER_URL.
    ['user-service', ['HOST', 'JWT_JWKS_URL', 'USER_DATABASE_URL']],
  ])('%s gets every setting that it reads', (app, except) => {
    const read = Object.keys(settings).filter((name) => settings[name]?.readBy.includes(app));
    const missing = read.filter((name) => !(name in service(app).environment));
    expect(missing.sort()).toEqual(except);
  });

  it('gives no container a secret that only another container needs', () => {
    expect(service('user-service').environment).not.toHaveProperty('JWT_PRIVATE_KEY');
    expect(service('identity-provider').environment).not.toHaveProperty('KEYCLOAK_CLIENT_SECRET');
    for (const app of ['identity-provider', 'user-service']) {
      expect(Object.keys(service(app).environment).join()).not.toMatch(/KEYCLOAK_(DB|ADMIN)/);
    }
  });

  it('uses internal host names between services, and public URLs in tokens', () => {
    const { JWT_PRIVATE_KEY, JWT_PUBLIC_KEY } = developmentEnvironment();
    const identityProvider = identityProviderSettings({
      ...service('identity-provider').environment,
      JWT_PRIVATE_KEY,
      JWT_PUBLIC_KEY,
    });
    const userService = userServiceSettings(service('user-service').environment);
    expect(identityProvider.signing).toMatchObject({
      issuer: 'http://localhost:8001',
      audience: 'http://localhost:8001',
    });
    expect(userService.native).toMatchObject({
      issuer: 'http://localhost:8001',
      audience: 'http://localhost:8001',
      keys: [],
      jwksUrl: 'http://identity-provider:8001/.well-known/jwks.json',
    });
    expect(userService.keycloak).toMatchObject({
      issuer: 'http://localhost:8080/realms/myrealm',
      internalUrl: 'http://keycloak:8080',
    });
    expect(service('keycloak').command).toEqual([
      'start-dev',
      '--import-realm',
      '--hostname=http://localhost:8080',
      '--hostname-backchannel-dynamic=true',
    ]);
  });

  it('switches Keycloak off where .env leaves its URL empty', () => {
    const native = resolveCompose(text, { KEYCLOAK_URL: '' }).services;
    const { JWT_PRIVATE_KEY, JWT_PUBLIC_KEY } = developmentEnvironment();
    const identityProvider = native['identity-provider']?.environment;
    expect(
      identityProviderSettings({ ...identityProvider, JWT_PRIVATE_KEY, JWT_PUBLIC_KEY }).keycloak,
    ).toBeNull();
    expect(userServiceSettings(native['user-service']?.environment ?? {}).keycloak).toBeNull();
    // It would not start without a name of its own.
    expect(native['keycloak']?.command).toContain('--hostname=http://localhost:8080');
  });

  it('publishes Keycloak where .env says, and tokens name that', () => {
    const { services: moved } = resolveCompose(text, { KEYCLOAK_PORT: '8090' });
    expect(moved['keycloak']?.ports).toEqual(['127.0.0.1:8090:8080']);
    expect(moved['keycloak']?.command).toContain('--hostname=http://localhost:8090');
    for (const app of ['identity-provider', 'user-service']) {
      expect(moved[app]?.environment).toMatchObject({
        KEYCLOAK_URL: 'http://localhost:8090',
        KEYCLOAK_INTERNAL_URL: 'http://keycloak:8080',
      });
    }
  });

  it('accepts a password with any character, and never puts it into a URL', () => {
    const password = `p@ss/w:rd#%20 "'$&`;
    const { environment } = resolveCompose(text, { USER_DB_PASSWORD: password }).services['user-service']!;
    expect(environment['PGPASSWORD']).toBe(password);
    expect(environment['DATABASE_URL']).toBe('postgres://userservice@user-db:5432/userservice');
  });
});

describe('the image', () => {
  const dockerfile = readFileSync('Dockerfile', 'utf8');

  it('uses one exact version of Node, which package.json allows', () => {
    expect(/^ARG NODE_IMAGE=(.*)$/m.exec(dockerfile)?.[1]).toMatch(/^node:2[2-9]\.\d+\.\d+-bookworm-slim$/);
    expect([...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image)).toEqual([
      expect.stringMatching(/NODE_IMAGE/),
      'packages',
      'packages',
      expect.stringMatching(/NODE_IMAGE/),
    ]);
  });

  it('installs with the manifest of each workspace', () => {
    const { workspaces } = JSON.parse(readFileSync('package.json', 'utf8')) as { workspaces: string[] };
    const install = dockerfile.indexOf('RUN npm ci');
    for (const workspace of workspaces) {
      const copy = dockerfile.indexOf(`COPY ${workspace}/package.json ${workspace}/\n`);
      expect(copy, workspace).toBeGreaterThan(0);
      expect(copy, workspace).toBeLessThan(install);
    }
  });

  it('does not run as root', () => {
    const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
    expect(last).toMatch(/^USER node$/m);
    expect(last).toMatch(/^ENTRYPOINT \["twinkey"\]$/m);
  });

  it('is built from listed files only: no .env, no keys, no history', () => {
    const rules = readFileSync('.dockerignore', 'utf8')
      .split('\n')
      .filter((line) => /^[^#]/.test(line));
    expect(rules[0]).toBe('*');
    const allowed = rules.filter((rule) => rule.startsWith('!')).map((rule) => rule.slice(1));
    expect(allowed).toEqual(
      'package.json package-lock.json .npmrc .swcrc bin scripts apps libs migrations keycloak'.split(' '),
    );
  });
});
