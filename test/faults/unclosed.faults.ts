import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../support/free-ports.js';
import { Load } from './support/load.js';
import { Replica } from './support/replica.js';
import { lossOf, record } from './support/report.js';
import { send, slowest, tally } from './support/request.js';
import { logIn, openTestEnvironment, type TestEnvironment } from './support/test-environment.js';

const SOCKETS_PER_PORT = 1_000;
/** The request's 10 s, a second until that is seen, one more to read the answer, and what a busy machine adds. */
const GONE_WITHIN_MS = 20_000;
/** Connections to the database, and those of the load, come and go meanwhile. */
const SLACK = 60;
/** In production a process that is told to end serves on for 5 s. */
const ENDS_WITHIN_MS = 5_000 + 5_000;

let stand: TestEnvironment;
let replica: Replica;
let ports: number[];
let clients: Socket[] = [];
beforeAll(async () => {
  stand = await openTestEnvironment();
  const metricsPort = await freePort();
  replica = await Replica.start(stand.checkout, 'all', { ...stand.env, METRICS_PORT: String(metricsPort) });
  const { PORT, USER_SERVICE_PORT, USER_SERVICE_INTERNAL_PORT } = replica.ports;
  ports = [PORT, USER_SERVICE_PORT, USER_SERVICE_INTERNAL_PORT, metricsPort].map(Number);
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await replica?.kill();
  await stand?.close();
});

/** Each is refused, or answered for the last time. */
const KINDS = [
  'GET / HTTP/1.1\r\n',
  '',
  'hello\r\n\r\n',
  'CONNECT other:443 HTTP/1.1\r\nHost: other:443\r\n\r\n',
  `GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: ${'x'.repeat(33_000)}\r\n\r\n`,
  'GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  'POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{',
];

it('thousands of clients that never close: their sockets are gone, and everybody else is served', async () => {
  const token = await logIn(replica.identityProvider, await stand.account('user'));
  const before = await openFiles();
  const load = new Load({
    clients: 4,
    perSecond: 20,
    next: () => ({ name: 'GET /users/me', url: `${replica.userService}/users/me`, token }),
  });
  clients = await open(SOCKETS_PER_PORT);
  const since = performance.now();
  const most = await openFiles();
  let left = most;
  while (left > before + SLACK && performance.now() - since < 2 * GONE_WITHIN_MS) {
    await sleep(250);
    left = await openFiles();
  }
  const ms = Math.round(performance.now() - since);
  const outcomes = await load.stop();
  await record({
    scenario: `${clients.length} clients on ${ports.length} ports that never close, ${outcomes.length} requests of others`,
    lost: lossOf(
      load.failures.length + Math.max(0, left - before - SLACK),
      'requests, or sockets that stayed open',
    ),
    figures: `of ${most} open files ${left} left after ${ms} ms (${before} before), slowest request of others ${slowest(outcomes)} ms`,
  });
  expect(most).toBeGreaterThan(before + clients.length / 4);
  expect(left).toBeLessThanOrEqual(before + SLACK);
  expect(ms).toBeLessThan(GONE_WITHIN_MS);
  expect(tally(load.failures)).toBe('');
});

it('SIGTERM with clients that never close is done in its usual time', async () => {
  clients.push(...(await open(50, KINDS.slice(0, 4))));
  const { code, ms } = await replica.stop();
  await record({
    scenario: 'SIGTERM with 200 half-sent and refused requests, whose clients never close',
    lost: lossOf(code === 0 && ms < ENDS_WITHIN_MS ? 0 : 1, 'clean end'),
    figures: `exit code ${code} after ${ms} ms`,
  });
  expect(code).toBe(0);
  expect(ms).toBeLessThan(ENDS_WITHIN_MS);
  expect(replica.log).not.toContain('cut off');
});

/** The process' own count, which has sockets that nobody else sees. With workers it waits until all of them are there. */
async function openFiles(): Promise<number> {
  for (;;) {
    const { body } = await send({ name: 'metrics', url: `${replica.internal}/metrics` });
    const [, count] = /^process_open_fds (\d+)/m.exec(String(body)) ?? [];
    if (count !== undefined) return Number(count);
    await sleep(250);
  }
}

/** On every port so many clients that read and never close. */
function open(count: number, kinds = KINDS): Promise<Socket[]> {
  return Promise.all(
    ports.flatMap((port) =>
      Array.from({ length: count }, (_, index) => client(port, kinds[index % kinds.length] ?? '')),
    ),
  );
}

function client(port: number, text: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {}).resume();
  return new Promise((resolve) => {
    socket.once('close', () => resolve(socket));
    socket.once('connect', () => socket.write(text, () => resolve(socket)));
  });
}
