import bcrypt from 'bcrypt';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/postgres.js';
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
  database = await createTestDatabase();
  env = { ENVIRONMENT: 'development', DATABASE_URL: database.url, BCRYPT_COST: '10' };
});
afterEach(() => database.close());

const seed = (args: string[] = [], input = '') => checkout.twinkey(['seed', ...args], env, input);
const accounts = () =>
  runSql(
    database.url,
    `SELECT a.email, r.name AS role, a.password_hash FROM identity.accounts a
      JOIN identity.roles r ON r.id = a.role_id ORDER BY a.email`,
  );

it('creates the demo accounts once, and changes no existing account', async () => {
  const first = await seed();
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toContain('admin@example.com, user@example.com');
  const created = await accounts();
  expect(created).toEqual([
    { email: 'admin@example.com', role: 'admin', password_hash: expect.stringMatching(/^\$2b\$10\$/) },
    { email: 'user@example.com', role: 'user', password_hash: expect.any(String) },
  ]);
  await runSql(
    database.url,
    `UPDATE identity.accounts SET password_hash = 'changed' WHERE email = 'admin@example.com'`,
  );
  expect(await seed()).toEqual({ code: 0, stdout: 'Nothing had to be added.\n', stderr: '' });
  expect(await accounts()).toEqual([{ ...created[0], password_hash: 'changed' }, created[1]]);
});

it('creates no demo account in production', async () => {
  env['ENVIRONMENT'] = 'production';
  const { code, stdout, stderr } = await seed();
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(ONE_LINE);
  expect(stderr).toContain('--admin-email');
  expect(await accounts()).toEqual([]);
});

it('creates the first administrator in production, with the first line of standard input as the password', async () => {
  env['ENVIRONMENT'] = 'production';
  const first = await seed(['--admin-email', 'Root@Example.org'], 'a fine password 1 \r\nand more\n');
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout + first.stderr).not.toContain('a fine password');
  const created = await accounts();
  expect(created).toEqual([{ email: 'Root@Example.org', role: 'admin', password_hash: expect.any(String) }]);
  // Exactly the line: without the newline, with the space at its end.
  expect(await bcrypt.compare('a fine password 1 ', String(created[0]?.['password_hash']))).toBe(true);

  const again = await seed(['--admin-email', 'root@example.org'], 'another password 1\n');
  expect(again).toMatchObject({ code: 0, stderr: '' });
  expect(again.stdout).toContain('stays as it is');
  expect(await accounts()).toEqual(created);
});

it('takes no byte order mark, which PowerShell writes, for a part of the password', async () => {
  expect(await seed(['--admin-email', 'root@example.org'], '\ufeffGr8-Passw0rd\n')).toMatchObject({
    code: 0,
  });
  const [made] = await accounts();
  expect(await bcrypt.compare('Gr8-Passw0rd', String(made?.['password_hash']))).toBe(true);
});

it.each([
  ['an empty input', '', /no password/],
  ['a short password', 'short\n', /8 bytes/],
  ['a common password', 'password1\n', /common/],
  ['a password too long for bcrypt', `${'é'.repeat(37)}\n`, /72 bytes/],
  ['the local part of the email', 'rootroot\n', /local part/],
])('refuses %s, with one line, and creates nothing', async (_, input, reason) => {
  const { code, stdout, stderr } = await seed(['--admin-email', 'rootroot@example.org'], input);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(ONE_LINE);
  expect(stderr).toMatch(reason);
  expect(await runSql(database.url, 'SELECT FROM identity.roles')).toEqual([]);
});

it('refuses an invalid email', async () => {
  const { code, stderr } = await seed(['--admin-email', 'root'], 'a fine password 1\n');
  expect(code).toBe(1);
  expect(stderr).toMatch(/^email: /);
});

it('asks to migrate first if the schema is missing', async () => {
  const empty = await createEmptyDatabase();
  try {
    env['DATABASE_URL'] = empty.url;
    const { code, stderr } = await seed();
    expect(code).toBe(1);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain('twinkey migrate');
  } finally {
    await empty.close();
  }
});

it('names the missing setting', async () => {
  env = { ENVIRONMENT: 'production' };
  expect(await seed(['--admin-email', 'root@example.org'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^DATABASE_URL is missing/),
  });
});
