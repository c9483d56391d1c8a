import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXPIRING_TABLES } from '#apps/identity-provider/src/expired-rows/expired-rows.service.js';
import {
  LoginThrottle,
  type LoginThrottleStore,
} from '#apps/identity-provider/src/login-throttle/login-throttle.js';
import { nameOf, throttleKeys } from '#apps/identity-provider/src/login-throttle/login-throttle-keys.js';
import { PostgresCounters } from '#apps/identity-provider/src/login-throttle/postgres-counters.js';
import { RedisCounters } from '#apps/identity-provider/src/login-throttle/redis-counters.js';
import {
  PostgresThrottleStore,
  RedisThrottleStore,
} from '#apps/identity-provider/src/login-throttle/throttle-stores.js';
import { hashClient } from '#apps/identity-provider/src/passwords/fair-places.js';
import { HashQueue } from '#apps/identity-provider/src/passwords/hash-queue.js';
import { NO_REQUEST } from '#libs/audit/audit-context.js';
import { deleteExpired } from '#libs/background/expired-rows.js';
import { identityDataSource } from '#libs/database/identity/identity-data-source.js';
import type { ApiError } from '#libs/http/replies/api-error.js';
import type { RedisClient } from '#libs/redis/create-redis-client.js';
import { unique } from '../support/factories.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { hasRedis, startRedis, type TestRedis } from '../support/redis.js';

const failedAttempt = {
  audit: NO_REQUEST,
  accountId: null,
  email: 'ada@example.com',
  attempt: 'login',
} as const;
const SETTINGS = { maxFailures: 3, maxFailuresPerAddress: 5, windowSeconds: 900 };

interface Servers {
  database: DataSource;
  redisUrl: string | null;
}

/** The counters of one process. */
class Counters {
  readonly throttle: LoginThrottle;

  private constructor(readonly store: LoginThrottleStore) {
    this.throttle = new LoginThrottle(store, { login: SETTINGS });
  }

  static async open({ database, redisUrl }: Servers): Promise<Counters> {
    const postgres = new PostgresCounters(database);
    if (redisUrl === null) return new Counters(new PostgresThrottleStore(postgres));
    const store = new RedisThrottleStore(new RedisCounters(postgres, redisUrl), postgres);
    await store.onModuleInit();
    opened.push(store);
    return new Counters(store);
  }
}

const opened: RedisThrottleStore[] = [];

/** Simulates a separate process with its own in-memory state. */
class Replica {
  checks = 0;

  private constructor(
    readonly servers: Servers,
    private readonly throttle: LoginThrottle,
    private readonly queue: HashQueue,
  ) {}

  static async start(
    servers: Servers,
    queue = new HashQueue({ parallelism: 8, hashSeconds: 0.001 }),
  ): Promise<Replica> {
    return new Replica(servers, (await Counters.open(servers)).throttle, queue);
  }

  /** @returns `right`, `wrong`, or the status and Retry-After of a refusal: `429 60` */
  async login(email: string, address: string, matches: boolean, ms = 0): Promise<string> {
    try {
      const client = hashClient(address, email);
      using attempt = await this.throttle.begin(email, address, (ahead) => this.queue.hasRoom(client, ahead));
      using place = this.queue.take(client);
      await attempt.count();
      this.checks += 1;
      await place.run(() => sleep(ms));
      await (matches ? attempt.succeed() : attempt.fail(failedAttempt));
      return matches ? 'right' : 'wrong';
    } catch (error) {
      const { status, headers } = error as ApiError;
      if (status === undefined) throw error;
      return `${status} ${headers['retry-after']}`;
    }
  }

  async wrong(times: number, email: string, address: string): Promise<void> {
    for (let i = 0; i < times; i += 1) expect(await this.login(email, address, false)).toBe('wrong');
  }

  parallel(times: number, email: string, address: string, matches: boolean): Promise<string[]> {
    return Promise.all(Array.from({ length: times }, () => this.login(email, address, matches, 10)));
  }
}

/** Moves the times of all counters in Redis into the past. */
async function shift(client: RedisClient, ms: number): Promise<void> {
  for (const name of await client.keys('*')) {
    const counter = JSON.parse((await client.get(name)) as string, (key, value) =>
      typeof value === 'number' && key !== 'strikes' ? value - ms : value,
    );
    await client.set(name, JSON.stringify(counter), { condition: 'XX', expiration: 'KEEPTTL' });
  }
}

/** Allows a tolerance for the duration of the test on a busy machine. */
const refusedFor = (seconds: number) => (answer: string) => {
  const left = Number(/^429 (\d+)$/.exec(answer)?.[1]);
  return left <= seconds && left > seconds - 15;
};

