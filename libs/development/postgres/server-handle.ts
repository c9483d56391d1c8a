import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { findPostgresError } from '#libs/database/pg-errors.js';
import { DATABASE_USER, findPostmaster, lastServerError, lastPort, pgCtl } from './cluster.js';
import { startSupervisor } from './server-supervisor.js';
import { ServerReference } from './server-reference.js';
import type { DataDirectory } from './data-directory.js';

const DATABASE = 'twinkey';
const DEADLINE_MS = 60_000;
/** After so long a server that nobody keeps is not just changing hands. */
const ORPHAN_AFTER_MS = 5_000;
const STARTS = 3;

/**
 * A lease on the running server, which is started where it is stopped. Others may start, stop, and be killed at the
 * same time: nothing is taken for granted but a lease, and an answer of the server.
 */
export async function openServerHandle(place: DataDirectory, password: string): Promise<{ url: string; lease: ServerReference }> {
  const since = performance.now();
  let unkeptSince: number | null = null;
  let failures = 0;

  while (performance.now() - since < DEADLINE_MS) {
    let lease = ServerReference.acquire(place);
    let postmaster = await findPostmaster(place);
    if (!postmaster) {
      // With a keeper and no server the server has crashed: the others want it back on the same port.
      if (lease) await pgCtl(place, ['start', '-o', `-p ${(await lastPort(place)) ?? (await freePort())}`]);
      else lease = await startSupervisor(place, await choosePort(place, failures));
      postmaster = await findPostmaster(place);
      if (!postmaster && ++failures === STARTS) {
        throw new Error(`The embedded Postgres does not start: ${await lastServerError(place)}`);
      }
    }
    if (lease && postmaster) {
      const url = `postgres://${DATABASE_USER}:${password}@127.0.0.1:${postmaster.port}/${DATABASE}`;
      if (await answers(url)) return { url, lease };
    }
    lease?.release();

    if (lease || postmaster?.status !== 'ready') unkeptSince = null;
    else unkeptSince ??= performance.now();
    if (unkeptSince && performance.now() - unkeptSince > ORPHAN_AFTER_MS)
      await pgCtl(place, ['stop', '-m', 'fast']);
    await sleep(30);
  }
  throw new Error(`The embedded Postgres does not answer: ${await lastServerError(place)}`);
}

/** Whether the server takes connections; makes the database where that is missing. */
async function answers(url: string): Promise<boolean> {
  try {
    await withConnection(url, async () => {});
    return true;
  } catch (error) {
    const code = findPostgresError(error)?.code;
    if (code === '28P01')
      throw new Error('The password of the embedded Postgres does not fit.', { cause: error });
    if (code !== '3D000') return false;
  }
  await withConnection(url.replace(/[^/]+$/, 'postgres'), (client) =>
    client.query(`CREATE DATABASE ${DATABASE}`),
  ).catch(
    // Somebody else makes it at this moment: the next look tells.
    () => {},
  );
  return false;
}

async function withConnection(url: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000, query_timeout: 10_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await work(client);
  } finally {
    await client.end();
  }
}

/** The port of the last time where it is free, for the sake of tools that remember it; else any. */
async function choosePort(place: DataDirectory, failures: number): Promise<number> {
  const last = failures ? null : await lastPort(place);
  return (last && (await freePort(last).catch(() => null))) || freePort();
}

function freePort(port = 0): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address() as { port: number };
      server.close(() => resolve(address.port));
    });
  });
}
