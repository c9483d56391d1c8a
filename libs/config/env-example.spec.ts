import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'dotenv';
import { describe, expect, it } from 'vitest';
import { allSettings } from './all.settings.js';
import { renderEnvExample } from './env-example.js';
import { developmentEnvironment, problemsOf } from '../../test/support/settings-fixtures.js';
import { SECTIONS } from './variables/table.js';

const root = new URL('../../', import.meta.url);
const checkedIn = (path: string) => readFileSync(new URL(path, root), 'utf8');
const names = SECTIONS.flatMap(({ variables }) => Object.keys(variables));
const { DATABASE_URL, JWT_PRIVATE_KEY, JWT_PUBLIC_KEY } = developmentEnvironment();
const supplied = { DATABASE_URL, JWT_PRIVATE_KEY, JWT_PUBLIC_KEY };

describe('.env.example', () => {
  it('is what the table renders', async () => {
    await expect(renderEnvExample()).toMatchFileSnapshot(fileURLToPath(new URL('.env.example', root)));
  });

  it('holds every variable once, with what needs another mode commented out', () => {
    const lines = checkedIn('.env.example').split('\n');
    for (const name of names) {
      expect(
        lines.filter((line) => new RegExp(`^(# )?${name}=`).test(line)),
        name,
      ).toHaveLength(1);
    }
    const active = Object.keys(parse(checkedIn('.env.example')));
    for (const name of [
      'DATABASE_URL',
      'JWT_PRIVATE_KEY',
      'JWT_PUBLIC_KEY',
      'KEYCLOAK_URL',
      'HOST',
      'JWT_ISSUER',
    ]) {
      expect(active).not.toContain(name);
    }
  });

  it('gives the defaults of development, once there are a database and keys', () => {
    const env = { ...parse(checkedIn('.env.example')), ...supplied };
    expect(allSettings(env)).toEqual(allSettings(supplied));
  });

  it('is still valid in development with all its samples in use', () => {
    const all = checkedIn('.env.example').replaceAll(/^# ([A-Z_]+=)/gm, '$1');
    const { identityProvider, userService } = allSettings({ ...parse(all), ...supplied });
    expect(identityProvider.signing.issuer).toBe('https://api.example.com');
    expect(userService.keycloak?.issuer).toBe('http://localhost:8080/realms/myrealm');
  });

  it('is refused in production: its secrets are known to everybody', () => {
    const all = checkedIn('.env.example').replaceAll(/^# ([A-Z_]+=)/gm, '$1');
    const env = { ...parse(all), JWT_PRIVATE_KEY, JWT_PUBLIC_KEY, ENVIRONMENT: 'production' };
    const refused = problemsOf(() => allSettings(env)).map(({ variable }) => variable);
    expect(refused.sort()).toEqual([
      'IDENTITY_DATABASE_URL',
      'INTERNAL_API_TOKEN',
      'KEYCLOAK_CLIENT_SECRET',
      'KEYCLOAK_URL',
      'USER_DATABASE_URL',
    ]);
  });
});
