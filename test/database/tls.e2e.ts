import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'dotenv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliCheckout, ONE_LINE, type Variables } from '../cli/cli-checkout.js';
import { PrivateAuthority } from '../support/certificates.js';
import { freePorts } from '../support/free-ports.js';
import {
  migrateAll,
  type PostgresServer,
  runSql,
  startPostgres,
  withDatabase,
} from '../support/postgres-server.js';
import { disableTls, enableTls, requireTls } from '../support/postgres-tls.js';

const PASSWORD = 's3cret-of-app';

let checkout: CliCheckout;
let server: PostgresServer;
let authority: PrivateAuthority;
let other: PrivateAuthority;
let env: Variables;
beforeAll(async () => {
  checkout = await CliCheckout.make();
  [authority, other, server] = await Promise.all([
    PrivateAuthority.make(),
    PrivateAuthority.make(),
    startPostgres(),
  ]);
  await runSql(server.url, `CREATE ROLE app LOGIN PASSWORD '${PASSWORD}'`);
  await runSql(server.url, 'CREATE DATABASE app OWNER app');
  await migrateAll(appUrl());
  const pair = parse((await checkout.twinkey(['keys', 'generate'])).stdout);
  env = {
    ...pair,
    ENVIRONMENT: 'production',
    JWT_ISSUER: 'https://id.example.com',
    JWT_AUDIENCE: 'example',
  };
});
afterAll(async () => {
  await server.close();
  await authority.close();
  await other.close();
  await checkout.close();
});

/** As the server's ordinary user, who has to use TLS after `requireTls`. */
function appUrl(query = '', host = '127.0.0.1'): string {
  const url = new URL(withDatabase(server.url, 'app'));
  return `postgres://app:${PASSWORD}@${host}:${url.port}/app${query}`;
}

async function twinkey(args: string[], url: string, more: Variables = {}) {
  const ended = await checkout.twinkey(args, { ...env, ...more, DATABASE_URL: url });
  expect(ended.stdout + ended.stderr).not.toContain(PASSWORD);
  // The library's warning is many lines long.
  expect(ended.stderr).toMatch(ended.code === 0 ? /^$/ : ONE_LINE);
  return ended;
}

const status = (url: string) => twinkey(['migrate', 'status'], url);

