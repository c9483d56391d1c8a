import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createOnce, type DataDirectory } from './data-directory.js';

const run = promisify(execFile);

/** Everything of one Postgres cluster that lies in its place. */
export const paths = ({ folder }: DataDirectory) => ({
  data: join(folder, 'data'),
  pidFile: join(folder, 'data', 'postmaster.pid'),
  log: join(folder, 'postgres.log'),
  password: join(folder, 'password'),
  lease: join(folder, 'lease'),
});

export const DATABASE_USER = 'twinkey';

/** How programs of the cluster are run: as its user, from a folder that he can enter, and told nothing of ours. */
export const asDatabaseUser = ({ folder, user }: DataDirectory) => ({
  ...user,
  cwd: folder,
  env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' },
});

/**
 * Makes the cluster where there is none yet, with a random password; safe when several do so at once.
 * It listens on loopback alone, without a Unix socket, and sorts and lower-cases alike on every machine.
 * @param settings more of postgresql.conf
 * @returns the password
 */
export async function initialise(place: DataDirectory, settings: Record<string, string>): Promise<string> {
  const { data, password } = paths(place);
  if (existsSync(data) && !existsSync(password)) {
    throw new Error(
      `The password of the database in ${place.folder} is gone: delete that folder to start anew.`,
    );
  }
  await removeUnfinished(place);
  const secret = await createOnce(password, place.user, () => randomBytes(24).toString('base64url'));
  if (existsSync(data)) return secret;

  const all: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...settings,
  };
  const unfinished = `${data}.${process.pid}`;
  try {
    await run(
      place.binaries.initdb,
      [
        `--pgdata=${unfinished}`,
        `--username=${DATABASE_USER}`,
        `--pwfile=${password}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--no-instructions',
        ...(all['fsync'] === 'off' ? ['--no-sync'] : []),
        ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      asDatabaseUser(place),
    );
    await rename(unfinished, data);
  } catch (error) {
    // Somebody else was first: a folder is never renamed over one that is not empty.
    if (!existsSync(data))
      throw new Error(`The embedded Postgres cannot be made: ${reason(error)}`, { cause: error });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return secret;
}

/** What an initdb has left that was killed. */
async function removeUnfinished({ folder }: DataDirectory): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = /^data\.(\d+)$/.exec(name)?.[1];
    if (pid && !isAlive(Number(pid))) await rm(join(folder, name), { recursive: true, force: true });
  }
}

export interface Postmaster {
  port: number;
  status: 'starting' | 'stopping' | 'ready' | 'standby';
}

/** What the running server's `postmaster.pid` says, or null where none runs. */
export async function findPostmaster(place: DataDirectory): Promise<Postmaster | null> {
  const { pidFile } = paths(place);
  // https://www.postgresql.org/docs/current/storage-file-layout.html: pid, folder, start, port, …, status in line 8
  const lines = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n');
  const pid = Number(lines[0]);
  if (!pid || !isAlive(pid)) return null;
  if (!(await isPostgres(pid))) {
    // Left by a crash, and the number has gone to another program since: Postgres itself would refuse to start.
    await rm(pidFile, { force: true });
    return null;
  }
  return { port: Number(lines[3]), status: (lines[7]?.trim() || 'starting') as Postmaster['status'] };
}

/** The port of the last start, which `postmaster.opts` remembers. */
export async function lastPort(place: DataDirectory): Promise<number | null> {
  const options = await readFile(join(paths(place).data, 'postmaster.opts'), 'utf8').catch(() => '');
  const port = /"-p" "(\d+)"/.exec(options)?.[1];
  return port ? Number(port) : null;
}

/** Runs pg_ctl and does not mind its failure: what has become of the server is to be looked at anyway. */
export async function pgCtl(place: DataDirectory, args: string[]): Promise<void> {
  const { data, log } = paths(place);
  const all = [...args, '-s', '-D', data, '-l', log];
  await run(place.binaries.pgCtl, all, { ...asDatabaseUser(place), timeout: 60_000 }).catch(() => {});
}

/** The last line of the server's log that says what is wrong. */
export async function lastServerError(place: DataDirectory): Promise<string> {
  const log = await readFile(paths(place).log, 'utf8').catch(() => '');
  const line = log.split('\n').findLast((text) => /(FATAL|PANIC|could not|not found):? /.test(text));
  return line?.replace(/^.*?(FATAL|PANIC): +/, '') ?? 'it says nothing';
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function isPostgres(pid: number): Promise<boolean> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(async () => {
    const ps = await run('ps', ['-p', String(pid), '-o', 'command=']).catch(() => ({ stdout: '' }));
    return ps.stdout;
  });
  return command.includes('postgres');
}

const reason = (error: unknown) => {
  const { stderr, message } = error as { stderr?: string; message: string };
  return stderr?.trim().split('\n').at(-1) || message;
};
