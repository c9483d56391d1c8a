import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeEnvFile } from './env-file.js';
import { environmentName, readEnvironment } from './environment.js';
import { SettingsError } from './settings-error.js';

describe('environmentName', () => {
  it.each([
    [{}, 'development'],
    [{ NODE_ENV: 'production' }, 'production'],
    [{ NODE_ENV: '' }, 'development'],
    [{ ENVIRONMENT: 'test', NODE_ENV: 'production' }, 'test'],
    [{ ENVIRONMENT: '', NODE_ENV: 'production' }, 'production'],
    [{ ENVIRONMENT: ' production ', NODE_ENV: 'development' }, 'production'],
    [{ ENVIRONMENT: 'development', NODE_ENV: 'staging' }, 'development'],
  ])('%j is %s', (env, name) => expect(environmentName(env)).toBe(name));

  it.each([
    [{ ENVIRONMENT: 'prod' }, 'ENVIRONMENT'],
    [{ ENVIRONMENT: 'Production' }, 'ENVIRONMENT'],
    [{ ENVIRONMENT: 'staging', NODE_ENV: 'production' }, 'ENVIRONMENT'],
    [{ NODE_ENV: 'staging' }, 'NODE_ENV'],
  ])('%j is refused, naming %s', (env, variable) => {
    expect(() => environmentName(env)).toThrow(SettingsError);
    expect(() => environmentName(env)).toThrow(new RegExp(`^${variable} must be one of`));
  });
});

describe('readEnvironment', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'twinkey-environment-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('does without a .env', () => {
    expect(readEnvironment(folder, { PORT: '1' })).toEqual({ PORT: '1' });
  });

  it('reads .env under the real environment, whose empty variables count as well', () => {
    writeFileSync(join(folder, '.env'), '\uFEFFPORT=1\nHOST=127.0.0.1\nKEYCLOAK_URL=http://localhost:8080\n');
    const env = readEnvironment(folder, { PORT: '2', KEYCLOAK_URL: '' });
    expect(env).toEqual({ PORT: '2', HOST: '127.0.0.1', KEYCLOAK_URL: '' });
  });

  it('warns of what is probably misspelt', () => {
    writeFileSync(join(folder, '.env'), 'JWT_EXPIRATION_DAY=1\n');
    const warnings: string[] = [];
    readEnvironment(folder, { KEYCLOAK_REALMS: 'x' }, (warning) => warnings.push(warning));
    expect(warnings).toEqual([
      expect.stringContaining('JWT_EXPIRATION_DAYS?'),
      expect.stringContaining('KEYCLOAK_REALM?'),
    ]);
  });

  it("ignores a port of Kubernetes' Service links, so that .env's own holds", () => {
    writeFileSync(join(folder, '.env'), 'USER_SERVICE_PORT=3100\n');
    const real = { USER_SERVICE_PORT: 'tcp://10.96.23.4:3000', USER_SERVICE_SERVICE_HOST: '10.96.23.4' };
    expect(readEnvironment(folder, real)['USER_SERVICE_PORT']).toBe('3100');
  });

  it('says so where .env cannot be read', () => {
    mkdirSync(join(folder, '.env'));
    expect(() => readEnvironment(folder, {})).toThrow(/^\.env cannot be read \(EISDIR\)$/);
  });

  it('refuses keys that Twinkey wrote in a file that others can read', () => {
    const path = join(folder, '.env');
    writeEnvFile(path, { JWT_PRIVATE_KEY: 'YWJj' });
    expect(readEnvironment(folder, {})['JWT_PRIVATE_KEY']).toBe('YWJj');
    chmodSync(path, 0o644);
    expect(() => readEnvironment(folder, {})).toThrow(`${path} holds keys and can be read by others`);
  });

  it('takes keys that the operator put into an open file himself', () => {
    writeFileSync(join(folder, '.env'), 'JWT_PRIVATE_KEY=YWJj\n', { mode: 0o644 });
    expect(readEnvironment(folder, {})['JWT_PRIVATE_KEY']).toBe('YWJj');
  });
});
