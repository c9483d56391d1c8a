import { execFile } from 'node:child_process';
import { appendFile, chown, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { openCluster } from '#libs/development/postgres/embedded-postgres.js';
import { type PostgresServer, runSql } from './postgres-server.js';

const run = promisify(execFile);

/** Starts a real streaming standby of a server that the test has started itself. It is a hot copy, made in about a second. */
export async function startStandby(primary: PostgresServer): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'twinkey-standby-'));
  const { uid, gid } = await stat(join(primary.folder, 'data'));
  await chown(folder, uid, gid);
  const data = join(folder, 'data');
  await mkdir(data, { mode: 0o700 });
  await copyData(primary, folder);
  await rm(join(data, 'postmaster.pid'), { force: true });
  const { hostname, port, username, password } = new URL(primary.url);
  const connection = `host=${hostname} port=${port} user=${username} password=${password}`;
  await writeFile(join(data, 'standby.signal'), '');
  await appendFile(join(data, 'postgresql.auto.conf'), `primary_conninfo = '${connection}'\n`);
  await run('chown', ['-R', `${uid}:${gid}`, folder]);
  const { url, close } = await openCluster(folder);
  return {
    folder,
    url,
    close: async () => {
      await close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The backup begins and ends in one session. */
async function copyData(primary: PostgresServer, folder: string): Promise<void> {
  const client = new Client({ connectionString: primary.url });
  await client.connect();
  try {
    await client.query("SELECT pg_backup_start('standby', true)");
    // Files that vanish meanwhile are in the log that the standby replays.
    await run('cp', ['-a', join(primary.folder, 'data'), join(primary.folder, 'password'), folder]).catch(
      () => {},
    );
    const { rows } = await client.query('SELECT labelfile FROM pg_backup_stop(false)');
    await writeFile(join(folder, 'data', 'backup_label'), rows[0].labelfile);
  } finally {
    await client.end();
  }
}

/** The server takes writes when this resolves. */
export async function promote(standby: PostgresServer): Promise<void> {
  await runSql(standby.url, 'SELECT pg_promote()');
}

/** One URL with several hosts: `postgres://user:password@a:1,b:2/database`. The servers have the same password. */
export function withHosts(...urls: string[]): string {
  const [first = ''] = urls;
  return first.replace(new URL(first).host, urls.map((url) => new URL(url).host).join(','));
}