const email = () => `${unique('guessed')}@example.com`;
let lastAddress = 0;
const address = () => `10.0.${Math.floor(++lastAddress / 256)}.${lastAddress % 256}`;

describe.each(hasRedis ? ['Postgres', 'Redis'] : ['Postgres'])('guessing, counted in %s', (place) => {
  let testDatabase: TestDatabase;
  let redis: TestRedis | null;
  let redisClient: RedisClient | null;
  let sources: DataSource[];
  let one: Replica;
  let other: Replica;

  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    sources = await Promise.all([1, 2].map(() => identityDataSource(testDatabase.url).initialize()));
    redis = place === 'Redis' ? await startRedis() : null;
    redisClient = redis && (await redis.client());
    const redisUrl = redis?.url ?? null;
    [one, other] = (await Promise.all(sources.map((database) => Replica.start({ database, redisUrl })))) as [
      Replica,
      Replica,
    ];
  });

  afterAll(async () => {
    for (const store of opened.splice(0)) store.onApplicationShutdown();
    await redis?.close();
    await Promise.all(sources.map((database) => database.destroy()));
    await testDatabase.close();
  });

  /** Moves the times of all counters into the past, so that tests need not wait. */
  const later = async (seconds: number) => {
    if (redisClient) await shift(redisClient, seconds * 1_000);
    await one.servers.database.query(
      `UPDATE identity.login_throttles SET
         failures = ARRAY(SELECT t - $1::interval FROM unnest(failures) t),
         pending = ARRAY(SELECT t - $1::interval FROM unnest(pending) t),
         blocked_until = blocked_until - $1::interval,
         known_until = known_until - $1::interval,
         expires_at = expires_at - $1::interval`,
      [`${seconds} seconds`],
    );
  };

  it('at one email from one address is refused after the limit, even with the correct password', async () => {
    const [ada, home] = [email(), address()];
    await one.wrong(3, ada, home);
    const before = one.checks;
    expect(await one.login(ada, home, false)).toSatisfy(refusedFor(60));
    expect(await one.login(ada, home, true)).toSatisfy(refusedFor(60));
    expect(one.checks).toBe(before);
    expect(await one.login(ada, address(), true)).toBe('right');
    expect(await one.login(email(), home, true)).toBe('right');
  });

  it('is counted across all replicas and restarts', async () => {
    const [ada, home] = [email(), address()];
    await one.wrong(2, ada, home);
    await other.wrong(1, ada, home);
    expect(await one.login(ada, home, true)).toSatisfy(refusedFor(60));
    expect(await (await Replica.start(one.servers)).login(ada, home, true)).toSatisfy(refusedFor(60));
  });

  it('is blocked twice as long by each failure after a block, but not by attempts during a block', async () => {
    const [ada, home] = [email(), address()];
    await one.wrong(3, ada, home);
    for (const [seconds, next] of [
      [60, 120],
      [120, 240],
      [240, 480],
      [480, 900],
      [900, 900],
    ] as const) {
      for (let i = 0; i < 3; i += 1) expect(await one.login(ada, home, false)).toSatisfy(refusedFor(seconds));
      await later(seconds);
      await one.wrong(1, ada, home);
      expect(await one.login(ada, home, false)).toSatisfy(refusedFor(next));
    }
    await later(900);
    expect(await one.login(ada, home, true)).toBe('right');
  });

  it('is allowed again after the window', async () => {
    const [ada, home] = [email(), address()];
    await one.wrong(2, ada, home);
    await later(900);
    await one.wrong(2, ada, home);
    expect(await one.login(ada, home, true)).toBe('right');
  });

  it('is reset for an email and an address by a successful login', async () => {
    const [ada, home] = [email(), address()];
    await one.wrong(2, ada, home);
    expect(await one.login(ada, home, true)).toBe('right');
    await one.wrong(2, ada, home);
    expect(await one.login(ada, home, true)).toBe('right');
  });

  it('at several emails from one address is refused, even after a login to an own account', async () => {
    const home = address();
    const own = email();
    for (let i = 0; i < 5; i += 1) {
      expect(await one.login(own, home, true)).toBe('right');
      await one.wrong(1, email(), home);
    }
    expect(await one.login(own, home, true)).toSatisfy(refusedFor(60));
    expect(await other.login(email(), home, true)).toSatisfy(refusedFor(60));
  });

  it('at one email from many addresses is refused, except from addresses known from earlier logins', async () => {
    const [ada, home] = [email(), address()];
    expect(await one.login(ada, home, true)).toBe('right');
    for (let i = 0; i < 5; i += 1) await one.wrong(1, ada, address());
    expect(await one.login(ada, address(), true)).toSatisfy(refusedFor(60));
    expect(await one.login(ada, home, true)).toBe('right');
    await one.wrong(3, ada, home);
    expect(await one.login(ada, home, true)).toSatisfy(refusedFor(60));
  });

  it('in parallel runs no more checks than the limit, across all replicas', async () => {
    const [ada, home] = [email(), address()];
    const before = one.checks + other.checks;
    const answers = await Promise.all([
      one.parallel(25, ada, home, false),
      other.parallel(25, ada, home, false),
    ]);
    expect(one.checks + other.checks - before).toBe(3);
    const refused = answers.flat().filter((answer) => answer !== 'wrong');
    expect(refused).toHaveLength(47);
    expect(refused.every((answer) => answer.startsWith('429 '))).toBe(true);
    expect(await one.login(ada, home, true)).toSatisfy(refusedFor(60));
  });

  it('in parallel at several emails from one address runs no more checks than the limit', async () => {
    const home = address();
    const before = one.checks;
    await Promise.all(Array.from({ length: 25 }, () => one.login(email(), home, false, 10)));
    expect(one.checks - before).toBe(5);
  });

  it('limits do not refuse parallel logins with the correct password', async () => {
    const [ada, home] = [email(), address()];
    expect(await one.parallel(25, ada, home, true)).toEqual(Array(25).fill('right'));
    await one.wrong(1, ada, home);
    expect(await one.parallel(6, ada, home, true)).toEqual(Array(6).fill('right'));
  });

  it('is refused at once if the wait for other attempts would be too long', async () => {
    const queue = new HashQueue({ parallelism: 1, hashSeconds: 1, maxWaitSeconds: 4 });
    const busy = await Replica.start(one.servers, queue);
    const [ada, home] = [email(), address()];
    const tries = Array.from({ length: 20 }, () => busy.login(ada, home, false, 100));
    const first = await Promise.race(tries);
    expect(first).toBe('429 1');
    const answers = await Promise.all(tries);
    expect(answers.filter((answer) => answer === 'wrong')).toHaveLength(3);
    expect(answers.filter((answer) => answer.startsWith('429 '))).toHaveLength(17);
  });

  it('is refused without a check if the hash queue is full', async () => {
    const queue = new HashQueue({ parallelism: 1, hashSeconds: 1, maxWaitSeconds: 1 });
    const busy = await Replica.start(one.servers, queue);
    const home = address();
    const answers = await Promise.all(Array.from({ length: 5 }, () => busy.login(email(), home, false, 50)));
    expect(answers.filter((answer) => answer === 'wrong')).toHaveLength(2);
    expect(answers.filter((answer) => answer === '503 2')).toHaveLength(3);
    for (let i = 0; i < 3; i += 1) expect(await one.login(email(), home, false)).toBe('wrong');
    expect(await one.login(email(), home, false)).toSatisfy(refusedFor(60));
  });

  it('is not counted if the check fails with an error', async () => {
    const [ada, home] = [email(), address()];
    const { throttle } = await Counters.open(one.servers);
    const failure = new Error('the database is away');
    const failing = async () => {
      using attempt = await throttle.begin(ada, home);
      await attempt.count();
      throw failure;
    };
    for (let i = 0; i < 5; i += 1) await expect(failing()).rejects.toBe(failure);
    await one.wrong(3, ada, home);
  });

  it('is counted if its process dies during the check', async () => {
    const [ada, home] = [email(), address()];
    const { store, throttle: abandoned } = await Counters.open(one.servers);
    store.settle = async () => {};
    for (let i = 0; i < 2; i += 1) {
      using attempt = await abandoned.begin(ada, home);
      await attempt.count();
      await attempt.fail(failedAttempt);
    }
    await later(60);
    await one.wrong(1, ada, home);
    expect(await one.login(ada, home, true)).toSatisfy(refusedFor(60));
  });

  it('from one IPv6 /64 network counts as one address', async () => {
    const ada = email();
    for (const host of ['1', '2', 'ffff:1']) await one.wrong(1, ada, `2001:db8:1:2::${host}`);
    expect(await one.login(ada, '2001:db8:1:2::9', true)).toSatisfy(refusedFor(60));
    expect(await one.login(ada, '2001:db8:1:3::9', true)).toBe('right');
  });

  it('leaves only temporary rows, without emails or addresses', async () => {
    await later(31 * 86_400);
    const count = async () => {
      const [{ rows }] = await one.servers.database.query(
        'SELECT count(*)::int AS rows FROM identity.login_throttles',
      );
      return rows as number;
    };
    expect(await count()).toBeGreaterThan(3);
    await deleteExpired(one.servers.database, EXPIRING_TABLES['expired-login-throttles']);
    expect(await count()).toBe(0);
    await one.wrong(1, email(), address());
    expect(await count()).toBe(3);
    const [row] = await one.servers.database.query('SELECT * FROM identity.login_throttles');
    expect(Object.values(row).filter((value) => typeof value === 'string')).toEqual([]);
    expect(row.key).toHaveLength(32);
  });
});

