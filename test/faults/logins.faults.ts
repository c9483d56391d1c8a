import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Account } from '#libs/database/identity/account.entity.js';
import { Load } from './support/load.js';
import { Replica } from './support/replica.js';
import { lossOf, record } from './support/report.js';
import { isSuccess, type Outcome, send, slowest, tally } from './support/request.js';
import { logIn, openTestEnvironment, PASSWORD, type TestEnvironment } from './support/test-environment.js';

const CONNECTIONS = 28;
const OTHERS = 12;

let stand: TestEnvironment;
let replica: Replica;
let busy: Account[];
beforeAll(async () => {
  stand = await openTestEnvironment();
  busy = await Promise.all([stand.account('user'), stand.account('user')]);
  replica = await Replica.start(stand.checkout, 'identity-provider', {
    ...stand.env,
    BCRYPT_COST: '12',
    TRUST_PROXY: '1',
  });
  // Afterwards their hashes are of this cost.
  for (const account of busy) await logIn(replica.identityProvider, account);
});
afterAll(async () => {
  await replica?.kill();
  await stand?.close();
});

const login = ({ email }: Account, address: string) => ({
  name: 'POST /auth/login',
  method: 'POST',
  url: `${replica.identityProvider}/api/v1/auth/login`,
  headers: { 'x-forwarded-for': address },
  body: { email, password: PASSWORD },
});

it.each([
  ['one address', () => '192.0.2.1', '192.0.2.1'],
  ['two addresses', (client: number) => `192.0.2.${1 + (client % 2)}`, '192.0.2.1'],
  // At one of these, another account would share its quarter, which is a single place on a slow machine.
  ['28 addresses', (client: number) => `192.0.2.${1 + client}`, '198.51.100.99'],
])(
  '28 connections sign in to two accounts from %s: everybody else signs in too',
  async (from, addressOf, home) => {
    const other = await stand.account('user');
    const token = await logIn(replica.identityProvider, other);
    const load = new Load({
      clients: CONNECTIONS,
      perSecond: 500,
      next: (client) => login(busy[client % 2] as Account, addressOf(client)),
    });
    await expect.poll(() => load.failures.length, { timeout: 30_000 }).toBeGreaterThan(CONNECTIONS);
    const outcomes: Outcome[] = [];
    for (let i = 0; i < OTHERS; i += 1) {
      const address = i % 2 === 0 ? `198.51.100.${i}` : home;
      outcomes.push(await send(login(other, address)));
    }
    outcomes.push(
      await send({
        name: 'POST /auth/password',
        method: 'POST',
        url: `${replica.identityProvider}/api/v1/auth/password`,
        headers: { 'x-forwarded-for': home },
        token,
        body: { current_password: PASSWORD, new_password: 'another-good-one' },
      }),
    );
    const attempts = await load.stop();
    const refused = outcomes.filter((outcome) => !isSuccess(outcome));
    const served = attempts.filter(isSuccess).length;
    await record({
      scenario: `${attempts.length} logins to two accounts from ${from}`,
      lost: lossOf(refused.length, `of ${outcomes.length} logins of others`),
      figures: `${served} of them were served; slowest login of others ${slowest(outcomes)} ms`,
    });
    expect(tally(refused)).toBe('');
    expect(served).toBeGreaterThan(0);
  },
);
