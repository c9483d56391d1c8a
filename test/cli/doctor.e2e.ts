import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createServer } from 'node:http';
import { parse } from 'dotenv';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePorts } from '../support/free-ports.js';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { runSql } from '../support/postgres-server.js';
import { CliCheckout, ONE_LINE, type Variables } from './cli-checkout.js';

interface Check {
  name: string;
  status: string;
  message: string;
  remedy: string | null;
}

let checkout: CliCheckout;
let pair: Variables;
beforeAll(async () => {
  checkout = await CliCheckout.make();
  pair = parse((await checkout.twinkey(['keys', 'generate'])).stdout);
});
afterAll(() => checkout.close());

let database: TestDatabase;
let env: Variables;
beforeEach(async () => {
  database = await createTestDatabase();
  env = {
    ...pair,
    ...(await freePorts()),
    ENVIRONMENT: 'production',
    JWT_ISSUER: 'https://id.example.com',
    JWT_AUDIENCE: 'example',
    DATABASE_URL: database.url,
  };
});
afterEach(() => database.close());

async function doctor(overrides: Variables = {}, ...args: string[]) {
  const { code, stdout, stderr } = await checkout.twinkey(['doctor', '--json', ...args], {
    ...env,
    ...overrides,
  });
  const report: { status: string; checks: Check[] } = JSON.parse(stdout);
  const find = (name: string) => report.checks.find((check) => check.name === name);
  return { code, stderr, ...report, find };
}

it('finds no problem, and lists the skipped checks', async () => {
  const { code, stderr, status, checks, find } = await doctor();
  expect({ code, stderr, status }).toEqual({ code: 0, stderr: '', status: 'ok' });
  // These checks exist only behind PgBouncer.
  const listed = checks.filter(({ name }) => !/^database\..*\.direct$/.test(name));
  expect(listed.map(({ name, status: result }) => `${name} ${result}`)).toEqual([
    'settings ok',
    'database.identity ok',
    'database.users ok',
    'migrations.identity ok',
    'migrations.users ok',
    'keys.pair ok',
    'keys.published skipped',
    'provider.cookies ok',
    'provider.issuer skipped',
    'internal-port ok',
    'keycloak skipped',
    'mail.server skipped',
  ]);
  expect(find('keys.pair')?.message).toContain(pair['JWT_KID']);
  expect(find('database.identity')?.message).toMatch(/^PostgreSQL \d+.* at 127\.0\.0\.1:\d+\/test_/);
  for (const check of checks) {
    expect(Object.keys(check)).toEqual(['name', 'status', 'message', 'remedy']);
  }
});

