import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { errorMessage } from '#libs/core/user-facing-error.js';
import { createRedisClient, type RedisClient } from '#libs/redis/create-redis-client.js';
import type { CountersRead, CounterTable } from './counter-table.js';
import { forEachScope, nameOf, SCOPES, type ThrottleKeys } from './login-throttle-keys.js';
import { type Counter, type Counters, current, expiryOf, type Limits } from './login-throttle-rules.js';
import { OutdatedNames } from './outdated-names.js';
import type { PostgresCounters } from './postgres-counters.js';

const PREFIX = 'twinkey:login:';
const COMMAND_TIMEOUT_MS = 250;
/** How long the start waits for Redis, so that its first logins are counted where those of other replicas are. */
const START_MS = 1_000;
/** After an error Postgres counts for this long before Redis is tried again. */
const PAUSE_MS = 1_000;

/** Sets three values if all are unchanged. A missing one is compared as an empty string. */
const COMPARE_AND_SET = `
  for i = 1, 3 do
    if (redis.call('GET', KEYS[i]) or '') ~= ARGV[i] then return 0 end
  end
  for i = 1, 3 do redis.call('SET', KEYS[i], ARGV[i + 3], 'PX', ARGV[i + 6]) end
  return 1`;

const isUp = new Gauge({
  name: 'twinkey_login_counters_redis_up',
  help: '1 while Redis holds the counters of failed logins; 0 while it is away, and without REDIS_URL.',
  aggregator: 'min',
});

interface ValuesRead extends CountersRead {
  /** The values as they are stored, empty where there is none. */
  stored: Record<keyof Counters, string>;
}

/** Redis did not do what it was asked to do. The cause has been logged. */
class RedisUnavailable extends Error {}

/**
 * A copy of the counters in Redis, with the pending attempts. A counter that is not in Redis, after a restart or an
 * eviction, is read from Postgres. While Redis is away Postgres counts; the copies of these counters are then outdated,
 * and are removed before Redis is used again.
 */
export class RedisCounters implements CounterTable<ValuesRead> {
  private readonly logger = new Logger(RedisCounters.name);
  private readonly outdated = new OutdatedNames();
  private client: RedisClient | null = null;
  private isUsable = false;
  private retry: NodeJS.Timeout | undefined;

  constructor(
    private readonly postgres: PostgresCounters,
    private readonly url: string,
  ) {}

  /** Waits for the connection a moment; later, Postgres counts until there is one. */
  async connect(): Promise<void> {
    const client = await createRedisClient(this.url);
    this.client = client;
    client.on('error', (error: Error) => this.lose(error));
    const ready = new Promise<void>((resolve) => {
      client.on('ready', () => void this.recover().then(resolve));
    });
    client.connect().catch((error: Error) => this.lose(error));
    await Promise.race([ready, sleep(START_MS, undefined, { ref: false })]);
  }

  close(): void {
    clearTimeout(this.retry);
    this.isUsable = false;
    this.client?.destroy();
    this.client = null;
  }

  /** Runs the first function, or the second one where Redis is away or fails meanwhile. */
  async orElse<T>(keys: ThrottleKeys, inRedis: () => Promise<T>, otherwise: () => Promise<T>): Promise<T> {
    if (this.isUsable) {
      try {
        return await inRedis();
      } catch (error) {
        if (!(error instanceof RedisUnavailable)) throw error;
      }
    }
    try {
      return await otherwise();
    } finally {
      if (this.client) await this.forget(keys);
    }
  }

  async read(keys: ThrottleKeys, limits: Limits): Promise<ValuesRead> {
    const names = namesOf(keys);
    const [values, [seconds, micros]] = await this.command((client) =>
      Promise.all([client.mGet(names), client.sendCommand<[string, string]>(['TIME'])]),
    );
    const now = Math.floor(Number(seconds) * 1_000 + Number(micros) / 1_000);
    const fromPostgres = values.includes(null) ? (await this.postgres.read(keys, limits)).counters : null;
    const stored = forEachScope((_, index) => values[index] ?? '');
    const counters = forEachScope((scope) => {
      const counter = stored[scope] === '' ? fromPostgres?.[scope] : (JSON.parse(stored[scope]) as Counter);
      return current(counter as Counter, limits[scope], now);
    });
    return { now, counters, stored };
  }

  async write(
    keys: ThrottleKeys,
    limits: Limits,
    { stored, now }: ValuesRead,
    { next }: { next: Counters },
  ): Promise<boolean> {
    // An empty counter is kept for a window too: without it the next login would read Postgres.
    const lives = SCOPES.map((scope) =>
      Math.max(expiryOf(next[scope], limits[scope], now) - now, limits[scope].windowMs),
    );
    const written = await this.command((client) =>
      client.eval(COMPARE_AND_SET, {
        keys: namesOf(keys),
        arguments: [
          ...SCOPES.map((scope) => stored[scope]),
          ...SCOPES.map((scope) => JSON.stringify(next[scope])),
          ...lives.map(String),
        ],
      }),
    );
    return written === 1;
  }

  /** Removes the copies of counters that Postgres has changed, now or as soon as Redis is back. */
  private async forget(keys: ThrottleKeys): Promise<void> {
    this.outdated.add(namesOf(keys));
    if (this.isUsable) await this.recover();
  }

  /** Removes what is outdated, and then uses Redis. A second call does no harm. */
  private async recover(): Promise<void> {
    const { client } = this;
    if (!client) return;
    try {
      await this.command(() => client.ping());
      await this.outdated.removeAll(
        (names) => this.command(() => client.unlink(names)),
        () => this.allNames(client),
      );
      if (!this.isUsable && this.client) this.logger.log('Redis holds the counters of failed logins.');
      this.isUsable = this.client !== null;
      isUp.set(1);
    } catch (error) {
      if (!(error instanceof RedisUnavailable)) throw error;
    }
  }

  private async *allNames(client: RedisClient): AsyncGenerator<string[]> {
    let cursor = '0';
    do {
      const from = cursor;
      const page = await this.command(() => client.scan(from, { MATCH: `${PREFIX}*`, COUNT: 1_000 }));
      yield page.keys;
      cursor = page.cursor;
    } while (cursor !== '0');
  }

  /** @throws RedisUnavailable where it fails or takes too long */
  private async command<T>(run: (client: RedisClient) => Promise<T>): Promise<T> {
    const { client } = this;
    if (!client) throw new RedisUnavailable();
    const timer = new AbortController();
    const late = sleep(COMMAND_TIMEOUT_MS, undefined, { signal: timer.signal }).then(() => {
      throw new Error(`no answer within ${COMMAND_TIMEOUT_MS} ms`);
    });
    try {
      return (await Promise.race([run(client), late])) as T;
    } catch (error) {
      this.lose(error as Error);
      throw new RedisUnavailable();
    } finally {
      late.catch(() => {});
      timer.abort();
    }
  }

  private lose(error: Error): void {
    if (!this.client) return;
    if (this.isUsable) {
      this.logger.warn(`Redis is not available, so Postgres counts failed logins: ${errorMessage(error)}`);
    }
    this.isUsable = false;
    isUp.set(0);
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.recover(), PAUSE_MS).unref();
  }
}

const namesOf = (keys: ThrottleKeys): string[] => SCOPES.map((scope) => PREFIX + nameOf(keys[scope]));
