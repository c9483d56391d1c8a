import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { openCluster } from '#libs/development/postgres/embedded-postgres.js';
import type { PostgresServer } from './postgres-server.js';

const run = promisify(execFile);

/**
 * Outages of a server that the test started itself (`startPostgres`). Never use them on the run's shared server: other
 * tests use it at the same time.
 */
export async function freeze(server: PostgresServer): Promise<void> {
  for (const pid of await processes(server)) process.kill(pid, 'SIGSTOP');
}

export async function thaw(server: PostgresServer): Promise<void> {
  for (const pid of await processes(server)) process.kill(pid, 'SIGCONT');
}

/** Closes every connection immediately (immediate shutdown). */
export async function shutDown(server: PostgresServer): Promise<void> {
  process.kill(await postmaster(server), 'SIGQUIT');
  while (await postmaster(server).catch(() => null)) await sleep(20);
}

/** Kills all processes of the server, which cannot send anything to their clients. */
export async function killAll(server: PostgresServer): Promise<void> {
  const pids = await processes(server);
  // A worker may have ended in the meantime.
  for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  while (pids.some(isAlive)) await sleep(20);
}

/** Like `pg_ctl restart -m fast`: connections receive a shutdown message. */
export async function restart(server: PostgresServer): Promise<void> {
  process.kill(await postmaster(server), 'SIGINT');
  while (await postmaster(server).catch(() => null)) await sleep(20);
  await bringBack(server);
}

/** Starts the server again on the same port. */
export async function bringBack(server: PostgresServer): Promise<void> {
  const restarted = await openCluster(server.folder);
  await restarted.close();
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function postmaster(server: PostgresServer): Promise<number> {
  const file = await readFile(join(server.folder, 'data', 'postmaster.pid'), 'utf8');
  return Number.parseInt(file, 10);
}

/** The postmaster and all its children. */
async function processes(server: PostgresServer): Promise<number[]> {
  const parent = await postmaster(server);
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,stat=']);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  return rows
    .filter(
      ([pid, ppid, state]) => (Number(pid) === parent || Number(ppid) === parent) && !state?.startsWith('Z'),
    )
    .map(([pid]) => Number(pid));
}
