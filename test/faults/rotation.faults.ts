import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Account } from '#libs/database/identity/account.entity.js';
import type { CliCheckout } from '../cli/cli-checkout.js';
import { readToken } from '../support/keycloak-tokens.js';
import { balancedUrls, type LoadBalancer, startHaproxy } from './support/haproxy.js';
import { Load } from './support/load.js';
import { Replica } from './support/replica.js';
import { lossOf, record } from './support/report.js';
import { send, slowest, tally } from './support/request.js';
import { logIn, openTestEnvironment, PASSWORD, type TestEnvironment } from './support/test-environment.js';

/** A verifier fetches the JWKS every minute. */
const REVOKED_WITHIN_MS = 62_000;

let environment: TestEnvironment;
/** A checkout without keys: its user-service fetches them from the JWKS. */
let elsewhere: CliCheckout;
let balancer: LoadBalancer;
let replicas: Replica[] = [];
let verifier: Replica;
let person: Account;
beforeAll(async () => {
  environment = await openTestEnvironment();
  elsewhere = await environment.checkout.clone();
  const { JWT_KID, JWT_PRIVATE_KEY, JWT_PUBLIC_KEY, ...env } = environment.env;
  const keys = `JWT_KID=${JWT_KID}\nJWT_PRIVATE_KEY=${JWT_PRIVATE_KEY}\nJWT_PUBLIC_KEY=${JWT_PUBLIC_KEY}\n`;
  await writeFile(environment.checkout.path('.env'), keys, { mode: 0o600 });
  const urls = await balancedUrls();
  environment.env = { ...env, IDENTITY_PROVIDER_URL: urls.identityProvider };
  replicas = await Promise.all([1, 2].map(() => Replica.start(environment.checkout, 'all', environment.env)));
  balancer = await startHaproxy(urls, replicas);
  verifier = await Replica.start(elsewhere, 'user-service', environment.env);
  person = await environment.account('user');
});
afterAll(async () => {
  await balancer?.close();
  await Promise.all([...replicas, verifier].map((replica) => replica?.kill()));
  await elsewhere?.close();
  await environment?.close();
});

it('the signing key is changed under load with twinkey keys rotate: no request fails', async () => {
  const oldToken = await logIn(balancer.identityProvider, person);
  /** The tokens in use: the old one and the newest. */
  let tokens = [oldToken];
  let newest = oldToken;
  const load = new Load({
    clients: 8,
    perSecond: 30,
    next: (client, turn) => call(turn % 5, tokens[(client + turn) % tokens.length] as string),
    onOutcome: ({ name, status, body }) => {
      if (name === 'POST /auth/login' && status === 200) {
        newest = body.data.token;
        tokens = tokens.length < 2 ? [...tokens, newest] : [tokens[0] as string, newest];
      }
    },
  });

  await rotate();
  await restartInTurn();
  // Waits two minutes, in which every verifier fetches the next key.
  await rotate('--activate', '--wait');
  await restartInTurn();
  await sleep(1_000);
  const kids = [oldToken, newest].map(kidOf);
  expect(new Set(kids).size).toBe(2);
  await sleep(2_000);

  // In production this is done when the last old token has expired.
  tokens = [newest];
  await removeOldKey(kids[0] as string);
  await restartInTurn();
  const since = performance.now();
  const me = `${verifier.userService}/users/me`;
  let revokedAfter = Number.POSITIVE_INFINITY;
  while (performance.now() - since < REVOKED_WITHIN_MS && !Number.isFinite(revokedAfter)) {
    const { status } = await send({ name: 'old token', url: me, token: oldToken });
    if (status === 401) revokedAfter = performance.now() - since;
    await sleep(500);
  }
  const outcomes = await load.stop();
  await record({
    scenario: `Signing key published, activated and the old one removed, ${outcomes.length} requests`,
    lost: lossOf(load.failures.length, 'requests'),
    figures: `6 restarts, slowest request ${slowest(outcomes)} ms, the old key refused after ${Math.round(revokedAfter / 1_000)} s`,
  });
  expect(tally(load.failures)).toBe('');
  expect(revokedAfter).toBeLessThan(REVOKED_WITHIN_MS);
}, 400_000);

async function rotate(...args: string[]): Promise<void> {
  expect(await environment.checkout.twinkey(['keys', 'rotate', ...args], environment.env)).toMatchObject({
    code: 0,
    stderr: '',
  });
}

async function restartInTurn(): Promise<void> {
  for (const replica of replicas) {
    expect((await replica.restart()).code).toBe(0);
    await sleep(1_500);
  }
}

/** Edits the file, as an operator does. */
async function removeOldKey(kid: string): Promise<void> {
  const file = environment.checkout.path('.env');
  const text = await readFile(file, 'utf8');
  expect(text).toContain(`${kid}:`);
  await writeFile(file, text.replace(/^JWT_ADDITIONAL_PUBLIC_KEYS=.*$/m, 'JWT_ADDITIONAL_PUBLIC_KEYS='));
}

const kidOf = (token: string) => readToken(token)[0]['kid'];

/** Requests with tokens of both keys to all verifiers, and sometimes a new login. */
function call(turn: number, token: string) {
  const { identityProvider, userService } = balancer;
  switch (turn) {
    case 0:
      return {
        name: 'POST /auth/login',
        method: 'POST',
        url: `${identityProvider}/api/v1/auth/login`,
        body: { email: person.email, password: PASSWORD },
      };
    case 1:
    case 2:
      return { name: 'GET /auth/me', url: `${identityProvider}/api/v1/auth/me`, token };
    case 3:
      return { name: 'GET /users/me', url: `${userService}/users/me`, token };
    default:
      return { name: 'GET /users/me, by JWKS', url: `${verifier.userService}/users/me`, token };
  }
}
