import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Account } from '#libs/database/identity/account.entity.js';
import type { CliCheckout } from '../cli/cli-checkout.js';
import { balancedUrls, type LoadBalancer, startHaproxy } from './support/haproxy.js';
import { lossOf, record } from './support/ledger.js';
import { Load } from './support/load.js';
import { Replica } from './support/replica.js';
import { send, slowest, tally } from './support/request.js';
import { logIn, openStand, PASSWORD, type Stand } from './support/stand.js';

/** A verifier re-reads the JWKS every minute. */
const REVOKED_WITHIN_MS = 62_000;

let stand: Stand;
/** Without the keys: its user-service knows what the JWKS tells. */
let elsewhere: CliCheckout;
let balancer: LoadBalancer;
let replicas: Replica[] = [];
let verifier: Replica;
let person: Account;
beforeAll(async () => {
  stand = await openStand();
  elsewhere = await stand.checkout.clone();
  const { JWT_KID, JWT_PRIVATE_KEY, JWT_PUBLIC_KEY, ...env } = stand.env;
  const keys = `JWT_KID=${JWT_KID}\nJWT_PRIVATE_KEY=${JWT_PRIVATE_KEY}\nJWT_PUBLIC_KEY=${JWT_PUBLIC_KEY}\n`;
  await writeFile(stand.checkout.path('.env'), keys, { mode: 0o600 });
  const urls = await balancedUrls();
  stand.env = { ...env, IDENTITY_PROVIDER_URL: urls.identityProvider };
  replicas = await Promise.all([1, 2].map(() => Replica.start(stand.checkout, 'all', stand.env)));
  balancer = await startHaproxy(urls, replicas);
  verifier = await Replica.start(elsewhere, 'user-service', stand.env);
  person = await stand.account('user');
});
afterAll(async () => {
  await balancer?.close();
  await Promise.all([...replicas, verifier].map((replica) => replica?.kill()));
  await elsewhere?.close();
  await stand?.close();
});

it('the signing key is changed under load, with twinkey keys rotate: no request fails', async () => {
  const logIns = async () => logIn(balancer.identityProvider, person);
  const oldToken = await logIns();
  /** Those that are in use, as they are given out. */
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
  // The whole two minutes, during which every verifier reads the next key.
  await rotate('--activate', '--wait');
  await restartInTurn();
  await sleep(1_000);
  const kids = [oldToken, newest].map(kidOf);
  expect(new Set(kids).size).toBe(2);
  await sleep(2_000);

  // In real life no sooner than the last old token has ended.
  tokens = [newest];
  await drop(kids[0] as string);
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
    done: `Signing key published, activated and the old one dropped, ${outcomes.length} requests`,
    lost: lossOf(load.failures.length, 'requests'),
    figures: `6 restarts, slowest request ${slowest(outcomes)} ms, the old key refused after ${Math.round(revokedAfter / 1_000)} s`,
  });
  expect(tally(load.failures)).toBe('');
  expect(revokedAfter).toBeLessThan(REVOKED_WITHIN_MS);
}, 400_000);

async function rotate(...args: string[]): Promise<void> {
  expect(await stand.checkout.twinkey(['keys', 'rotate', ...args], stand.env)).toMatchObject({
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

/** As an operator does it, with an editor. */
async function drop(kid: string): Promise<void> {
  const file = stand.checkout.path('.env');
  const text = await readFile(file, 'utf8');
  expect(text).toContain(`${kid}:`);
  await writeFile(file, text.replace(/^JWT_ADDITIONAL_PUBLIC_KEYS=.*$/m, 'JWT_ADDITIONAL_PUBLIC_KEYS='));
}

const kidOf = (token: string) => decodeProtectedHeader(token).kid;

/** Tokens of both keys at all who verify them, and now and then a new one. */
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