describe.skipIf(!hasRedis)('guessing while Redis comes and goes', () => {
  let testDatabase: TestDatabase;
  let database: DataSource;
  let redis: TestRedis;
  let one: Replica;
  let other: Replica;

  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    database = await identityDataSource(testDatabase.url).initialize();
    redis = await startRedis();
    const servers = { database, redisUrl: redis.url };
    [one, other] = [await Replica.start(servers), await Replica.start(servers)];
  });

  afterAll(async () => {
    for (const store of opened.splice(0)) store.onApplicationShutdown();
    await redis.close();
    await database.destroy();
    await testDatabase.close();
  });

  const rowsOf = async (name: string) => {
    const [{ rows }] = await database.query(
      `SELECT count(*)::int AS rows FROM identity.login_throttles WHERE encode(key, 'base64') = $1`,
      [name],
    );
    return rows as number;
  };
  /** Logs in, with correct passwords, until the counter of a login is in Redis. */
  const untilRedisCounts = async (...replicas: Replica[]) => {
    const client = await redis.client();
    for (const replica of replicas) {
      await expect
        .poll(
          async () => {
            await client.flushAll();
            await replica.login(email(), address(), true);
            return client.dbSize();
          },
          { timeout: 15_000, interval: 100 },
        )
        .toBe(3);
    }
  };

  it('costs Postgres nothing while a known user signs in', async () => {
    const [ada, home] = [email(), address()];
    const pair = nameOf(throttleKeys(ada, home).pair);
    await one.login(ada, home, true);
    expect(await rowsOf(pair)).toBe(1);
    await database.query('DELETE FROM identity.login_throttles');
    await one.login(ada, home, true);
    await other.login(ada, home, true);
    expect(await rowsOf(pair)).toBe(0);
  });

  it('is still limited after Redis has lost everything', async () => {
    const [ada, home] = [email(), address()];
    await one.wrong(2, ada, home);
    await redis.restart();
    await other.wrong(1, ada, home);
    expect(await one.login(ada, home, true)).toSatisfy(refusedFor(60));
    expect(await other.login(ada, home, true)).toSatisfy(refusedFor(60));
    await untilRedisCounts(one, other);
    expect(await one.login(ada, home, true)).toSatisfy(refusedFor(60));
  });

  it('is limited by all failures together while Redis goes and returns with old counters', async () => {
    const [ada, home] = [email(), address()];
    await untilRedisCounts(one, other);
    await one.wrong(1, ada, home);
    redis.pause();
    expect(await one.login(ada, home, false)).toBe('wrong');
    redis.resume();
    await untilRedisCounts(one, other);
    await other.wrong(1, ada, home);
    for (const replica of [one, other])
      expect(await replica.login(ada, home, true)).toSatisfy(refusedFor(60));
  });

  it('runs no more checks than the limit if Redis dies during parallel attempts', async () => {
    const [ada, home] = [email(), address()];
    await untilRedisCounts(one, other);
    const before = one.checks + other.checks;
    const answers = [one.parallel(25, ada, home, false), other.parallel(25, ada, home, false)];
    await redis.kill();
    const wrong = (await Promise.all(answers)).flat().filter((answer) => answer === 'wrong');
    // What was pending in Redis may be checked, and as many as the limit allows in Postgres.
    expect(one.checks + other.checks - before).toBeLessThanOrEqual(6);
    expect(wrong.length).toBeGreaterThanOrEqual(3);
    expect(await one.login(ada, home, true)).toSatisfy(refusedFor(60));
    await redis.restart();
    await untilRedisCounts(one, other);
    expect(await other.login(ada, home, true)).toSatisfy(refusedFor(60));
  });

  it('is limited where Redis was away at the start', async () => {
    await redis.kill();
    const late = await Replica.start(one.servers);
    const [ada, home] = [email(), address()];
    await late.wrong(3, ada, home);
    expect(await late.login(ada, home, true)).toSatisfy(refusedFor(60));
    await redis.restart();
    await untilRedisCounts(late);
    expect(await late.login(ada, home, true)).toSatisfy(refusedFor(60));
  });
});
