import { setTimeout as sleep } from 'node:timers/promises';
import { SettingsError } from '#libs/config/settings-error.js';
import { SettingsReader } from '#libs/config/settings-reader.js';
import { errorMessage } from '#libs/core/user-facing-error.js';
import { createRedisClient } from '#libs/redis/create-redis-client.js';
import { broken, type CheckContext, type DoctorCheck, ok } from './check.js';

const NAME = 'redis';
const TIMEOUT_MS = 3_000;

/** Checks that Redis answers, where `REDIS_URL` is set. */
export async function checkRedis({ apps, env }: CheckContext): Promise<DoctorCheck[]> {
  const url = apps === 'user-service' ? null : redisUrl(env);
  if (url === null) return [];
  const address = new URL(url).host;
  const client = await createRedisClient(url);
  let problem: Error | null = null;
  client.on('error', (error: Error) => {
    problem = error;
  });
  try {
    const isConnected = client.connect().then(() => true);
    if (!(await Promise.race([isConnected, sleep(TIMEOUT_MS, false)]))) {
      throw problem ?? new Error(`no answer within ${TIMEOUT_MS / 1_000} s`);
    }
    const version = /^redis_version:(\S+)/m.exec(await client.info('server'))?.[1] ?? 'of unknown version';
    return [ok(NAME, `Redis ${version} answers at ${address}.`)];
  } catch (error) {
    return [
      broken(
        NAME,
        `${address} cannot be used: ${errorMessage(error)}.`,
        'Start Redis, or correct REDIS_URL. Until then Postgres counts failed logins.',
      ),
    ];
  } finally {
    client.destroy();
  }
}

/** Null if it is unset, or invalid, which the settings check reports. */
function redisUrl(env: CheckContext['env']): string | null {
  try {
    return new SettingsReader(env).optional('REDIS_URL') ?? null;
  } catch (error) {
    if (error instanceof SettingsError) return null;
    throw error;
  }
}
