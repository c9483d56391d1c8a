import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { migrateDown, schemasOf } from '#apps/cli/src/migrate/schema-migrations.js';
import { commandDatabases } from '#libs/config/command.settings.js';
import { PERMISSION_CATALOGUE } from '#libs/core/permission-catalogue.js';
import { createEmptyDatabase, type TestDatabase } from '../support/postgres.js';
import { runSql } from '../support/postgres-server.js';
import { CliCheckout, ONE_LINE, type Variables } from './cli-checkout.js';

let checkout: CliCheckout;
beforeAll(async () => {
  checkout = await CliCheckout.make();
});
afterAll(() => checkout.close());

let database: TestDatabase;
let env: Variables;
beforeEach(async () => {
  database = await createEmptyDatabase();
  env = { ENVIRONMENT: 'production', DATABASE_URL: database.url };
});
afterEach(() => database.close());

const migrate = (...args: string[]) => checkout.twinkey(['migrate', ...args], env);
const status = async () => JSON.parse((await migrate('status', '--json')).stdout);

it('creates both schemas and the permissions, needs no other setting, and does nothing the second time', async () => {
  expect(await migrate()).toMatchObject({ code: 0, stderr: '' });
  const rows = await runSql(database.url, 'SELECT name FROM identity.permissions');
  expect(rows.map(({ name }) => name).sort()).toEqual(PERMISSION_CATALOGUE.map(({ name }) => name).sort());
  expect(await migrate('up')).toEqual({ code: 0, stdout: 'Both schemas are up to date.\n', stderr: '' });
});

it('is safe when ten processes start at the same time', async () => {
  const all = await Promise.all(Array.from({ length: 10 }, () => migrate('up', '--json')));
  expect(all.map(({ code, stderr }) => ({ code, stderr }))).toEqual(Array(10).fill({ code: 0, stderr: '' }));
  const applied = all.flatMap(({ stdout }) =>
    JSON.parse(stdout).schemas.flatMap(({ schema, migrations }: { schema: string; migrations: string[] }) =>
      migrations.map((name) => `${schema} ${name}`),
    ),
  );
  // No migration was applied by two processes.
  expect(new Set(applied).size).toBe(applied.length);
  expect((await status()).pending).toBe(0);
  const [{ count }] = (await runSql(database.url, 'SELECT count(*)::int FROM identity.permissions')) as [
    { count: number },
  ];
  expect(count).toBe(PERMISSION_CATALOGUE.length);
});

it('lists pending migrations as one JSON value', async () => {
  const before = await status();
  expect(before.pending).toBeGreaterThan(0);
  expect(before.schemas.map(({ schema }: { schema: string }) => schema)).toEqual(['identity', 'users']);
  for (const { migrations } of before.schemas) {
    expect(migrations[0]).toEqual({ name: expect.any(String), applied: false, known: true });
  }
  await migrate();
  expect((await status()).pending).toBe(0);
  const { stdout } = await migrate('status');
  expect(stdout).toMatch(/^identity +\w+ +applied$/m);
  expect(stdout).toMatch(/Nothing is pending\.\n$/);
});

it('reverts one migration at a time, in production only with --yes', async () => {
  await migrate();
  const refused = await migrate('down');
  expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(ONE_LINE) });
  expect(refused.stderr).toContain('--yes');
  expect((await status()).pending).toBe(0);

  expect(await migrate('down', '--yes')).toMatchObject({ code: 0, stderr: '' });
  expect((await status()).pending).toBe(1);
  const total = (await status()).schemas.flatMap(({ migrations }: { migrations: [] }) => migrations).length;
  // The function of the command, because a process for each migration takes long.
  const schemas = schemasOf(commandDatabases({ DATABASE_URL: database.url }));
  for (let left = total - 1; left > 1; left -= 1) await migrateDown(schemas);
  expect((await status()).pending).toBe(total - 1);
  expect(await migrate('down', '--yes')).toMatchObject({ code: 0, stderr: '' });
  expect((await status()).pending).toBe(total);
  expect((await migrate('down', '--yes')).stdout).toBe('There is nothing to revert.\n');
  expect(await migrate()).toMatchObject({ code: 0 });
});

it('migrates schemas in separate databases, and one schema alone', async () => {
  const other = await createEmptyDatabase();
  try {
    env = {
      ENVIRONMENT: 'production',
      IDENTITY_DATABASE_URL: database.url,
      USER_DATABASE_URL: other.url,
    };
    expect(await migrate()).toMatchObject({ code: 0 });
    const schemas = `SELECT nspname FROM pg_namespace WHERE nspname IN ('identity', 'users')`;
    expect(await runSql(database.url, schemas)).toEqual([{ nspname: 'identity' }]);
    expect(await runSql(other.url, schemas)).toEqual([{ nspname: 'users' }]);

    env = { ENVIRONMENT: 'production', USER_DATABASE_URL: other.url };
    expect((await status()).schemas).toHaveLength(1);
  } finally {
    await other.close();
  }
});

it.each([
  ['no URL', {}, /^DATABASE_URL is missing/],
  ['an invalid URL', { DATABASE_URL: 'localhost' }, /^\w*DATABASE_URL must be a URL/],
  [
    'an unreachable server',
    { DATABASE_URL: 'postgres://a:b@127.0.0.1:1/c' },
    /identity database.*ECONNREFUSED/,
  ],
])('reports in production the problem with %s', async (_, variables, reason) => {
  env = { ENVIRONMENT: 'production', ...variables } as Variables;
  const { code, stdout, stderr } = await migrate();
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(reason);
  expect(stderr).not.toContain('a:b@');
});

it('starts the embedded database while it runs if no database is set', async () => {
  env = {};
  expect(await migrate()).toMatchObject({ code: 0, stderr: '' });
  expect(await checkout.isDatabaseStopped()).toBe(true);
  expect((await status()).pending).toBe(0);
});
