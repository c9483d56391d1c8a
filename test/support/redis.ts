import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from '#libs/core/free-port.js';
import { createRedisClient, type RedisClient } from '#libs/redis/create-redis-client.js';
import { installed, required } from './installed-programs.js';

export interface TestRedis {
  url: string;
  /** Answers from now on that nothing is stored, like a server that was restarted without persistence. */
  restart(): Promise<void>;
  /** Ends the process as a crash does. */
  kill(): Promise<void>;
  /** The process stands still, with its connections open. */
  pause(): void;
  resume(): void;
  client(): Promise<RedisClient>;
  close(): Promise<void>;
}

/** Without a Redis server, the tests that need one are skipped. `REQUIRE_SERVERS=1`: they fail. */
export const hasRedis = installed.findRedis() !== null || process.env['REQUIRE_SERVERS'] === '1';
if (!hasRedis)
  process.stderr.write('SKIPPED: tests with Redis. Install a Redis server, or set REDIS_SERVER_PATH.\n');

/** Starts Debian's redis-server on a free port, without persistence. */
export async function startRedis(): Promise<TestRedis> {
  const port = await findFreePort();
  const folder = await mkdtemp(join(tmpdir(), 'twinkey-redis-'));
  const url = `redis://127.0.0.1:${port}`;
  const clients: RedisClient[] = [];
  let child: ChildProcess;

  const start = async () => {
    const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder];
    child = spawn(required(installed.findRedis(), 'A Redis server', 'REDIS_SERVER_PATH'), options, {
      stdio: 'ignore',
    });
    const failed = once(child, 'error').then(([error]) => Promise.reject(error));
    failed.catch(() => {});
    const client = await Promise.race([connected(url), failed]);
    client.destroy();
  };
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  await start();
  return {
    url,
    kill,
    restart: async () => {
      await kill();
      await start();
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    client: async () => {
      const client = await connected(url);
      clients.push(client);
      return client;
    },
    close: async () => {
      for (const client of clients) client.destroy();
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function connected(url: string): Promise<RedisClient> {
  const client = await createRedisClient(url);
  client.on('error', () => {});
  // Connecting is tried until the server, which has just been started, answers.
  if (await Promise.race([client.connect().then(() => true), sleep(10_000, false)])) return client;
  client.destroy();
  throw new Error('redis-server does not answer (Debian: apt-get install redis-server)');
}
