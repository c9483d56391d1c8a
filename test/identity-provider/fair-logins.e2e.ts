import bcrypt from 'bcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Account } from '#libs/database/identity/account.entity.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';

/** A hash takes about 1/8 s: the connections exceed the queue, but some fit even on a busy machine. */
const COST = 11;
const PASSWORD = 'securepass123';
const CONNECTIONS = 60;

let idp: TestIdentityProvider;
let busy: Account[];
let passwordHash: string;
beforeAll(async () => {
  const login = { maxFailures: 100, maxFailuresPerAddress: 1_000, windowSeconds: 900 };
  idp = await startTestIdentityProvider({ login, bcryptCost: COST, trustProxy: 1 });
  passwordHash = await bcrypt.hash(PASSWORD, COST);
  busy = await Promise.all([1, 2].map(() => idp.make.account({ passwordHash })));
});
afterAll(() => idp?.close());

/** @returns the status, or the error code of a refusal */
async function post(path: string, address: string, body: object, token?: string): Promise<string> {
  const response = await fetch(`${idp.api.url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-forwarded-for': address,
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    body: JSON.stringify(body),
  });
  const { errors } = (await response.json()) as { errors: { code: string }[] | null };
  return errors?.[0]?.code ?? `${response.status}`;
}

const login = ({ email }: Account, address: string) =>
  post('/auth/login', address, { email, password: PASSWORD });

/** Repeats the request while Postgres is slow on a shared machine; this test does not check Postgres. */
async function unlessDatabaseIsSlow(request: () => Promise<string>): Promise<string> {
  let answer = await request();
  for (let i = 0; i < 10 && ['database_unavailable', 'busy'].includes(answer); i += 1)
    answer = await request();
  return answer;
}

/** Signs in to two accounts with the correct passwords continuously while `work` runs. */
async function duringLogins(addressOf: (connection: number) => string, work: () => Promise<void>) {
  const answers: string[] = [];
  let isOver = false;
  const connections = Array.from({ length: CONNECTIONS }, async (_, connection) => {
    while (!isOver) answers.push(await login(busy[connection % 2]!, addressOf(connection)));
  });
  try {
    await expect.poll(() => answers.includes('overloaded'), { timeout: 30_000 }).toBe(true);
    await work();
  } finally {
    isOver = true;
    await Promise.all(connections);
  }
  expect(answers).toContain('200');
}

describe('continuous logins to two accounts', { timeout: 120_000 }, () => {
  // On a slow machine each of many addresses has one place, which another account at the same address would share.
  it.each([
    ['from one address', () => '192.0.2.1', '192.0.2.1'],
    ['from two addresses', (connection: number) => `192.0.2.${1 + (connection % 2)}`, '192.0.2.1'],
    ['from many addresses', (connection: number) => `192.0.2.${1 + connection}`, '198.51.100.9'],
  ])('%s do not block other accounts', async (_, addressOf, home) => {
    const other = await idp.make.account({ passwordHash });
    const { api } = await idp.signIn([], { passwordHash });
    const change = { current_password: PASSWORD, new_password: 'another-good-one' };
    await duringLogins(addressOf, async () => {
      for (const address of ['198.51.100.7', home, '198.51.100.8', home]) {
        expect(await unlessDatabaseIsSlow(() => login(other, address))).toBe('200');
      }
      const changed = () => post('/auth/password', home, change, api.token as string);
      expect(await unlessDatabaseIsSlow(changed)).toBe('200');
    });
  });
});
