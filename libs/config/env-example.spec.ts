import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'dotenv';
import { describe, expect, it } from 'vitest';
import { developmentEnvironment, problemsOf } from '../../test/support/settings-fixtures.js';
import { allSettings } from './all.settings.js';
import { renderEnvExample } from './env-example.js';
import { SECTIONS } from './variables/table.js';

const root = new URL('../../', import.meta.url);
const readProjectFile = (path: string) => readFileSync(new URL(path, root), 'utf8');
const names = SECTIONS.flatMap(({ variables }) => Object.keys(variables));
const { DATABASE_URL, JWT_PRIVATE_KEY, JWT_PUBLIC_KEY } = developmentEnvironment();
const supplied = { DATABASE_URL, JWT_PRIVATE_KEY, JWT_PUBLIC_KEY };

describe('.env.example', () => {
  it('is up to date with the table of variables', async () => {
    await expect(renderEnvExample()).toMatchFileSnapshot(fileURLToPath(new URL('.env.example', root)));
  });

  it('contains every variable once, and comments out those that change the development defaults', () => {
    const lines = readProjectFile('.env.example').split('\n');
    for (const name of names) {
      expect(
        lines.filter((line) => new RegExp(`^(# )?${name}=`).test(line)),
        name,
      ).toHaveLength(1);
    }
    const active = Object.keys(parse(readProjectFile('.env.example')));
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

  it('results in the development defaults, with a database and keys', () => {
    const env = { ...parse(readProjectFile('.env.example')), ...supplied };
    expect(allSettings(env)).toEqual(allSettings(supplied));
  });

  it('is valid in development with all samples uncommented', () => {
    const all = readProjectFile('.env.example').replaceAll(/^# ([A-Z_]+=)/gm, '$1');
    const { identityProvider, userService } = allSettings({ ...parse(all), ...supplied });
    expect(identityProvider.signing.issuer).toBe('https://api.example.com');
    expect(userService.keycloak?.issuer).toBe('http://localhost:8080/realms/myrealm');
  });

  it('is refused in production, because its secrets are public', () => {
    const all = readProjectFile('.env.example').replaceAll(/^# ([A-Z_]+=)/gm, '$1');
    const env = { ...parse(all), JWT_PRIVATE_KEY, JWT_PUBLIC_KEY, ENVIRONMENT: 'production' };
    const refused = problemsOf(() => allSettings(env)).map(({ variable }) => variable);
    expect(refused.sort()).toEqual([
      'AUTHORITY_FEED_TOKEN',
      'IDENTITY_DATABASE_URL',
      'INTERNAL_API_TOKEN',
      'KEYCLOAK_CLIENT_SECRET',
      'KEYCLOAK_URL',
      'SMTP_URL',
      'USER_DATABASE_URL',
    ]);
  });
});
