import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { closureOf } from './closure.js';
import { readSources } from './source-file.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const files = readSources(ROOT, ['apps', 'libs', 'migrations']);

/** The packages that a file loads, also through other files. */
const packagesOf = (path: string) => closureOf(files, path).packages;

/** Loaded at their first use (`docs/decisions/start-time.md`). */
const LATER = [
  'nodemailer',
  'qrcode',
  '@keycloak/keycloak-admin-client',
  '@simplewebauthn/server',
  '@redis/client',
  '@opentelemetry/sdk-trace-node',
  'class-validator',
];

/** Its index loads every validator, so that these are loaded alone. */
const CLASS_VALIDATOR = [
  'class-validator/cjs/decorator/common/ValidateBy.js',
  'class-validator/cjs/decorator/string/IsEmail.js',
  'class-validator/cjs/validation/Validator.js',
];

const FRAMEWORK = ['@nestjs/swagger', '@nestjs/platform-fastify', 'fastify'];

// Each of them takes a fraction of a second, in every command.
describe('a command loads only the packages that it needs', () => {
  it('no application and no database for --help', () => {
    const packages = packagesOf('apps/cli/src/main.ts');
    expect(packages).toContain('nest-commander');
    expect(packages.filter((name) => ['typeorm', 'pg', 'prom-client', ...FRAMEWORK].includes(name))).toEqual(
      [],
    );
  });

  it.each([
    'doctor/run-checks',
    'keys/key-rotation',
    'keys/withdrawal',
    'migrate/schema-migrations',
    'sessions/account-sessions',
  ])('no application for %s', (name) => {
    const packages = packagesOf(`apps/cli/src/${name}.ts`);
    expect(packages.length).toBeGreaterThan(0);
    expect(packages.filter((each) => FRAMEWORK.includes(each))).toEqual([]);
  });
});

it.each(['identity-provider', 'user-service'])('%s loads these packages at their first use', (name) => {
  const packages = packagesOf(`apps/${name}/src/start.ts`);
  const isLater = (each: string) => LATER.some((later) => each === later || each.startsWith(`${later}/`));
  expect(packages.filter(isLater).sort()).toEqual(CLASS_VALIDATOR);
});
