import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Load } from './support/load.js';
import { Replica } from './support/replica.js';
import { lossOf, record } from './support/report.js';
import { slowest, tally } from './support/request.js';
import { logIn, openTestEnvironment, type TestEnvironment } from './support/test-environment.js';

const SOCKETS = 2_000;
const CLOSED_WITHIN_MS = 15_000;
/** Time between the chunks of a client that sends slowly. */
const CHUNK_INTERVAL_MS = 3_000;

let environment: TestEnvironment;
let replica: Replica;
beforeAll(async () => {
  environment = await openTestEnvironment();
  replica = await Replica.start(environment.checkout, 'all', environment.env);
});
afterAll(async () => {
  await replica?.kill();
  await environment?.close();
});

/** The first bytes of each kind of slow client, and the chunk that it repeats. */
const KINDS = [
  { first: '', drip: '' },
  { first: 'GET /health/live HTTP/1.1\r\nHost: a\r\n', drip: '' },
  { first: 'GET /health/live HTTP/1.1\r\nHost: a\r\n', drip: 'X-A: b\r\n' },
  {
    first:
      'POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{',
    drip: ' ',
  },
];

it('2,000 slow clients: closed in time, while other clients are served', async () => {
  const token = await logIn(replica.identityProvider, await environment.account('user'));
  const load = new Load({
    clients: 8,
    perSecond: 40,
    next: (_, turn) =>
      turn % 2 === 0
        ? { name: 'GET /users/me', url: `${replica.userService}/users/me`, token }
        : { name: 'GET /auth/me', url: `${replica.identityProvider}/api/v1/auth/me`, token },
  });
  const port = Number(replica.ports.PORT);
  // In batches: beyond the listen backlog, the system would drop connections before the server knows them.
  const clients: SlowClient[] = [];
  while (clients.length < SOCKETS) {
    const batch = Array.from({ length: 100 }, (_, index) => slowClient(port, KINDS[index % KINDS.length]!));
    clients.push(...(await Promise.all(batch)));
  }
  await sleep(CLOSED_WITHIN_MS + 1_000);
  const outcomes = await load.stop();
  const lifetimes = clients.map(({ closedAfter }) => closedAfter());
  for (const { socket } of clients) socket.destroy();
  const open = lifetimes.filter((lifetime) => lifetime === null).length;
  const longest = Math.max(...lifetimes.map((lifetime) => lifetime ?? Number.POSITIVE_INFINITY));
  await record({
    scenario: `${SOCKETS} slow clients, ${outcomes.length} requests of other clients`,
    lost: lossOf(load.failures.length + open, 'requests, or sockets that stayed open'),
    figures: `the last socket closed after ${Math.round(longest)} ms, slowest request of other clients ${slowest(outcomes)} ms`,
  });
  expect(open).toBe(0);
  expect(longest).toBeLessThan(CLOSED_WITHIN_MS);
  expect(tally(load.failures)).toBe('');
  expect(slowest(outcomes)).toBeLessThan(2_000);
});

interface SlowClient {
  socket: Socket;
  /** Milliseconds since the connection opened; null while it is open. */
  closedAfter(): number | null;
}

function slowClient(port: number, { first, drip }: { first: string; drip: string }): Promise<SlowClient> {
  return new Promise((resolve) => {
    let closedAt: number | null = null;
    let connectedAt = performance.now();
    const socket = connect(port, '127.0.0.1', () => {
      connectedAt = performance.now();
      if (first) socket.write(first);
      resolve({ socket, closedAfter: () => (closedAt === null ? null : closedAt - connectedAt) });
    });
    const dripping = drip ? setInterval(() => socket.write(drip), CHUNK_INTERVAL_MS) : undefined;
    socket.on('error', () => {});
    socket.resume().on('close', () => {
      closedAt = performance.now();
      clearInterval(dripping);
    });
  });
}
