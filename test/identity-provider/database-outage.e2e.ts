import { setTimeout as sleep } from 'node:timers/promises';
import bcrypt from 'bcrypt';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type CapturedLog, captureLog } from '../support/captured-log.js';
import {
  type Caller,
  startTestIdentityProvider,
  type TestIdentityProvider,
} from '../support/identity-provider.js';
import { bringBack, freeze, shutDown, thaw } from '../support/postgres-outage.js';
import { migrateAll, type PostgresServer, startPostgres } from '../support/postgres-server.js';

const PASSWORD = 'securepass123';
/** The limit is two seconds; the rest allows for a busy machine. */
const AT_MOST = 2_500;

let server: PostgresServer;
let idp: TestIdentityProvider;
let caller: Caller;
let log: CapturedLog;

beforeAll(async () => {
  server = await startPostgres();
  await migrateAll(server.url);
  log = await captureLog();
  idp = await startTestIdentityProvider({ databaseUrl: server.url }, log.logger);
  caller = await idp.signIn(['*'], { passwordHash: await bcrypt.hash(PASSWORD, 10) });
});
afterAll(async () => {
  await idp?.close();
  await server?.close();
});

const root = () => idp.api.url.replace('/api/v1', '');

async function timed<T>(ask: () => Promise<T>): Promise<T & { took: number }> {
  const before = performance.now();
  const answer = await ask();
  return { ...answer, took: performance.now() - before };
}

/** Requests of each kind, more at once than there are connections. */
const requests = () => [
  ...Array.from({ length: 12 }, () => () => caller.api.get('/auth/me')),
  () => caller.api.get('/accounts'),
  () => caller.api.post('/roles', { name: 'new' }),
  () => caller.api.patch('/auth/me', { first_name: 'Ada' }),
  () => caller.api.post('/auth/password', { current_password: 'x', new_password: 'another-good-one' }),
  () => idp.api.post('/auth/login', { email: caller.account.email, password: PASSWORD }),
  () => idp.api.post('/auth/login', { email: 'nobody@example.com', password: PASSWORD }),
];

async function expectRefusal(): Promise<void> {
  const answers = await Promise.all(requests().map(timed));
  for (const { status, headers, errors, data, took } of answers) {
    expect([status, errors, data]).toEqual([503, ['- database_unavailable'], null]);
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(took).toBeLessThan(AT_MOST);
  }
}

/** Routes that need no database still answer. */
async function expectTheRest(): Promise<void> {
  const [live, jwks, enveloped, unknown, ready, health] = await Promise.all([
    timed(() => fetch(`${root()}/health/live`)),
    timed(() => fetch(`${root()}/.well-known/jwks.json`)),
    timed(() => idp.api.get('/auth/jwks')),
    timed(() => idp.api.as('nonsense').get('/auth/me')),
    timed(() => idp.api.get('/health/ready')),
    timed(() => idp.api.get('/health')),
  ]);
  expect([live, jwks, enveloped].map(({ took }) => took < 1_000)).toEqual([true, true, true]);
  expect(enveloped.status).toBe(200);
  expect(unknown.status).toBe(401);
  for (const { status, data, headers, took } of [ready, health]) {
    expect([status, data]).toEqual([503, { status: 'down', checks: { database: 'down', keycloak: 'off' } }]);
    expect(headers.get('retry-after')).toBe('1');
    expect(took).toBeLessThan(5_000);
  }
}

async function expectService(within: number): Promise<void> {
  await vi.waitFor(
    async () => {
      expect((await caller.api.get('/auth/me')).status).toBe(200);
      expect((await idp.api.get('/health/ready')).status).toBe(200);
    },
    { timeout: within, interval: 100 },
  );
  const login = { email: caller.account.email, password: PASSWORD };
  expect((await idp.api.post('/auth/login', login)).status).toBe(200);
}

describe.each([
  ['freezes', freeze, thaw],
  ['crashes', shutDown, bringBack],
])('when the database %s', (_, harm, heal) => {
  it('requests are refused in time, and answered again later without a restart', {
    timeout: 60_000,
  }, async () => {
    await expectService(1_000);
    await harm(server);
    try {
      await expectRefusal();
      await expectTheRest();
      await expectRefusal();
      await sleep(1_000);
      await expectRefusal();
    } finally {
      await heal(server);
    }
    await expectService(3_000);
  });
});

it('the log states the cause without personal data', () => {
  const refused = log.lines().filter(({ msg }) => msg === 'request refused');
  expect(refused.length).toBeGreaterThan(50);
  for (const { level, reason, cause } of refused) {
    expect([level, reason]).toEqual(['warn', 'database_unavailable']);
    expect(cause).toMatch(/^[\w .:,/-]{5,120}$/);
  }
  expect(log.lines().filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  for (const secret of [PASSWORD, caller.account.email, '$2b$']) expect(log.text()).not.toContain(secret);
});
