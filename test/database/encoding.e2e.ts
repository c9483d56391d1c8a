import { parse } from 'dotenv';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { CliCheckout, ONE_LINE, type Variables } from '../cli/cli-checkout.js';
import { freePorts } from '../support/free-ports.js';
import { createEmptyDatabase, type TestDatabase } from '../support/postgres.js';
import { runSql, withDatabase } from '../support/postgres-server.js';

let checkout: CliCheckout;
let env: Variables;
beforeAll(async () => {
  checkout = await CliCheckout.make();
  env = {
    ...parse((await checkout.twinkey(['keys', 'generate'])).stdout),
    ...(await freePorts()),
    JWT_ISSUER: 'https://id.example.com',
    JWT_AUDIENCE: 'example',
  };
});
afterAll(() => checkout.close());

describe.each(['SQL_ASCII', 'LATIN1'])('a database in %s', (encoding) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createEmptyDatabase(
      `TEMPLATE template0 ENCODING '${encoding}' LOCALE_PROVIDER libc LOCALE 'C'`,
    );
  });
  afterAll(() => database.close());

  it.each([
    ['migrate', 'production'],
    ['run', 'production'],
    ['run', 'test'],
  ])('is refused by %s in %s, in one line with the remedy', async (command, environment) => {
    const ended = await checkout.twinkey([command], {
      ...env,
      ENVIRONMENT: environment,
      DATABASE_URL: database.url,
    });
    expect(ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(ONE_LINE) });
    expect(ended.stderr).toContain(encoding);
    expect(ended.stderr).toMatch(/CREATE DATABASE .* ENCODING 'UTF8'/);
    const schemas = "SELECT FROM pg_namespace WHERE nspname IN ('identity', 'users')";
    expect(await runSql(database.url, schemas)).toEqual([]);
  });

  it('is found by doctor, with a remedy that works', async () => {
    const { code, stdout } = await checkout.twinkey(['doctor', '--json'], {
      ...env,
      ENVIRONMENT: 'production',
      DATABASE_URL: database.url,
    });
    expect(code).toBe(1);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string; remedy: string }[] };
    const check = checks.find(({ name }) => name === 'database.identity');
    expect(check).toMatchObject({ status: 'broken', message: expect.stringContaining(encoding) });

    const statement = /CREATE DATABASE <name>[^,]*/.exec(check?.remedy ?? '')?.[0] ?? '';
    const name = `remedy_${encoding.toLowerCase()}`;
    const server = inject('postgresUrl');
    await runSql(server, statement.replace('<name>', name));
    try {
      const remedied = { ENVIRONMENT: 'production', DATABASE_URL: withDatabase(server, name) };
      expect(await checkout.twinkey(['migrate'], remedied)).toMatchObject({ code: 0, stderr: '' });
    } finally {
      await runSql(server, `DROP DATABASE ${name} WITH (FORCE)`);
    }
  });
});