it('prints the same as text', async () => {
  const { code, stdout, stderr } = await checkout.twinkey(['doctor'], env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('✓ settings: Complete for both apps.\n');
});

describe('fails, with one line on standard error and a remedy, if', () => {
  it('settings are missing or invalid, and lists all of them', async () => {
    const { code, stderr, checks } = await doctor({ JWT_AUDIENCE: '', BCRYPT_COST: '4' });
    expect(code).toBe(1);
    expect(stderr).toMatch(ONE_LINE);
    const broken = checks.filter(({ status }) => status === 'broken');
    expect(broken.map(({ message }) => message.split(' ', 1)[0]).sort()).toContain('BCRYPT_COST');
    for (const { remedy } of broken) expect(remedy).toEqual(expect.any(String));
  });

  it('the issuer is http, which is no fault of the keys', async () => {
    const { code, checks, find } = await doctor({ JWT_ISSUER: 'http://id.example.com' });
    expect(code).toBe(1);
    expect(checks.filter(({ status }) => status === 'broken')).toEqual([
      {
        name: 'settings',
        status: 'broken',
        message: expect.stringContaining('JWT_ISSUER'),
        remedy: expect.stringMatching(/https.*proxy/),
      },
    ]);
    expect(find('keys')).toMatchObject({ status: 'skipped' });
  });

  it('the database is unreachable, and still does the other checks', async () => {
    const { code, find } = await doctor({ DATABASE_URL: 'postgres://someone:s3cret@127.0.0.1:1/nothing' });
    expect(code).toBe(1);
    expect(find('database.identity')).toMatchObject({ status: 'broken' });
    expect(find('database.identity')?.message).not.toContain('s3cret');
    expect(find('migrations.users')).toMatchObject({ status: 'skipped' });
    expect(find('keys.pair')).toMatchObject({ status: 'ok' });
  });

  it('Redis is unreachable, and does not show its password', async () => {
    const { code, checks, find } = await doctor({ REDIS_URL: 'redis://:s3cret@127.0.0.1:1' });
    expect(code).toBe(1);
    expect(find('redis')).toMatchObject({
      status: 'broken',
      message: '127.0.0.1:1 cannot be used: connect ECONNREFUSED 127.0.0.1:1.',
    });
    expect(JSON.stringify(checks)).not.toContain('s3cret');
  });

  it('migrations are pending', async () => {
    const empty = await createEmptyDatabase();
    try {
      const { code, find } = await doctor({ DATABASE_URL: empty.url });
      expect(code).toBe(1);
      expect(find('migrations.identity')).toMatchObject({
        status: 'broken',
        remedy: expect.stringContaining('twinkey migrate'),
      });
    } finally {
      await empty.close();
    }
  });

  it('the keys do not belong together', async () => {
    const other = parse((await checkout.twinkey(['keys', 'generate'])).stdout);
    const { code, find } = await doctor({ JWT_PUBLIC_KEY: other['JWT_PUBLIC_KEY'] ?? '' });
    expect(code).toBe(1);
    expect(find('keys')).toMatchObject({ status: 'broken' });
    expect(JSON.stringify(find('keys'))).not.toContain(pair['JWT_PRIVATE_KEY']);
  });

  it('the running service publishes other keys than the settings contain', async () => {
    const running = checkout.start(['run'], env);
    await running.untilPrinted('user-service, internal listens');
    expect((await doctor()).find('keys.published')).toMatchObject({ status: 'ok' });

    const other = parse((await checkout.twinkey(['keys', 'generate'])).stdout);
    const { code, find } = await doctor(other);
    expect(code).toBe(1);
    expect(find('keys.published')).toMatchObject({
      status: 'broken',
      remedy: expect.stringContaining('Restart'),
    });

    // A user-service with its own public keys would refuse tokens that are signed with the published ones.
    const { PORT = '' } = env;
    const withOwnKeys = await doctor(
      { ...other, IDENTITY_PROVIDER_URL: `http://127.0.0.1:${PORT}`, JWT_PRIVATE_KEY: '' },
      'user-service',
    );
    expect(withOwnKeys.find('keys.published')).toMatchObject({ status: 'broken' });
    running.child.kill('SIGKILL');
    await running.ended;
  });

  it('other users can read a key file', async () => {
    const clone = await checkout.clone();
    try {
      await clone.twinkey(['keys', 'generate', '--write']);
      await chmod(clone.path('.env'), 0o644);
      const { code, stdout } = await clone.twinkey(['doctor', '--json']);
      expect(code).toBe(1);
      expect(JSON.parse(stdout).checks).toEqual([
        expect.objectContaining({
          name: 'settings',
          status: 'broken',
          message: expect.stringContaining('chmod'),
        }),
      ]);
    } finally {
      await clone.close();
    }
  });
});

it('warns in production of an internal port that is open to anybody', async () => {
  const open = await doctor({ USER_SERVICE_INTERNAL_HOST: '0.0.0.0' });
  expect(open).toMatchObject({ code: 0, status: 'warning' });
  expect(open.find('internal-port')).toMatchObject({
    status: 'warning',
    remedy: expect.stringContaining('INTERNAL_API_TOKEN'),
  });
  const closed = await doctor({
    USER_SERVICE_INTERNAL_HOST: '0.0.0.0',
    INTERNAL_API_TOKEN: 'a-token-of-this-test',
  });
  expect(closed.find('internal-port')).toMatchObject({ status: 'ok' });
});

describe('the OpenID Provider', () => {
  const development = () => {
    const { PORT = '' } = env;
    const issuer = `http://localhost:${PORT}`;
    return {
      ENVIRONMENT: 'development',
      JWT_ISSUER: issuer,
      IDENTITY_PROVIDER_URL: `http://127.0.0.1:${PORT}`,
    };
  };

  it('is reachable under its own name, and discovery is that of the settings', async () => {
    const running = checkout.start(['run'], { ...env, ...development() });
    try {
      await running.untilPrinted('Ctrl-C stops it.');
      const { code, find } = await doctor(development());
      expect(code).toBe(0);
      expect(find('provider.cookies')).toMatchObject({ status: 'ok' });
      expect(find('provider.issuer')).toMatchObject({ status: 'ok' });
      expect(find('provider.discovery')).toMatchObject({ status: 'ok' });

      const renamed = await doctor({
        ...development(),
        JWT_ISSUER: development().JWT_ISSUER.replace('localhost', '127.0.0.1'),
      });
      expect(renamed.code).toBe(1);
      expect(renamed.find('provider.discovery')).toMatchObject({
        status: 'broken',
        message: expect.stringContaining(development().JWT_ISSUER),
        remedy: expect.stringContaining('Restart'),
      });

      const elsewhere = await doctor({ ...development(), JWT_ISSUER: 'http://127.0.0.1:1' });
      expect(elsewhere).toMatchObject({ code: 0, status: 'warning' });
      expect(elsewhere.find('provider.issuer')).toMatchObject({
        status: 'warning',
        message: expect.stringContaining('127.0.0.1:1/.well-known'),
        remedy: expect.stringContaining('DNS'),
      });
    } finally {
      running.child.kill('SIGKILL');
      await running.ended;
    }
  });

  it.each([
    ['nothing at that address', 404, {}, 'provider.issuer'],
    [
      'endpoints of another host',
      200,
      { token_endpoint: 'http://10.0.0.1:8001/oauth/token' },
      'provider.discovery',
    ],
  ])('is broken where a proxy answers with %s', async (_, status, document, name) => {
    let issuer = '';
    const proxy = createServer(({ url }, response) => {
      const isKeySet = url?.endsWith('/jwks.json');
      response.writeHead(isKeySet ? 200 : status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(isKeySet ? { keys: [] } : { issuer, ...document }));
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    issuer = `http://127.0.0.1:${(proxy.address() as { port: number }).port}`;
    try {
      const { code, find } = await doctor({
        ENVIRONMENT: 'development',
        JWT_ISSUER: issuer,
        IDENTITY_PROVIDER_URL: issuer,
      });
      expect(code).toBe(1);
      expect(find(name)).toMatchObject({ status: 'broken', remedy: expect.stringContaining('proxy') });
    } finally {
      proxy.close();
    }
  });

  it('has no safe cookies at http beyond loopback', async () => {
    const { find } = await doctor({
      ENVIRONMENT: 'development',
      JWT_ISSUER: 'http://id.example.invalid:8001',
    });
    expect(find('provider.cookies')).toMatchObject({
      status: 'warning',
      remedy: expect.stringContaining('https'),
    });
  });
});

it('can check one app only', async () => {
  const { code, checks } = await doctor(
    { JWT_PRIVATE_KEY: '', IDENTITY_PROVIDER_URL: 'http://127.0.0.1:1' },
    'user-service',
  );
  expect(code).toBe(0);
  expect(checks.find(({ name }) => name === 'keys.held')).toMatchObject({ status: 'ok' });
});

it('warns about migrations of a newer build', async () => {
  await runSql(
    database.url,
    `INSERT INTO users.migrations (timestamp, name) VALUES (1999999999999, 'AddWings1999999999999')`,
  );
  const { code, status, find } = await doctor();
  expect({ code, status }).toEqual({ code: 0, status: 'warning' });
  expect(find('migrations.users')).toMatchObject({ status: 'warning' });
});

it('checks the embedded database of a checkout, and creates no keys', async () => {
  const clone = await checkout.clone();
  try {
    const { code, stdout } = await clone.twinkey(['doctor', '--json'], await freePorts());
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'warning',
      checks: expect.arrayContaining([
        expect.objectContaining({ name: 'database.identity', status: 'ok' }),
        expect.objectContaining({ name: 'migrations.identity', status: 'warning' }),
        expect.objectContaining({ name: 'keys', status: 'skipped' }),
      ]),
    });
    expect(await clone.isDatabaseStopped()).toBe(true);
  } finally {
    await clone.close();
  }
});
