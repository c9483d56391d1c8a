import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startIdentityProvider } from '#apps/identity-provider/src/start.js';
import { FeedReaders } from '#libs/authority-feed/feed-readers.js';
import { Drain } from '#libs/http/application/drain.js';
import type { RunningApp } from '#libs/http/application/running-app.js';
import { metrics } from '#libs/observability/metrics.js';
import { captureLog } from '../support/captured-log.js';
import { FeedClient } from '../support/feed-client.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';

const TOKEN = 'a-token-for-the-feed';

let idp: TestIdentityProvider;
beforeEach(async () => {
  idp = await startTestIdentityProvider({ authorityFeedToken: TOKEN });
});
afterEach(() => idp?.close());

const open = () => FeedClient.open(`${idp.directUrl}/authority`, TOKEN);

async function endSession(): Promise<void> {
  const session = await idp.make.session(await idp.make.account());
  await idp.database.query('DELETE FROM identity.sessions WHERE id = $1', [session.id]);
}

/** The value of a metric of identity-provider. */
async function metric(name: string): Promise<number> {
  const line = (await metrics.metrics())
    .split('\n')
    .find((text) => text.startsWith(`${name}{`) && text.includes('"identity-provider"'));
  return Number(line?.split(' ').at(-1) ?? 0);
}

const feedConnections = async (): Promise<number> => {
  const [{ count }] = await idp.database.query(
    `SELECT count(*)::int AS count FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'twinkey identity-provider feed'`,
  );
  return count;
};

it('1,000 readers share one database connection, and all get each change', { timeout: 60_000 }, async () => {
  const before = await metric('twinkey_authority_feed_readers');
  const readers = await openPlain(1_000);
  expect((await metric('twinkey_authority_feed_readers')) - before).toBe(1_000);
  const first = await open();
  await first.snapshot();
  await endSession();
  await first.change(({ ended }) => ended.length === 1);
  await expect
    .poll(() => readers.filter(({ received }) => received().includes('"kind":"session"')).length, {
      timeout: 20_000,
    })
    .toBe(1_000);
  expect(await feedConnections()).toBe(1);
  first.close();
  for (const { response } of readers) response.destroy();
  await expect
    .poll(async () => (await metric('twinkey_authority_feed_readers')) - before, { timeout: 10_000 })
    .toBe(0);
});

it('a reader that reads nothing is cut off, and the others are not harmed', { timeout: 60_000 }, async () => {
  const cutOff = await metric('twinkey_authority_feed_cut_off_total');
  const stalled = await openStalled();
  const reader = await open();
  await reader.snapshot();
  const role = await idp.make.role();
  await idp.database.query(
    `INSERT INTO identity.permissions (id, name)
     SELECT gen_random_uuid(), 'p' || n || repeat('x', 40) || ':read' FROM generate_series(1, 200) n`,
  );
  await idp.database.query(
    `INSERT INTO identity.role_permissions SELECT $1, id FROM identity.permissions WHERE name LIKE 'p%xxx:read'`,
    [role.id],
  );
  // Each change has some 200 KB, until the buffers of the system and of the server are full.
  for (
    let round = 0;
    (await metric('twinkey_authority_feed_cut_off_total')) === cutOff && round < 400;
    round++
  ) {
    await idp.database.query(
      `INSERT INTO identity.roles (id, name) SELECT gen_random_uuid(), 'r' || $1 || '-' || n FROM generate_series(1, 20) n`,
      [round],
    );
    await idp.database.query(
      `INSERT INTO identity.role_permissions SELECT r.id, p.permission_id FROM identity.roles r, identity.role_permissions p
       WHERE p.role_id = $1 AND r.name LIKE 'r' || $2 || '-%'`,
      [role.id, round],
    );
    await idp.database.query('UPDATE identity.authority SET version = version + 1');
    await reader.change(({ roles }) => `r${round}-20` in roles);
  }
  expect((await metric('twinkey_authority_feed_cut_off_total')) - cutOff).toBe(1);
  stalled.destroy();
  await endSession();
  await reader.change(({ ended }) => ended.length === 1);
  reader.close();
});

