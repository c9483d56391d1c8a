import { readFile, writeFile } from 'node:fs/promises';
import { parse } from 'dotenv';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { freePorts } from '../support/free-ports.js';
import { readToken } from '../support/keycloak-tokens.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { CliCheckout, type RunningCommand, type Variables } from './cli-checkout.js';

/** What processes need to use a changed file, in milliseconds. */
const WITHIN = { timeout: 5_000, interval: 100 };
/** What they need to refuse a withdrawn key. */
const WITHDRAWN_WITHIN = { timeout: 2_000, interval: 50 };

let built: CliCheckout;
let checkout: CliCheckout;
let database: TestDatabase;
let env: Variables;
const running: RunningCommand[] = [];
beforeAll(async () => {
  built = await CliCheckout.make();
});
afterAll(() => built.close());
beforeEach(async () => {
  checkout = await built.clone();
  database = await createTestDatabase();
  env = { DATABASE_URL: database.url, BCRYPT_COST: '10', ...(await freePorts()) };
});
afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill('SIGTERM');
    await ended;
  }
  await checkout.close();
  await database.close();
});

async function start(args: string[] = ['run'], more: Variables = {}): Promise<RunningCommand> {
  const command = checkout.start(args, { ...env, ...more });
  running.push(command);
  await command.untilPrinted('Ctrl-C stops it.');
  return command;
}

const generate = async () => parse((await checkout.twinkey(['keys', 'generate'])).stdout);
const textOf = (variables: Variables) =>
  Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
const api = (path: string) => `http://127.0.0.1:${env['PORT']}${path}`;
/** A new connection for each request, so that all workers answer. */
const close = { connection: 'close' };
const kidOf = (token: string) => readToken(token)[0]['kid'] as string;

async function login(): Promise<{ status: number; token: string }> {
  const response = await fetch(api('/api/v1/auth/login'), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...close },
    body: JSON.stringify({ email: 'user@example.com', password: 'user123' }),
  });
  const { data } = (await response.json()) as { data: { token: string } | null };
  return { status: response.status, token: data?.token ?? '' };
}

