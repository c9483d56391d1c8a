import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Api } from '../support/api.js';
import { createRealm, type TestRealm, type TestUser } from '../support/keycloak.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { keycloakSettings, startTestUserService, type TestUserService } from '../support/user-service.js';

let realm: TestRealm;
let proxy: TcpProxy;
let service: TestUserService;
beforeAll(async () => {
  realm = await createRealm();
  proxy = await TcpProxy.start(realm.keycloak.url);
  service = await startTestUserService({ keycloak: keycloakSettings(realm, { internalUrl: proxy.url }) });
});
afterEach(() => proxy.set({ kind: 'pass' }));
afterAll(async () => {
  await service?.close();
  await proxy?.close();
  await realm?.delete();
});

async function known(): Promise<{ user: TestUser; caller: Api }> {
  const user = await realm.createUser();
  const caller = service.api.as(await realm.passwordToken(user));
  expect((await caller.get('/users/me')).status).toBe(200);
  return { user, caller };
}

async function timed<T>(work: Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  const result = await work;
  return [result, performance.now() - start];
}

/** The circuit closes soon after Keycloak is back; then the same call succeeds. */
async function eventually(call: () => Promise<{ status: number }>): Promise<void> {
  const deadline = Date.now() + 3_000;
  for (;;) {
    const { status } = await call();
    if (status === 200) return;
    if (Date.now() > deadline) throw new Error(`Still ${status} 3 s after Keycloak's return.`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

describe.each([
  ['away', { kind: 'refuse' } as const],
  ['frozen', { kind: 'freeze' } as const],
  ['accepting requests without an answer', { kind: 'swallow' } as const],
  ['failing', { kind: 'answer', status: 500 } as const],
  ['too busy', { kind: 'answer', status: 429 } as const],
  ['slow', { kind: 'delay', ms: 5_000 } as const],
])('with Keycloak %s', (_, mode) => {
  it('GET and a PUT of application fields work; a PUT of names is 503 and changes nothing', async () => {
    const { user, caller } = await known();
    await proxy.set(mode);

    expect((await caller.get('/users/me')).status).toBe(200);
    expect((await caller.put('/users/me', { display_name: 'Countess' })).status).toBe(200);

    const change = { last_name: 'Lovelace', display_name: 'Queen', settings: { a: 1 } };
    const [refused, took] = await timed(caller.put('/users/me', change));
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.errors).toEqual([
      'last_name not_confirmed',
      'display_name not_confirmed',
      'settings not_confirmed',
    ]);
    expect(took).toBeLessThan(2_500);
    expect((await caller.get('/users/me')).data).toMatchObject({ display_name: 'Countess', settings: {} });

    const [health] = await timed(service.internal.get('/health/ready'));
    expect([health.status, health.data.status, health.data.checks]).toEqual([
      200,
      'degraded',
      { database: 'ok', keycloak: 'down' },
    ]);

    await proxy.set({ kind: 'pass' });
    await eventually(() => caller.put('/users/me', change));
    expect((await caller.get('/users/me')).data).toMatchObject(change);
    expect(await realm.getUser(user.id)).toMatchObject({ lastName: 'Lovelace' });
  });

  it('a known username is found, an unknown one is 503', async () => {
    const { user } = await known();
    const stranger = await realm.createUser();
    await proxy.set(mode);
    expect((await service.internal.get(`/users/username/${user.username}`)).status).toBe(200);
    const [unknown, took] = await timed(service.internal.get(`/users/username/${stranger.username}`));
    expect(unknown.status).toBe(503);
    expect(took).toBeLessThan(2_500);
    await proxy.set({ kind: 'pass' });
    await eventually(() => service.internal.get(`/users/username/${stranger.username}`));
  });
});

describe('with Keycloak frozen', () => {
  it('many calls that need it are all answered in time, and others are not delayed', async () => {
    const { caller } = await known();
    await proxy.set({ kind: 'freeze' });
    const stuck = Array.from({ length: 60 }, () => timed(caller.put('/users/me', { last_name: 'X' })));
    const [me, took] = await timed(caller.get('/users/me'));
    expect(me.status).toBe(200);
    expect(took).toBeLessThan(1_000);
    for (const [answer, time] of await Promise.all(stuck)) {
      expect(answer.status).toBe(503);
      expect(time).toBeLessThan(2_500);
    }
  });
});

describe('requests to Keycloak', () => {
  it('are not sent for a known user; one request fetches the key set for all tokens', async () => {
    const { user, caller } = await known();
    const before = proxy.requests.length;
    for (let call = 0; call < 5; call++) {
      await caller.get('/users/me');
      await service.internal.get(`/users/username/${user.username}`);
    }
    expect(proxy.requests.slice(before)).toEqual([]);
    expect(proxy.requests.filter((line) => line.includes('/certs'))).toHaveLength(1);
  });

  it('fetch the service token once for many calls', async () => {
    const { caller } = await known();
    await caller.put('/users/me', { last_name: 'One' });
    const before = proxy.requests.length;
    await Promise.all(Array.from({ length: 10 }, () => caller.put('/users/me', { last_name: 'Two' })));
    expect(proxy.requests.slice(before).filter((line) => line.includes('/token'))).toEqual([]);
  });
});
