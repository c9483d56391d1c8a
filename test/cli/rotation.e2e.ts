import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from '../support/free-ports.js';
import { readToken } from '../support/keycloak-tokens.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { CliCheckout, type RunningCommand, type Variables } from './cli-checkout.js';

let checkout: CliCheckout;
let database: TestDatabase;
let env: Variables;
let running: RunningCommand | undefined;
beforeAll(async () => {
  checkout = await CliCheckout.make();
  database = await createTestDatabase();
  env = { DATABASE_URL: database.url, BCRYPT_COST: '10', ...(await freePorts()) };
});
afterAll(async () => {
  await checkout.close();
  await database.close();
});

/** What processes need to use a changed file, in milliseconds. */
const WITHIN = { timeout: 5_000, interval: 100 };

it('changes the signing key of a running process, and all tokens stay valid', async () => {
  running = checkout.start(['run'], env);
  await running.untilPrinted('Ctrl-C stops it.');
  const oldToken = await login();
  expect(await rotate()).toMatchObject({ code: 0 });
  await expect.poll(publishedKids, WITHIN).toHaveLength(2);
  expect((await rotate('--activate')).stderr).toMatch(/published for \d s, .* in 1[12]\d s/);
  await pretendPublishedFor(90);
  const early = await rotate('--activate');
  expect(early).toMatchObject({ code: 1, stderr: expect.stringMatching(/ in \d\d? s/) });

  await pretendPublishedFor(121);
  expect(await rotate('--activate')).toMatchObject({ code: 0, stderr: '' });
  expect(await rotate('--activate')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^There is no next key/),
  });

  await expect.poll(async () => kidOf(await login()), WITHIN).not.toBe(kidOf(oldToken));
  const newToken = await login();
  const kids = await publishedKids();
  expect(kids).toEqual([kidOf(newToken), kidOf(oldToken)]);
  for (const token of [oldToken, newToken]) {
    expect(await statusOf(`http://127.0.0.1:${env['PORT']}/api/v1/auth/me`, token)).toBe(200);
    expect(await statusOf(`http://127.0.0.1:${env['USER_SERVICE_PORT']}/users/me`, token)).toBe(200);
  }
});

const rotate = (...args: string[]) => checkout.twinkey(['keys', 'rotate', ...args], env);
const kidOf = (token: string) => readToken(token)[0]['kid'];

async function login(): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${env['PORT']}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'user@example.com', password: 'user123' }),
  });
  return ((await response.json()) as { data: { token: string } }).data.token;
}

async function publishedKids(): Promise<string[]> {
  const response = await fetch(`http://127.0.0.1:${env['PORT']}/.well-known/jwks.json`);
  return ((await response.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
}

async function statusOf(url: string, token: string): Promise<number> {
  return (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status;
}

/** Moves the time at which the key was first seen into the past, so that the test need not wait two minutes. */
async function pretendPublishedFor(seconds: number): Promise<void> {
  const file = checkout.path('.twinkey/next-key.env');
  const since = new Date(Date.now() - seconds * 1000).toISOString();
  const text = (await readFile(file, 'utf8')).replace(/PUBLISHED_SINCE=.*/, `PUBLISHED_SINCE=${since}`);
  await writeFile(file, text, { mode: 0o600 });
}
