import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createOnce, type DataDirectory } from './data-directory.js';

const run = promisify(execFile);

/** The files of one Postgres cluster. */
export const paths = ({ folder }: DataDirectory) => ({
  data: join(folder, 'data'),
  pidFile: join(folder, 'data', 'postmaster.pid'),
  log: join(folder, 'postgres.log'),
  password: join(folder, 'password'),
  /** Named pipe that counts the processes which use the server. */
  pipe: join(folder, 'lease'),
});

export const DATABASE_USER = 'twinkey';

/** Options for running the cluster's programs: its user, a folder that this user can enter, and a minimal environment. */
export const asDatabaseUser = ({ folder, user }: DataDirectory) => ({
  ...user,
  cwd: folder,
  env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' },
});

/**
 * Creates the cluster if it does not exist, with a random password. Several processes can do this at once.
 * The server listens on loopback only, without a Unix socket. Its locale is the same on every machine.
 * @param settings additional settings of postgresql.conf
 * @returns the password
 */
export async function initialise(
  directory: DataDirectory,
  settings: Record<string, string>,
): Promise<string> {
  const { data, password } = paths(directory);
  if (existsSync(data) && !existsSync(password)) {
    throw new Error(
      `The password of the database in ${directory.folder} is missing: delete that folder to create a new database.`,
    );
  }
  await removeUnfinished(directory);
  const secret = await createOnce(password, directory.user, () => randomBytes(24).toString('base64url'));
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
      directory.binaries.initdb,
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
      asDatabaseUser(directory),
    );
    await rename(unfinished, data);
  } catch (error) {
    // If another process was first, the rename fails because its folder is not empty.
    if (!existsSync(data))
      throw new Error(`The embedded Postgres cannot be created: ${reason(error)}`, { cause: error });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return secret;
}

/** Removes the folders of killed initdb processes. */
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

/** The content of the running server's `postmaster.pid`, or null if no server runs. */
export async function findPostmaster(directory: DataDirectory): Promise<Postmaster | null> {
  const { pidFile } = paths(directory);
  // https://www.postgresql.org/docs/current/storage-file-layout.html: pid, folder, start, port, …, status in line 8
  const lines = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n');
  const pid = Number(lines[0]);
  if (!pid || !isAlive(pid)) return null;
  if (!(await isPostgres(pid))) {
    // The file is left from a crash, and another program now has this process id: Postgres would refuse to start.
    await rm(pidFile, { force: true });
    return null;
  }
  return { port: Number(lines[3]), status: (lines[7]?.trim() || 'starting') as Postmaster['status'] };
}

/** The port of the last start, from `postmaster.opts`. */
export async function lastPort(directory: DataDirectory): Promise<number | null> {
  const options = await readFile(join(paths(directory).data, 'postmaster.opts'), 'utf8').catch(() => '');
  const port = /"-p" "(\d+)"/.exec(options)?.[1];
  return port ? Number(port) : null;
}

/** Runs pg_ctl and ignores its failure: the caller checks the server's state afterwards. */
export async function pgCtl(directory: DataDirectory, args: string[]): Promise<void> {
  const { data, log } = paths(directory);
  const all = [...args, '-s', '-D', data, '-l', log];
  await run(directory.binaries.pgCtl, all, { ...asDatabaseUser(directory), timeout: 60_000 }).catch(() => {});
}

/** The last error in the server's log. */
export async function lastServerError(directory: DataDirectory): Promise<string> {
  const log = await readFile(paths(directory).log, 'utf8').catch(() => '');
  const line = log.split('\n').findLast((text) => /(FATAL|PANIC|could not|not found):? /.test(text));
  return line?.replace(/^.*?(FATAL|PANIC): +/, '') ?? 'its log has no error';
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
