import { createPrivateKey, createPublicKey } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'dotenv';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../support/free-ports.js';
import { startPostgres } from '../support/postgres-server.js';
import { CliCheckout, ONE_LINE, type Variables } from './cli-checkout.js';

let checkout: CliCheckout;
let pair: Variables;
let production: Variables;
beforeAll(async () => {
  checkout = await CliCheckout.make();
  pair = parse((await checkout.twinkey(['keys', 'generate'])).stdout);
  production = {
    ...pair,
    ...(await freePorts()),
    ENVIRONMENT: 'production',
    HOST: '127.0.0.1',
    JWT_ISSUER: 'https://id.example.com',
    JWT_AUDIENCE: 'example',
  };
});
afterAll(() => checkout.close());
afterEach(() => rm(checkout.path('.env'), { force: true }));

const writeEnv = (text: string) => writeFile(checkout.path('.env'), text);

describe.each([
  'postgres://app:p@s3cretPart/w:o?r#hidden@127.0.0.1/db',
  'postgres://u:1234/s3cretPart@127.0.0.1:5432/db',
])('an unescaped password in %s', (url) => {
  it.each([
    [['run']],
    [['run', '--workers', '2']],
    [['migrate']],
    [['migrate', 'status']],
    [['seed', '--admin-email', 'ada@example.com']],
  ])('is one line of twinkey %j, which shows nothing of it', async (args) => {
    const { code, stdout, stderr } = await checkout.twinkey(args, { ...production, DATABASE_URL: url });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(/^DATABASE_URL .*percent-encoded/);
    expect(stderr).not.toMatch(/s3cret|hidden|w:o/);
  });

  it('is a finding of doctor, which shows nothing of it', async () => {
    for (const more of [[], ['--json']]) {
      const env = { ...production, DATABASE_URL: url };
      const { code, stdout, stderr } = await checkout.twinkey(['doctor', ...more], env);
      expect(code).toBe(1);
      expect(stdout).toMatch(/DATABASE_URL .*percent-encoded/);
      expect(stdout + stderr).not.toMatch(/s3cret|hidden|w:o/);
    }
  });
});

it.each(['JWT_PRIVATE_KEY', 'JWT_PUBLIC_KEY'])(
  'a development key pair that has only %s is reported together with the other problems',
  async (given) => {
    const { code, stderr } = await checkout.twinkey(['run'], {
      [given]: String(pair[given]),
      PORT: 'none',
    });
    expect(code).toBe(1);
    const missing = given === 'JWT_PRIVATE_KEY' ? 'JWT_PUBLIC_KEY' : 'JWT_PRIVATE_KEY';
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^PORT must be /),
      expect.stringMatching(`^${missing} is missing: `),
    ]);
  },
);

it('reaches a Postgres by its Unix socket', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'twinkey-socket-'));
  // Root's Postgres runs as another user.
  await chmod(folder, 0o777);
  const postgres = await startPostgres({ fsync: 'off', unix_socket_directories: folder });
  try {
    const { username, password, pathname, port } = new URL(postgres.url);
    const DATABASE_URL = `postgres://${username}:${password}@${pathname}?host=${folder}&port=${port}`;
    const env = { ...production, DATABASE_URL };
    expect(await checkout.twinkey(['migrate'], env)).toMatchObject({ code: 0, stderr: '' });
    const { code, stdout } = await checkout.twinkey(['doctor'], env);
    expect(stdout).toContain(`answers at ${folder}${pathname}.`);
    expect(stdout).not.toContain(password);
    expect(code).toBe(0);
  } finally {
    await postgres.close();
    await rm(folder, { recursive: true, force: true });
  }
});

