import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../support/free-ports.js';
import type { Replica } from './replica.js';
import { send } from './request.js';

const PROGRAM = process.env['HAPROXY_PATH'] || 'haproxy';
/** Kills HAProxy when standard input is closed, which also happens when the test process is killed. */
const SUPERVISOR = `
exec 3<&0
"$haproxy" -db -f "$file" 3<&- &
pid=$!
(read -r _ <&3; kill -9 "$pid") &
wait "$pid"
`;

/** The shipped configuration for operators. */
const TEMPLATE = fileURLToPath(new URL('../../../deploy/haproxy.cfg', import.meta.url));

export interface LoadBalancer {
  identityProvider: string;
  userService: string;
  close(): Promise<void>;
}

/** The load balancer's URLs: chosen before the replicas start, because they reach identity-provider through it. */
export interface BalancedUrls {
  identityProvider: string;
  userService: string;
}

export async function balancedUrls(): Promise<BalancedUrls> {
  const { PORT, USER_SERVICE_PORT } = await freePorts();
  return {
    identityProvider: `http://127.0.0.1:${PORT}`,
    userService: `http://127.0.0.1:${USER_SERVICE_PORT}`,
  };
}

/** Starts a real HAProxy for replicas of both apps, configured with deploy/haproxy.cfg. It ends with the test process. */
export async function startHaproxy(urls: BalancedUrls, replicas: Replica[]): Promise<LoadBalancer> {
  const folder = await mkdtemp(join(tmpdir(), 'twinkey-haproxy-'));
  const file = join(folder, 'haproxy.cfg');
  await writeFile(file, configuration(await readFile(TEMPLATE, 'utf8'), urls, replicas));
  const child = spawn('/bin/sh', ['-c', SUPERVISOR], {
    env: { ...process.env, haproxy: PROGRAM, file },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`HAProxy ended with exit code ${code}: ${errors}`)));
  });
  failed.catch(() => {});
  const close = async () => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.race([untilBalancing(urls), failed]);
  } catch (error) {
    await close();
    throw error;
  }
  return { ...urls, close };
}

/** The shipped configuration with this test's addresses. */
function configuration(template: string, urls: BalancedUrls, replicas: Replica[]): string {
  const servers = (line: (replica: Replica, name: string) => string) =>
    replicas.map((replica, index) => `    ${line(replica, `replica-${index + 1}`)}`).join('\n');
  const addressOf = (url: string) => new URL(url).host;
  return template
    .replace('bind :8001', `bind ${addressOf(urls.identityProvider)}`)
    .replace('bind :3000', `bind ${addressOf(urls.userService)}`)
    .replace(
      /(?:^ +server \S+ \S+:8001 .*\n?)+/m,
      () => `${servers(({ ports }, name) => `server ${name} 127.0.0.1:${ports.PORT} check`)}\n`,
    )
    .replace(
      /(?:^ +server \S+ \S+:3000 .*\n?)+/m,
      () =>
        `${servers(
          ({ ports }, name) =>
            `server ${name} 127.0.0.1:${ports.USER_SERVICE_PORT} check port ${ports.USER_SERVICE_INTERNAL_PORT}`,
        )}\n`,
    );
}

async function untilBalancing({ identityProvider, userService }: BalancedUrls): Promise<void> {
  const answers = async () => {
    const [one, other] = await Promise.all([
      send({ name: 'jwks', url: `${identityProvider}/.well-known/jwks.json` }),
      send({ name: 'me', url: `${userService}/users/me` }),
    ]);
    return one.status === 200 && other.status === 401;
  };
  while (!(await answers())) await sleep(100);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.stdin?.end();
  await ended;
}
