import type { RedisClientType } from '@redis/client';

export type RedisClient = RedisClientType;

const CONNECT_TIMEOUT_MS = 2_000;
const LONGEST_PAUSE_MS = 2_000;
/** Commands that wait for an answer. A server that stands still must not fill the memory. */
const COMMANDS = 10_000;

/**
 * Makes a client that is not connected yet. Once `connect` is called, it connects again after each loss, and refuses
 * commands meanwhile. The library is loaded only here, for those who have a `REDIS_URL`.
 * @param url `redis[s]://[user[:password]@]host[:port][/database]`
 */
export async function createRedisClient(url: string): Promise<RedisClient> {
  const { createClient } = await import('@redis/client');
  return createClient({
    url,
    name: 'twinkey',
    disableOfflineQueue: true,
    commandsQueueMaxLength: COMMANDS,
    maintNotifications: 'disabled',
    RESP: 2,
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, LONGEST_PAUSE_MS),
    },
  }) as unknown as RedisClient;
}