describe('a variable that no setting is named like', () => {
  it('is a warning of each command that reads settings', async () => {
    await writeEnv('JWT_EXPIRATION_DAY=1\n');
    const { stderr } = await checkout.twinkey(['migrate'], { ...production, KEYCLOAK_REALMS: 's3cret' });
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^Warning: JWT_EXPIRATION_DAY .*JWT_EXPIRATION_DAYS\?$/),
      expect.stringMatching(/^Warning: KEYCLOAK_REALMS .*KEYCLOAK_REALM\?$/),
      expect.stringMatching(/^DATABASE_URL is missing/),
    ]);
  });

  it('is a warning of doctor', async () => {
    await writeEnv('JWT_EXPIRATION_DAY=1\n');
    const { stdout } = await checkout.twinkey(['doctor', '--json'], production);
    expect(JSON.parse(stdout).checks).toContainEqual({
      name: 'settings.unknown',
      status: 'warning',
      message: expect.stringContaining('JWT_EXPIRATION_DAYS'),
      remedy: expect.any(String),
    });
  });
});

describe('a key pair', () => {
  const pemOf = (name: string) => Buffer.from(pair[name] ?? '', 'base64').toString();
  const PRIVATE = () => pemOf('JWT_PRIVATE_KEY');
  const PUBLIC = () => pemOf('JWT_PUBLIC_KEY');
  const pkcs1 = (key: { export(options: object): string | Buffer }) =>
    key.export({ type: 'pkcs1', format: 'pem' }).toString();
  const wrapped = (text: string) => Buffer.from(text).toString('base64').replaceAll(/.{76}/g, '$&\n');

  const spellings: [string, () => [string, string]][] = [
    ['PEM', () => [PRIVATE(), PUBLIC()]],
    [
      'PEM with escaped line breaks',
      () => [PRIVATE().replaceAll('\n', '\\n'), PUBLIC().replaceAll('\n', '\\n')],
    ],
    ['PEM in PKCS#1', () => [pkcs1(createPrivateKey(PRIVATE())), pkcs1(createPublicKey(PUBLIC()))]],
    ['base64 of PEM, wrapped', () => [wrapped(PRIVATE()), wrapped(PUBLIC())]],
    [
      'base64 of PEM, unpadded',
      () => [wrapped(PRIVATE()).replace(/=+$/, ''), wrapped(PUBLIC()).replace(/=+$/, '')],
    ],
  ];

  it.each(spellings)('is taken as %s from the environment and from .env in any quotes', async (_, spell) => {
    const [JWT_PRIVATE_KEY, JWT_PUBLIC_KEY] = spell();
    const { JWT_PRIVATE_KEY: _1, JWT_PUBLIC_KEY: _2, ...rest } = production;
    const doctor = async (env: Variables) => {
      const { stdout } = await checkout.twinkey(['doctor', 'identity-provider'], env);
      expect(stdout).toContain(`✓ keys.pair: ${pair['JWT_KID']}`);
    };
    await doctor({ ...rest, JWT_PRIVATE_KEY, JWT_PUBLIC_KEY });
    for (const quote of ['"', "'"]) {
      await writeEnv(
        `JWT_PRIVATE_KEY=${quote}${JWT_PRIVATE_KEY}${quote}\nJWT_PUBLIC_KEY=${quote}${JWT_PUBLIC_KEY}${quote}\n`,
      );
      await doctor(rest);
    }
  });
});

it('runs beside a Kubernetes Service whose links have our names', async () => {
  const { PORT = '', USER_SERVICE_PORT = '', USER_SERVICE_INTERNAL_PORT = '' } = production;
  await writeEnv(`USER_SERVICE_PORT=${USER_SERVICE_PORT}\n`);
  const running = checkout.start(['run'], {
    PORT,
    USER_SERVICE_INTERNAL_PORT,
    USER_SERVICE_PORT: 'tcp://10.96.23.4:3000',
    USER_SERVICE_PORT_3000_TCP: 'tcp://10.96.23.4:3000',
    USER_SERVICE_PORT_3000_TCP_ADDR: '10.96.23.4',
    USER_SERVICE_SERVICE_HOST: '10.96.23.4',
    USER_SERVICE_SERVICE_PORT: '3000',
  });
  await running.untilPrinted(`:${USER_SERVICE_PORT}`);
  running.child.kill('SIGTERM');
  expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
});