const LONG = 16 * 1024 * 1024;
it.each([
  { isKept: true, unread: 'the parts of one message', lengths: [LONG, LONG, LONG], hasMore: true },
  { isKept: true, unread: 'a long message and short ones', lengths: [LONG, 100, 100], hasMore: false },
  { isKept: false, unread: 'several long messages', lengths: [LONG, LONG, LONG], hasMore: false },
])(
  'a reader that leaves $unread unread keeps its connection: $isKept',
  async ({ isKept, lengths, hasMore }) => {
    let cutOff = 0;
    const readers = new FeedReaders(
      () => true,
      () => cutOff++,
    );
    const server = createServer((_, response) => readers.add(response.writeHead(200), Buffer.from('first')));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const slow = await openStalled(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    // More than the buffers of the system hold.
    for (const length of lengths) readers.broadcast(Buffer.alloc(length, 'x'), hasMore);
    expect([readers.size, cutOff]).toEqual(isKept ? [1, 0] : [0, 1]);
    slow.destroy();
    readers.close();
    server.close();
  },
);

it('feeds end as soon as the shutdown begins, and their requests are logged', async () => {
  const { logger, lines } = await captureLog();
  const drain = new Drain();
  const app: RunningApp = await startIdentityProvider({ ...idp.settings, docs: false }, { logger, drain });
  const url = `${app.addresses[0]?.url}/authority`;
  const [reader, stalled] = [await FeedClient.open(url, TOKEN), await openStalled(url)];
  await reader.snapshot();
  const since = performance.now();
  const began = drain.begin(2_000);
  await reader.ended;
  expect(performance.now() - since).toBeLessThan(1_500);
  const refused = await FeedClient.open(url, TOKEN);
  expect(refused.status).toBe(503);
  refused.close();
  await began;
  await app.close();
  expect(performance.now() - since).toBeLessThan(8_000);
  stalled.destroy();
  const requests = lines().filter(({ msg, route }) => msg === 'request' && route === '/api/v1/authority');
  expect(requests.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(1);
});

it('a feed stays open longer than a response may stall, and gets a comment', {
  timeout: 40_000,
}, async () => {
  const { response, received } = (await openPlain(1))[0] as PlainReader;
  await sleep(17_000);
  expect(response.destroyed).toBe(false);
  expect(received()).toContain(': alive');
  response.destroy();
});

it('ends the feeds when the database is away, and refuses new ones with 503', {
  timeout: 60_000,
}, async () => {
  const other = await startTestIdentityProvider({ authorityFeedToken: TOKEN });
  const url = `${other.directUrl}/authority`;
  const reader = await FeedClient.open(url, TOKEN);
  await reader.snapshot();
  const database = new URL(other.settings.databaseUrl).pathname.slice(1);
  await idp.database.query(`ALTER DATABASE ${database} WITH ALLOW_CONNECTIONS false`);
  try {
    await idp.database.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
      database,
    ]);
    await reader.ended;
    const refused = await FeedClient.open(url, TOKEN);
    expect(refused.status).toBe(503);
    refused.close();
  } finally {
    await idp.database.query(`ALTER DATABASE ${database} WITH ALLOW_CONNECTIONS true`);
  }
  await expect.poll(async () => (await FeedClient.open(url, TOKEN)).status, { timeout: 10_000 }).toBe(200);
  await other.close();
});

interface PlainReader {
  response: IncomingMessage;
  received(): string;
}

/** Many readers, in few steps at a time. */
async function openPlain(count: number): Promise<PlainReader[]> {
  const readers: PlainReader[] = [];
  while (readers.length < count) {
    const batch = Array.from({ length: Math.min(50, count - readers.length) }, openOne);
    readers.push(...(await Promise.all(batch)));
  }
  return readers;
}

function openOne(): Promise<PlainReader> {
  const headers = { accept: 'text/event-stream', authorization: `Bearer ${TOKEN}` };
  return new Promise((resolve, reject) => {
    get(`${idp.directUrl}/authority`, { headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('error', () => {});
      resolve({ response, received: () => text });
    }).once('error', reject);
  });
}

/** A reader that sends its request and never reads. */
function openStalled(url = `${idp.directUrl}/authority`): Promise<Socket> {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.pause();
  socket.on('error', () => {});
  return new Promise((resolve) => {
    socket.write(
      `GET ${pathname} HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`,
      () => setTimeout(() => resolve(socket), 200),
    );
  });
}
