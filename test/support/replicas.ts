import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningApp } from '#libs/http/application/running-app.js';
import { freePort } from './free-ports.js';

const PROGRAM = process.env['HAPROXY_PATH'] || 'haproxy';

/** `TEST_REPLICAS=2` runs every end-to-end test against two replicas behind a HAProxy. The default is one, without it. */
const REPLICAS = Number(process.env['TEST_REPLICAS'] || 1);

/** A running application whose listeners may be behind a HAProxy. */
export interface ReplicatedApp extends RunningApp {
  /** URLs of the first replica's own listeners, in the order of `addresses`, for requests that HAProxy would reject. */
  directUrls: string[];
}

/**
 * Starts an application once, or TEST_REPLICAS times behind a HAProxy, whose addresses it then has.
 * @param start gets the port of the first listener @param port the one that clients use; 0: a free one
 */
export async function startReplicated(
  start: (port: number) => Promise<RunningApp>,
  port = 0,
): Promise<ReplicatedApp> {
  if (REPLICAS <= 1) {
    const app = await start(port);
    return { ...app, directUrls: app.addresses.map(({ url }) => url) };
  }
  const replicas = await Promise.all(Array.from({ length: REPLICAS }, () => start(0)));
  const first = replicas[0] as RunningApp;
  const addresses = await Promise.all(
    first.addresses.map(async ({ label, url }, index) => ({
      label,
      url: withPort(url, (index === 0 && port) || (await freePort())),
      targets: replicas.map((replica) => replica.addresses[index]?.url as string),
    })),
  );
  const proxy = await startHaproxy(addresses);
  return {
    name: first.name,
    addresses,
    directUrls: first.addresses.map(({ url }) => url),
    close: async () => {
      await proxy.close();
      await Promise.all(replicas.map((replica) => replica.close()));
    },
  };
}

const withPort = (url: string, port: number): string =>
  Object.assign(new URL(url), { port: String(port) }).href.replace(/\/$/, '');

interface BalancedListener {
  url: string;
  targets: string[];
}

/** HAProxy distributes requests round-robin, also those of one connection. */
async function startHaproxy(balanced: BalancedListener[]): Promise<{ close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'twinkey-replicas-'));
  const file = join(folder, 'haproxy.cfg');
  await writeFile(file, configuration(balanced));
  const child = spawn(PROGRAM, ['-db', '-f', file], { stdio: 'ignore' });
  await Promise.all(balanced.map(({ url }) => untilOpen(url, child)));
  return {
    close: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configuration(balanced: BalancedListener[]): string {
  const listeners = balanced.map(({ url, targets }, index) => {
    const servers = targets.map((target, which) => `  server r${which} ${new URL(target).host}`);
    return [`listen l${index}`, `  bind ${new URL(url).host}`, '  balance roundrobin', ...servers].join('\n');
  });
  return `global
  tune.bufsize 65536
defaults
  mode http
  option http-keep-alive
  timeout connect 2s
  timeout client 60s
  timeout server 60s

${listeners.join('\n\n')}
`;
}

async function untilOpen(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (child.exitCode !== null) throw new Error(`HAProxy ended with exit code ${child.exitCode}`);
    if (await isOpen(Number(new URL(url).port))) return;
    await sleep(50);
  }
  throw new Error('HAProxy does not listen.');
}

function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).finally(() => socket.destroy()) as Promise<boolean>;
}