async function publishedKids(): Promise<string[]> {
  const response = await fetch(api('/.well-known/jwks.json'), { headers: close });
  return ((await response.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
}

const statusAt = async (url: string, token: string) =>
  (await fetch(url, { headers: { authorization: `Bearer ${token}`, ...close } })).status;
const statuses = (token: string) =>
  Promise.all([
    statusAt(api('/api/v1/auth/me'), token),
    statusAt(`http://127.0.0.1:${env['USER_SERVICE_PORT']}/users/me`, token),
  ]);

/** The different results of several requests, which reach all workers. */
async function all<T>(request: () => Promise<T>): Promise<string[]> {
  const found = new Set<string>();
  for (let index = 0; index < 8; index++) found.add(JSON.stringify(await request()));
  return [...found];
}

it('every worker uses a changed .env', async () => {
  const [first, second] = [await generate(), await generate()];
  await writeFile(checkout.path('.env'), textOf(first), { mode: 0o600 });
  await start(['run', '--workers', '2']);
  const { token: old } = await login();
  const additional = `${first['JWT_KID']}:${first['JWT_PUBLIC_KEY']}`;
  await writeFile(checkout.path('.env'), textOf({ ...second, JWT_ADDITIONAL_PUBLIC_KEYS: additional }));
  const kids = [second['JWT_KID'], first['JWT_KID']];
  await expect.poll(() => all(publishedKids), WITHIN).toEqual([JSON.stringify(kids)]);
  expect(await all(async () => kidOf((await login()).token))).toEqual([JSON.stringify(second['JWT_KID'])]);
  expect(await all(() => statuses(old))).toEqual(['[200,200]']);
});

it('a removed key is refused', async () => {
  const [first, second] = [await generate(), await generate()];
  await writeFile(checkout.path('.env'), textOf(first), { mode: 0o600 });
  await start();
  const { token } = await login();
  expect(await statuses(token)).toEqual([200, 200]);
  await writeFile(checkout.path('.env'), textOf(second));
  await expect.poll(() => statuses(token), WITHIN).toEqual([401, 401]);
  expect(await publishedKids()).toEqual([second['JWT_KID']]);
});

it('invalid keys are reported without any part of them, and the previous ones stay in use', async () => {
  const [first, second] = [await generate(), await generate()];
  await writeFile(checkout.path('.env'), textOf(first), { mode: 0o600 });
  const process = await start();
  const { token } = await login();
  const wrong = { ...first, JWT_PUBLIC_KEY: String(second['JWT_PUBLIC_KEY']) };
  await writeFile(checkout.path('.env'), textOf(wrong));
  await process.untilPrinted('The changed keys are not valid');
  expect(process.output.stdout).toContain('JWT_PUBLIC_KEY does not belong to JWT_PRIVATE_KEY');
  for (const name of ['JWT_PRIVATE_KEY', 'JWT_PUBLIC_KEY'])
    expect(process.output.stdout).not.toContain(String(second[name]).slice(100, 140));
  expect(await statuses(token)).toEqual([200, 200]);
  expect(kidOf((await login()).token)).toBe(first['JWT_KID']);
});

it('JWT_KEYS_FILE has the keys in place of .env, is rotated, and is read again', async () => {
  const file = checkout.path('mounted.env');
  const keys = await generate();
  await writeFile(file, textOf(keys), { mode: 0o600 });
  env = { ...env, JWT_KEYS_FILE: file, JWT_KID: '', JWT_PRIVATE_KEY: '' };
  await start();
  expect(await publishedKids()).toEqual([keys['JWT_KID']]);
  expect(await checkout.twinkey(['keys', 'rotate'], env)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('mounted.env'),
  });
  await expect.poll(publishedKids, WITHIN).toHaveLength(2);
});

it.each([
  ['a key that is also in the environment', { JWT_KID: 'k' }, 'JWT_KID must be set only in JWT_KEYS_FILE'],
  [
    'a file that does not exist',
    { JWT_KEYS_FILE: '/nowhere' },
    'JWT_KEYS_FILE names a file that cannot be read',
  ],
])('JWT_KEYS_FILE is refused with %s', async (_, more, message) => {
  const file = checkout.path('mounted.env');
  await writeFile(file, textOf(await generate()), { mode: 0o600 });
  const { code, stderr } = await checkout.twinkey(['run'], { ...env, JWT_KEYS_FILE: file, ...more });
  expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
});

it('JWT_KEYS_FILE is refused with other variables, whose values are not printed', async () => {
  const file = checkout.path('mounted.env');
  await writeFile(file, textOf({ ...(await generate()), DATABASE_URL: 'postgres://secret' }));
  const { code, stderr } = await checkout.twinkey(['run'], { ...env, JWT_KEYS_FILE: file });
  expect([code, stderr]).toEqual([1, expect.stringContaining('contains DATABASE_URL')]);
  expect(stderr).not.toContain('secret');
});

it('keys withdraw replaces a leaked signing key: its tokens are refused within two seconds', async () => {
  await checkout.twinkey(['keys', 'generate', '--write']);
  await start(['run', '--workers', '2']);
  const { token } = await login();
  expect(await statuses(token)).toEqual([200, 200]);
  const { code, stdout, stderr } = await checkout.twinkey(['keys', 'withdraw', kidOf(token)], env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  await expect
    .poll(() => all(() => statusAt(api('/api/v1/auth/me'), token)), WITHDRAWN_WITHIN)
    .toEqual(['401']);
  const { JWT_KID: kid = '' } = parse(await readFile(checkout.path('.env'), 'utf8'));
  expect(stdout).toContain(kid);
  await expect.poll(() => all(publishedKids), WITHIN).toEqual([JSON.stringify([kid])]);
  const again = await login();
  expect([again.status, kidOf(again.token)]).toEqual([200, kid]);
  expect(await statuses(again.token)).toEqual([200, 200]);
});

it('keys withdraw reaches a process whose keys come from the environment, which then signs nothing', async () => {
  const keys = await generate();
  await start(['run'], keys);
  const { token } = await login();
  const { code, stdout } = await checkout.twinkey(['keys', 'withdraw', kidOf(token)], { ...env, ...keys });
  expect(code).toBe(0);
  expect(stdout).toContain('is not in a file of this checkout');
  await expect.poll(() => statusAt(api('/api/v1/auth/me'), token), WITHDRAWN_WITHIN).toBe(401);
  expect(await publishedKids()).toEqual([]);
  expect((await login()).status).toBe(503);
});

it('keys withdraw removes an additional key, and the next key of a rotation', async () => {
  await checkout.twinkey(['keys', 'generate', '--write']);
  await start();
  await checkout.twinkey(['keys', 'rotate'], env);
  await expect.poll(publishedKids, WITHIN).toHaveLength(2);
  const [current, next = ''] = await publishedKids();
  expect(await checkout.twinkey(['keys', 'withdraw', next], env)).toMatchObject({ code: 0, stderr: '' });
  await expect.poll(publishedKids, WITHIN).toEqual([current]);
  expect(await checkout.twinkey(['keys', 'rotate', '--activate'], env)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^There is no next key/),
  });
});

it('keys withdraw refuses an unknown id, unless it is told to', async () => {
  await checkout.twinkey(['keys', 'generate', '--write']);
  await start();
  const refused = await checkout.twinkey(['keys', 'withdraw', 'typo'], env);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toContain((await publishedKids())[0]);
  expect(await checkout.twinkey(['keys', 'withdraw', 'typo', '--force'], env)).toMatchObject({ code: 0 });
  expect((await login()).status).toBe(200);
});