describe('a server behind a private CA that demands TLS', () => {
  beforeAll(async () => {
    await enableTls(server, authority.issue({ addresses: ['127.0.0.1'] }));
    await requireTls(server);
  });

  it.each(['require', 'prefer', 'allow', 'verify-ca', 'verify-full'])(
    'is refused with sslmode=%s alone, in one line that names both settings that mend it',
    async (mode) => {
      const { code, stderr } = await status(appUrl(`?sslmode=${mode}`));
      expect(code).toBe(1);
      expect(stderr).toContain('self-signed certificate in certificate chain');
      expect(stderr).toContain('sslrootcert');
      expect(stderr).toContain('sslmode=no-verify');
    },
  );

  it.each(['require', 'prefer', 'verify-ca', 'verify-full'])(
    'is reached with sslmode=%s and sslrootcert',
    async (mode) => {
      expect(await status(appUrl(`?sslmode=${mode}&sslrootcert=${authority.file}`))).toMatchObject({
        code: 0,
      });
    },
  );

  it.each(['sslmode=no-verify', 'uselibpqcompat=true&sslmode=require'])(
    'is reached unverified with %s',
    async (query) => {
      expect(await status(appUrl(`?${query}`))).toMatchObject({ code: 0 });
    },
  );

  it.each(['', '?sslmode=disable'])(
    'refuses plain connections (%j), and the line says how to use TLS',
    async (query) => {
      const { code, stderr } = await status(appUrl(query));
      expect(code).toBe(1);
      expect(stderr).toContain('sslmode=verify-full');
    },
  );

  it('is reached by every command, and by Node’s own list of authorities', async () => {
    const url = appUrl(`?sslmode=require&sslrootcert=${authority.file}`);
    expect(await twinkey(['migrate'], url)).toMatchObject({ code: 0 });
    const seeded = await checkout.twinkey(
      ['seed', '--admin-email', 'ada@example.com'],
      { ...env, DATABASE_URL: url },
      'Gr8-Passw0rd-of-Ada\n',
    );
    expect(seeded).toMatchObject({ code: 0, stderr: '' });
    expect(await twinkey(['doctor'], url)).toMatchObject({ code: 0 });
    const known = { NODE_EXTRA_CA_CERTS: authority.file };
    expect(await twinkey(['doctor'], appUrl('?sslmode=require'), known)).toMatchObject({ code: 0 });
    expect(await twinkey(['doctor'], appUrl('?sslrootcert=system'), known)).toMatchObject({ code: 0 });
  });

  it('stops a start at once, in the same one line', async () => {
    const { code, stdout, stderr } = await twinkey(['run'], appUrl('?sslmode=require'), await freePorts());
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/sslrootcert.*sslmode=no-verify/);
  });

  it('is explained by doctor', async () => {
    const { code, stdout } = await twinkey(['doctor', '--json'], appUrl('?sslmode=require'));
    expect(code).toBe(1);
    expect(JSON.parse(stdout).checks).toContainEqual({
      name: 'database.identity',
      status: 'broken',
      message: expect.stringContaining('self-signed certificate'),
      remedy: expect.stringMatching(/sslrootcert.*DATABASE_URL.*sslmode=no-verify/),
    });
  });

  it('is refused where sslrootcert is another CA, holds none, or cannot be read', async () => {
    const empty = join(authority.folder, 'empty.pem');
    await writeFile(empty, 'no certificate');
    for (const file of [other.file, empty, join(authority.folder, 'missing.pem')]) {
      const { code, stderr } = await status(appUrl(`?sslmode=verify-full&sslrootcert=${file}`));
      expect(code).toBe(1);
      expect(stderr).toContain('sslrootcert in the database URL');
    }
  });

  it('has to be called by its certificate’s name, but with verify-ca', async () => {
    const query = `&sslrootcert=${authority.file}`;
    const { code, stderr } = await status(appUrl(`?sslmode=verify-full${query}`, 'localhost'));
    expect(code).toBe(1);
    expect(stderr).toContain('sslmode=verify-ca');
    expect(await status(appUrl(`?sslmode=verify-ca${query}`, 'localhost'))).toMatchObject({ code: 0 });
  });

  it('refuses a client certificate that is none, by name of its settings', async () => {
    const file = join(authority.folder, 'client.pem');
    await writeFile(file, 'no certificate');
    const query = `?sslmode=no-verify&sslcert=${file}&sslkey=${file}`;
    expect((await status(appUrl(query))).stderr).toMatch(/sslcert and sslkey/);
  });
});

it('is refused where its certificate has expired', async () => {
  await enableTls(server, authority.issue({ addresses: ['127.0.0.1'], days: -1 }));
  const { code, stderr } = await status(appUrl(`?sslmode=verify-full&sslrootcert=${authority.file}`));
  expect(code).toBe(1);
  expect(stderr).toMatch(/certificate has expired\. Renew/);
});

it('is refused where TLS is wanted and the server has none', async () => {
  await disableTls(server);
  const { code, stderr } = await status(appUrl('?sslmode=require'));
  expect(code).toBe(1);
  expect(stderr).toContain('sslmode=disable');
});

describe('while it serves', () => {
  it('answers 503 where the certificate is not accepted any more, and serves again by itself', async () => {
    const good = authority.issue({ addresses: ['127.0.0.1'] });
    await enableTls(server, good);
    await requireTls(server);
    // Read at each connection.
    const trusted = join(authority.folder, 'trusted.pem');
    await copyFile(authority.file, trusted);
    const ports = await freePorts();
    const url = appUrl(`?sslmode=require&sslrootcert=${trusted}`);
    const running = checkout.start(['run', 'identity-provider'], {
      ...env,
      ...ports,
      HOST: '127.0.0.1',
      DATABASE_URL: url,
    });
    await running.untilPrinted('listens');
    const login = async () => {
      const { status: code } = await fetch(`http://127.0.0.1:${ports.PORT}/api/v1/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: 'nobody@example.com', password: 'wrong password 1' }),
      });
      return code;
    };
    expect(await login()).toBe(401);

    await enableTls(server, other.issue({ addresses: ['127.0.0.1'] }));
    await dropConnections();
    expect(await login()).toBe(503);

    await enableTls(server, good);
    expect(await login()).toBe(401);
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
  });
});

/** Those of the apps; resolves when they are gone. */
async function dropConnections(): Promise<void> {
  const ofApps = "FROM pg_stat_activity WHERE usename = 'app'";
  await runSql(server.url, `SELECT pg_terminate_backend(pid) ${ofApps}`);
  while ((await runSql(server.url, `SELECT ${ofApps}`)).length > 0) await sleep(20);
}
