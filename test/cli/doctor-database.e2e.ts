import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { runSql, withDatabase } from '../support/postgres-server.js';
import { CliCheckout, ONE_LINE } from './cli-checkout.js';

const PASSWORD = 's3cret-of-the-role';

let checkout: CliCheckout;
beforeAll(async () => {
  checkout = await CliCheckout.make();
});
afterAll(() => checkout.close());

/** An ordinary role, which owns nothing. */
let role: string;
let database: TestDatabase | null = null;
beforeEach(async () => {
  role = `role_${randomBytes(6).toString('hex')}`;
  await runSql(inject('postgresUrl'), `CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}'`);
});
afterEach(async () => {
  await database?.close();
  database = null;
  await runSql(inject('postgresUrl'), `DROP ROLE ${role}`);
});

function urlOf(name: string, password = PASSWORD): string {
  const url = new URL(withDatabase(inject('postgresUrl'), name));
  url.username = role;
  url.password = password;
  return url.href;
}

const nameOf = ({ url }: TestDatabase) => new URL(url).pathname.slice(1);

/** What doctor says of the database of schema `identity`. */
async function doctor(url: string, variable = 'DATABASE_URL') {
  const { stdout } = await checkout.twinkey(['doctor', 'identity-provider', '--json'], {
    ENVIRONMENT: 'production',
    [variable]: url,
  });
  expect(stdout).not.toContain(PASSWORD);
  const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string; remedy: string }[] };
  const check = checks.find(({ name }) => name === 'database.identity');
  return { status: check?.status, remedy: check?.remedy ?? '' };
}

/** Runs what the remedy says, as the superuser. */
async function follow(remedy: string): Promise<void> {
  const statement = /GRANT .*(?=\.$)/.exec(remedy)?.[0] ?? 'no GRANT';
  await runSql(database?.url ?? '', statement);
}

it.each(['DATABASE_URL', 'IDENTITY_DATABASE_URL'])(
  'tells a wrong password, and where it is set: %s',
  async (variable) => {
    database = await createTestDatabase();
    const { status, remedy } = await doctor(urlOf(nameOf(database), 'wrong'), variable);
    expect(status).toBe('broken');
    expect(remedy).toMatch(new RegExp(`^Correct user and password in ${variable}`));
  },
);

it('tells a database that is not there', async () => {
  const { status, remedy } = await doctor(urlOf('not-there'));
  expect(status).toBe('broken');
  expect(remedy).toContain(`CREATE DATABASE "not-there" OWNER "${role}" TEMPLATE template0 ENCODING 'UTF8'`);
});

it('tells a server that is not there', async () => {
  const { status, remedy } = await doctor('postgres://a:b@127.0.0.1:1/c');
  expect(status).toBe('broken');
  expect(remedy).toContain('Start the database');
});

it('names the GRANT without which no schema can be made, as migrate does', async () => {
  database = await createEmptyDatabase();
  const url = urlOf(nameOf(database));
  const { status, remedy } = await doctor(url);
  expect(status).toBe('broken');
  expect(remedy).toContain('GRANT CREATE ON DATABASE');
  const env = { ENVIRONMENT: 'production', DATABASE_URL: url };
  const refused = await checkout.twinkey(['migrate'], env);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(ONE_LINE) });
  expect(refused.stderr).toContain(remedy);

  await follow(remedy);
  expect(await checkout.twinkey(['migrate'], env)).toMatchObject({ code: 0, stderr: '' });
  expect(await doctor(url)).toMatchObject({ status: 'ok' });
});

it('names the GRANT for a schema that somebody else has made', async () => {
  database = await createEmptyDatabase();
  await runSql(database.url, 'CREATE SCHEMA identity; CREATE SCHEMA users');
  const url = urlOf(nameOf(database));
  const { status, remedy } = await doctor(url);
  expect(status).toBe('broken');
  expect(remedy).toContain('GRANT USAGE, CREATE ON SCHEMA "identity"');
  await follow(remedy);
  expect(await doctor(url)).toMatchObject({ status: 'ok' });
});

it('names the GRANTs for tables that another role has made', async () => {
  database = await createTestDatabase();
  const url = urlOf(nameOf(database));
  const schema = await doctor(url);
  expect(schema).toMatchObject({ status: 'broken' });
  expect(schema.remedy).toContain('GRANT USAGE ON SCHEMA "identity"');
  await follow(schema.remedy);
  const tables = await doctor(url);
  expect(tables).toMatchObject({ status: 'broken' });
  expect(tables.remedy).toContain('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "identity"');
  await follow(tables.remedy);
  expect(await doctor(url)).toMatchObject({ status: 'ok' });
});
