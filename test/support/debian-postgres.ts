import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { databaseUser } from '#libs/development/postgres/system-user.js';
import { freePort } from './free-ports.js';
import { installed, required } from './installed-programs.js';
import { type PostgresServer, runSql } from './postgres-server.js';

const run = promisify(execFile);
const PASSWORD = 'twinkey';

/** Postgres as Debian packages it, with its client programs. It ends with this process, also if that is killed. */
export interface DebianPostgres extends PostgresServer {
  /** Runs `pg_dump`, `pg_restore`, …. @returns its standard output */
  run(program: string, args: string[]): Promise<string>;
}

/** Kills the server when standard input is closed, which also happens when the test process is killed. */
const SUPERVISOR = `
exec 3<&0
"$0" "$@" 3<&- &
pid=$!
(read -r _ <&3; kill -QUIT "$pid") &
wait "$pid"
`;

/** Starts a server in a temporary folder, on a free port, with an empty database `twinkey`. */
export async function startDebianPostgres(): Promise<DebianPostgres> {
  const programs = required(installed.findPostgres(), 'PostgreSQL', 'POSTGRES_PATH');
  const user = process.getuid?.() === 0 ? await databaseUser() : null;
  const folder = await mkdtemp(join(tmpdir(), 'twinkey-debian-'));
  const [data, password] = [join(folder, 'data'), join(folder, 'password')];
  await writeFile(password, PASSWORD);
  if (user) for (const path of [folder, password]) await chown(path, user.uid, user.gid);
  const initdb = ['--username=twinkey', `--pwfile=${password}`, '--auth=scram-sha-256', '--encoding=UTF8'];
  await run(join(programs, 'initdb'), [...initdb, '--locale=C.UTF-8', '--no-sync', `--pgdata=${data}`], {
    ...user,
    cwd: folder,
  });
  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off'];
  const options = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  const child = spawn('/bin/sh', ['-c', SUPERVISOR, join(programs, 'postgres'), ...options], {
    ...user,
    cwd: folder,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const close = async () => {
    if (child.exitCode === null) {
      const ended = once(child, 'exit');
      child.stdin?.end();
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  const url = `postgres://twinkey:${PASSWORD}@127.0.0.1:${port}/twinkey`;
  try {
    await createDatabase(url, child);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    folder,
    url,
    run: async (program, args) => (await run(join(programs, program), args)).stdout,
    close,
  };
}

async function createDatabase(url: string, server: ChildProcess): Promise<void> {
  for (;;) {
    if (server.exitCode !== null) throw new Error(`Postgres ended with exit code ${server.exitCode}`);
    const error = await runSql(url.replace(/[^/]+$/, 'postgres'), 'CREATE DATABASE twinkey').then(
      () => null,
      ({ code }: { code?: string }) => code,
    );
    if (error === null) return;
    // Refused connections, and a server that is starting up.
    if (error !== 'ECONNREFUSED' && error !== '57P03') throw new Error(`CREATE DATABASE: ${error}`);
    await sleep(30);
  }
}
