import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bringBack, freeze, killAll, restart, thaw } from '../support/postgres-outage.js';
import type { PostgresServer } from '../support/postgres-server.js';
import { Load } from './support/load.js';
import { ProfileWriter } from './support/profile-writer.js';
import { Replica } from './support/replica.js';
import { lossOf, record } from './support/report.js';
import { isSuccess, type Outcome, send, slowest, tally } from './support/request.js';
import { logIn, openTestEnvironment, type TestEnvironment } from './support/test-environment.js';

/** The documented limit is 2 s; the rest is for a busy machine. */
const LATEST_ANSWER_MS = 2_500;
const RECOVERED_WITHIN_MS = 3_000;
const WRITERS = 6;

let environment: TestEnvironment;
let replica: Replica;
let tokens: string[];
beforeAll(async () => {
  environment = await openTestEnvironment();
  replica = await Replica.start(environment.checkout, 'all', environment.env);
  const accounts = await Promise.all(Array.from({ length: WRITERS }, () => environment.account('user')));
  tokens = await Promise.all(accounts.map((account) => logIn(replica.identityProvider, account)));
});
afterAll(async () => {
  await replica?.kill();
  await environment?.close();
});

interface Outage {
  name: string;
  /** Duration of the outage; 0 for a restart, which ends by itself. */
  durationMs: number;
  begin(server: PostgresServer): Promise<void>;
  end(server: PostgresServer): Promise<void>;
}

const OUTAGES: Outage[] = [
  { name: 'killed', durationMs: 6_000, begin: killAll, end: bringBack },
  { name: 'frozen', durationMs: 6_000, begin: freeze, end: thaw },
  { name: 'restarted', durationMs: 0, begin: restart, end: async () => undefined },
];

it.each(OUTAGES)(
  'Postgres $name under load: 503 without hanging, and recovery without a restart',
  async (outage) => {
    const { pid } = replica;
    const writers = tokens.map((token) => new ProfileWriter(token));
    const load = new Load({
      clients: WRITERS + 6,
      perSecond: 60,
      next: (client, turn) => writers[client]?.next(replica.userService) ?? reading(client + turn),
      onOutcome: (outcome, client) => writers[client]?.onOutcome(outcome),
    });
    await sleep(2_000);
    const before = load.outcomes.length;
    const failuresBefore = load.failures.length;

    const beganAt = performance.now();
    await outage.begin(environment.postgres);
    const probes = outage.durationMs > 0 ? await probe() : null;
    await sleep(Math.max(0, outage.durationMs - (performance.now() - beganAt)));
    await outage.end(environment.postgres);
    const backAt = performance.now();
    await sleep(RECOVERED_WITHIN_MS);
    const healthyAt = performance.now();
    await sleep(2_000);
    const outcomes = await load.stop();

    const losses = await Promise.all(writers.map((writer) => writer.lost(replica.userService)));
    const lost = losses.reduce((sum, one) => sum + one, 0);
    const late = load.since(healthyAt).filter((outcome) => !isSuccess(outcome));
    const recovered = load.since(backAt).find(isSuccess);
    const during = load.failures;
    await record({
      scenario: `Postgres ${outage.name}, ${outcomes.length} requests`,
      lost: lossOf(lost, 'acknowledged writes'),
      figures: `${during.length} requests were 503, slowest ${slowest(during)} ms, first success ${Math.round((recovered?.endedAt ?? Infinity) - backAt)} ms after`,
    });

    expect(before).toBeGreaterThan(50);
    expect(failuresBefore).toBe(0);
    expect(tally(during.filter(isUnexpected)), 'every failure is a 503 with Retry-After').toBe('');
    expect(slowest(outcomes)).toBeLessThan(LATEST_ANSWER_MS);
    if (probes) expect(probes).toEqual({ live: 200, ready: 503 });
    expect(tally(late), 'no request fails after the recovery').toBe('');
    expect(load.since(healthyAt).length).toBeGreaterThan(50);
    expect(lost).toBe(0);
    expect(writers.every(({ acknowledgements }) => acknowledgements > 10)).toBe(true);
    expect({ pid: replica.pid, hasEnded: replica.hasEnded }).toEqual({ pid, hasEnded: false });
  },
);

const isUnexpected = ({ status, retryAfter }: Outcome) => status !== 503 || retryAfter === null;

/** A typical read request, of each app in turn. */
function reading(turn: number) {
  const token = tokens[turn % tokens.length] as string;
  return turn % 2 === 0
    ? { name: 'GET /users/me', url: `${replica.userService}/users/me`, token }
    : { name: 'GET /auth/me', url: `${replica.identityProvider}/api/v1/auth/me`, token };
}

/** The probes' statuses, as an orchestrator sees them within five seconds. */
async function probe() {
  await sleep(2_500);
  const [live, ready] = await Promise.all(
    ['live', 'ready'].map((path) => send({ name: path, url: `${replica.identityProvider}/health/${path}` })),
  );
  return { live: live?.status, ready: ready?.status };
}
