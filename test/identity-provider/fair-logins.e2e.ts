import bcrypt from 'bcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Account } from '#libs/database/identity/account.entity.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';

/** An eighth of a second a hash or so: more connections than fit into the queue, and some fit on a busy machine too. */
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

/** @returns the status, or the code of the refusal */
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

/** A machine that others use as well may have no time for its Postgres: that is not what is asked here. */
async function unlessDatabaseIsSlow(request: () => Promise<string>): Promise<string> {
  let answer = await request();
  for (let i = 0; i < 10 && ['database_unavailable', 'busy'].includes(answer); i += 1)
    answer = await request();
  return answer;
}

/** Signs in to two accounts with the right passwords, over and over, while `work` lasts. */
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

describe('two accounts that sign in all the time', { timeout: 120_000 }, () => {
  // With many addresses, another account at one of them shares the one place that each has on a slow machine.
  it.each([
    ['from one address', () => '192.0.2.1', '192.0.2.1'],
    ['from two addresses', (connection: number) => `192.0.2.${1 + (connection % 2)}`, '192.0.2.1'],
    ['from many addresses', (connection: number) => `192.0.2.${1 + connection}`, '198.51.100.9'],
  ])('%s keep nobody else out', async (_, addressOf, home) => {
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
