import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { balancedUrls, type LoadBalancer, startHaproxy } from './support/haproxy.js';
import { Load } from './support/load.js';
import { ProfileWriter } from './support/profile-writer.js';
import { Replica } from './support/replica.js';
import { lossOf, record } from './support/report.js';
import { send, slowest, tally } from './support/request.js';
import { logIn, openTestEnvironment, PASSWORD, type TestEnvironment } from './support/test-environment.js';

const RESTARTS = 10;
const WRITERS = 6;
const CLIENTS = 12;

let environment: TestEnvironment;
let balancer: LoadBalancer;
let replicas: Replica[] = [];
let emails: string[];
let tokens: string[];
beforeAll(async () => {
  environment = await openTestEnvironment();
  const urls = await balancedUrls();
  const env = { ...environment.env, IDENTITY_PROVIDER_URL: urls.identityProvider, TRUST_PROXY: 'loopback' };
  replicas = await Promise.all([1, 2].map(() => Replica.start(environment.checkout, 'all', env)));
  balancer = await startHaproxy(urls, replicas);
  const people = Array.from({ length: WRITERS }, () => environment.account('user'));
  const accounts = await Promise.all([...people, environment.account('admin')]);
  emails = accounts.map(({ email }) => email);
  tokens = await Promise.all(accounts.map((account) => logIn(balancer.identityProvider, account)));
});
afterAll(async () => {
  await balancer?.close();
  await Promise.all(replicas.map((replica) => replica.kill()));
  await environment?.close();
});

it('HAProxy lets through headers of nearly 32 KiB', async () => {
  const headers = Object.fromEntries([1, 2, 3].map((number) => [`x-large-${number}`, 'x'.repeat(10_000)]));
  const { status } = await send({
    name: 'GET /users/me',
    url: `${balancer.userService}/users/me`,
    token: tokens[0] as string,
    headers,
  });
  expect(status).toBe(200);
});

it('two replicas behind HAProxy, restarted one after the other under load: no request fails', async () => {
  const { load, writers } = begin(40);
  await sleep(1_000);
  const stops: { code: number | null; ms: number }[] = [];
  for (let turn = 0; turn < RESTARTS; turn += 1) {
    stops.push(await (replicas[turn % 2] as Replica).restart());
    // Wait until HAProxy uses the replica again.
    await sleep(1_500);
  }
  const outcomes = await load.stop();
  const lost = await lostOf(writers);
  await record({
    scenario: `${RESTARTS} rolling restarts, ${outcomes.length} requests`,
    lost: lossOf(load.failures.length + lost, 'requests'),
    figures: `slowest request ${slowest(outcomes)} ms, slowest stop of a process ${Math.max(...stops.map(({ ms }) => ms))} ms`,
  });
  expect(outcomes.length).toBeGreaterThan(1_000);
  expect(tally(load.failures)).toBe('');
  expect(lost).toBe(0);
  expect(stops.filter(({ code, ms }) => code !== 0 || ms > 25_000)).toEqual([]);
}, 300_000);

it('kill -9 of one replica: only its current requests fail, and no acknowledged write is lost', async () => {
  // Enough load that the replica has current requests.
  const { load, writers } = begin(150);
  await sleep(2_000);
  const [victim] = replicas as [Replica];
  const inFlight = load.waiting;
  const killedAt = performance.now();
  await victim.kill();
  const goneAt = performance.now();
  await sleep(4_000);
  await victim.start();
  await sleep(2_000);
  const outcomes = await load.stop();
  const lost = await lostOf(writers);
  const interrupted = load.failures.filter(
    ({ startedAt, endedAt }) => startedAt <= goneAt && endedAt >= killedAt,
  );
  const others = load.failures.filter((outcome) => !interrupted.includes(outcome));
  await record({
    scenario: `kill -9 of one of two replicas, ${outcomes.length} requests`,
    lost: lossOf(others.length + lost, 'requests'),
    figures: `${interrupted.length} of ${inFlight} running requests were cut off`,
  });
  expect(tally(others)).toBe('');
  expect(interrupted.length).toBeLessThanOrEqual(CLIENTS);
  expect(lost).toBe(0);
});

/** Reads, writes, logins and a route that calls identity-provider, on keep-alive connections. */
function begin(perSecond: number) {
  const writers = tokens.slice(0, WRITERS).map((token) => new ProfileWriter(token));
  const load = new Load({
    clients: CLIENTS,
    perSecond,
    next: (client, turn) => writers[client]?.next(balancer.userService) ?? call(client + turn),
    onOutcome: (outcome, client) => writers[client]?.onOutcome(outcome),
  });
  return { load, writers };
}

function call(turn: number) {
  const token = tokens[turn % WRITERS] as string;
  const { identityProvider, userService } = balancer;
  switch (turn % 8) {
    case 0:
      return {
        name: 'POST /auth/login',
        method: 'POST',
        url: `${identityProvider}/api/v1/auth/login`,
        body: { email: emails[turn % WRITERS], password: PASSWORD },
      };
    case 1:
    case 2:
      return { name: 'GET /users', url: `${userService}/users?limit=5`, token: tokens.at(-1) as string };
    case 3:
    case 4:
      return { name: 'GET /users/me', url: `${userService}/users/me`, token };
    case 5:
      return { name: 'GET jwks', url: `${identityProvider}/.well-known/jwks.json` };
    default:
      return { name: 'GET /auth/me', url: `${identityProvider}/api/v1/auth/me`, token };
  }
}

async function lostOf(writers: ProfileWriter[]): Promise<number> {
  const losses = await Promise.all(writers.map((writer) => writer.lost(balancer.userService)));
  return losses.reduce((sum, one) => sum + one, 0);
}
