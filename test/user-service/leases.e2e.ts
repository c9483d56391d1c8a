import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DirectoryLeases } from '#apps/user-service/src/directory/directory-leases.js';
import { newId } from '#libs/core/ids.js';
import { usersDataSource } from '#libs/database/users/users-data-source.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
let dataSource: DataSource;
beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await usersDataSource(database.url).initialize();
});
afterAll(async () => {
  await dataSource?.destroy();
  await database?.close();
});

const never = () => new AbortController().signal;

/** Work that lasts until the test ends it. */
function openWork() {
  let finish = () => {};
  const ended = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let start = () => {};
  const started = new Promise<void>((resolve) => {
    start = resolve;
  });
  const work = () => {
    start();
    return ended;
  };
  return { work, started, finish };
}

/** The statements of the build before `directory_leases`. */
const former = {
  async acquire(sub: string, holder: string): Promise<boolean> {
    const rows: unknown[] = await dataSource.query(
      `INSERT INTO users.keycloak_leases AS lease (sub, holder, expires_at) VALUES ($1, $2, now() + 2500 * interval '1 ms')
       ON CONFLICT (sub) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
       WHERE lease.expires_at < now() RETURNING holder`,
      [sub, holder],
    );
    return rows.length > 0;
  },
  async release(sub: string, holder: string): Promise<void> {
    await dataSource.query('DELETE FROM users.keycloak_leases WHERE sub = $1 AND holder = $2', [sub, holder]);
  },
  /** As if the holder had died a while ago. */
  async expire(sub: string): Promise<void> {
    for (const table of ['keycloak_leases', 'directory_leases']) {
      await dataSource.query(`UPDATE users.${table} SET expires_at = now() - interval '1 s' WHERE sub = $1`, [
        sub,
      ]);
    }
  },
};

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(10);
}

it('changes of one user of one issuer run one after the other', async () => {
  const sub = newId();
  const [first, second] = [openWork(), openWork()];
  const firstRun = new DirectoryLeases('keycloak', dataSource).runExclusively(sub, never(), first.work);
  await first.started;
  let isSecondStarted = false;
  const secondRun = new DirectoryLeases('keycloak', dataSource).runExclusively(sub, never(), () => {
    isSecondStarted = true;
    return second.work();
  });
  await sleep(200);
  expect(isSecondStarted).toBe(false);
  first.finish();
  await second.started;
  second.finish();
  await Promise.all([firstRun, secondRun]);
});

it('two issuers may have users with one subject: their changes do not wait for each other', async () => {
  const sub = newId();
  const [first, second] = [openWork(), openWork()];
  const runs = [
    new DirectoryLeases('keycloak', dataSource).runExclusively(sub, never(), first.work),
    new DirectoryLeases('partners', dataSource).runExclusively(sub, never(), second.work),
  ];
  await Promise.all([first.started, second.started]);
  first.finish();
  second.finish();
  await Promise.all(runs);
});

describe('beside a process of the build before', () => {
  it('its change waits for ours', async () => {
    const [sub, holder] = [newId(), newId()];
    const own = openWork();
    const run = new DirectoryLeases('keycloak', dataSource).runExclusively(sub, never(), own.work);
    await own.started;
    expect(await former.acquire(sub, holder)).toBe(false);
    own.finish();
    await run;
    await until(() => former.acquire(sub, holder));
    await former.release(sub, holder);
  });

  it('our change waits for its change', async () => {
    const [sub, holder] = [newId(), newId()];
    expect(await former.acquire(sub, holder)).toBe(true);
    const impatient = AbortSignal.timeout(200);
    const leases = new DirectoryLeases('keycloak', dataSource);
    await expect(leases.runExclusively(sub, impatient, async () => 'ran')).rejects.toThrow();
    await former.release(sub, holder);
    expect(await leases.runExclusively(sub, never(), async () => 'ran')).toBe('ran');
  });

  it('its processes exclude each other as before', async () => {
    const [sub, holder, other] = [newId(), newId(), newId()];
    expect(await former.acquire(sub, holder)).toBe(true);
    expect(await former.acquire(sub, other)).toBe(false);
    await former.release(sub, other);
    expect(await former.acquire(sub, other)).toBe(false);
    await former.release(sub, holder);
    expect(await former.acquire(sub, other)).toBe(true);
    await former.release(sub, other);
  });

  it('the lease of a process that died ends for both', async () => {
    const [sub, holder] = [newId(), newId()];
    const leases = new DirectoryLeases('keycloak', dataSource);
    expect(await former.acquire(sub, newId())).toBe(true);
    await former.expire(sub);
    expect(await leases.runExclusively(sub, never(), async () => 'ran')).toBe('ran');
    await until(() => former.acquire(sub, holder));
    await former.expire(sub);
    expect(await former.acquire(sub, newId())).toBe(true);
  });
});
