import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-ports.js';
import { installed, required } from './installed-programs.js';
import { runSql } from './postgres-server.js';

export interface PgBouncer {
  /** The URL of the server, through PgBouncer. */
  url: string;
  close(): Promise<void>;
}

/**
 * Starts Debian's PgBouncer in transaction mode before a server. All other settings have their defaults.
 * @param url of the server; its user and password are the only ones that PgBouncer knows
 * @param settings more lines of its configuration
 */
export async function startPgBouncer(url: string, settings: readonly string[] = []): Promise<PgBouncer> {
  const { hostname, port, username, password } = new URL(url);
  const folder = await mkdtemp(join(tmpdir(), 'twinkey-pgbouncer-'));
  // As root, PgBouncer runs as the user `postgres`.
  await chmod(folder, 0o755);
  const users = join(folder, 'userlist.txt');
  const ownPort = await freePort();
  await writeFile(users, `"${username}" "${decodeURIComponent(password)}"\n`);
  await writeFile(
    join(folder, 'pgbouncer.ini'),
    [
      '[databases]',
      `* = host=${hostname} port=${port}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${ownPort}`,
      'unix_socket_dir =',
      `auth_file = ${users}`,
      'pool_mode = transaction',
      ...settings,
      '',
    ].join('\n'),
  );
  const user = process.getuid?.() === 0 ? ['-u', 'postgres'] : [];
  const child = spawn(
    required(installed.findPgBouncer(), 'PgBouncer', 'PGBOUNCER_PATH'),
    [...user, join(folder, 'pgbouncer.ini')],
    { stdio: 'ignore' },
  );
  const own = new URL(url);
  own.port = String(ownPort);
  await untilOpen(own.href, child);
  return {
    url: own.href,
    close: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilOpen(url: string, child: ChildProcess): Promise<void> {
  const failed = once(child, 'error').then(([error]) => {
    throw error;
  });
  for (let attempt = 0; attempt < 100; attempt++) {
    if (child.exitCode !== null) throw new Error(`PgBouncer ended with exit code ${child.exitCode}`);
    const isOpen = await Promise.race([
      failed,
      runSql(url, 'SELECT').then(
        () => true,
        () => false,
      ),
    ]);
    if (isOpen) return;
    await sleep(50);
  }
  throw new Error('PgBouncer does not answer.');
}
