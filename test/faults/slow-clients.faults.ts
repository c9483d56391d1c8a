import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lossOf, record } from './support/ledger.js';
import { Load } from './support/load.js';
import { Replica } from './support/replica.js';
import { slowest, tally } from './support/request.js';
import { logIn, openStand, type Stand } from './support/stand.js';

const SOCKETS = 2_000;
const CLOSED_WITHIN_MS = 15_000;
/** A client that keeps sending is noticed just as late as one that is silent. */
const DRIP_MS = 3_000;

let stand: Stand;
let replica: Replica;
beforeAll(async () => {
  stand = await openStand();
  replica = await Replica.start(stand.checkout, 'all', stand.env);
});
afterAll(async () => {
  await replica?.kill();
  await stand?.close();
});

/** What a slow client says at first, and then piece by piece. */
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

it('2,000 slow clients: cut off in time, while everybody else is served', async () => {
  const token = await logIn(replica.identityProvider, await stand.account('user'));
  const load = new Load({
    clients: 8,
    perSecond: 40,
    next: (_, turn) =>
      turn % 2 === 0
        ? { name: 'GET /users/me', url: `${replica.userService}/users/me`, token }
        : { name: 'GET /auth/me', url: `${replica.identityProvider}/api/v1/auth/me`, token },
  });
  const port = Number(replica.ports.PORT);
  const clients = await Promise.all(
    Array.from({ length: SOCKETS }, (_, index) => slowClient(port, KINDS[index % KINDS.length]!)),
  );
  // Of each kind those that were still there afterwards.
  await sleep(CLOSED_WITHIN_MS + 1_000);
  const outcomes = await load.stop();
  const lives = clients.map(({ closedAfter }) => closedAfter());
  for (const { socket } of clients) socket.destroy();
  const open = lives.filter((life) => life === null).length;
  const longest = Math.max(...lives.map((life) => life ?? Number.POSITIVE_INFINITY));
  await record({
    done: `${SOCKETS} slow clients, ${outcomes.length} requests of others`,
    lost: lossOf(load.failures.length + open, 'requests, or sockets that stayed open'),
    figures: `the last one closed after ${Math.round(longest)} ms, slowest request of others ${slowest(outcomes)} ms`,
  });
  expect(open).toBe(0);
  expect(longest).toBeLessThan(CLOSED_WITHIN_MS);
  expect(tally(load.failures)).toBe('');
  expect(slowest(outcomes)).toBeLessThan(2_000);
});

interface SlowClient {
  socket: Socket;
  /** Milliseconds from connecting; null while it is open. */
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
    const dripping = drip ? setInterval(() => socket.write(drip), DRIP_MS) : undefined;
    socket.on('error', () => {});
    socket.resume().on('close', () => {
      closedAt = performance.now();
      clearInterval(dripping);
    });
  });
}
