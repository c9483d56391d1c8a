import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { findFreePort } from '#libs/core/free-port.js';
import { findPostgresError } from '#libs/database/errors/pg-errors.js';
import { DATABASE_USER, findPostmaster, lastPort, lastServerError, pgCtl } from './cluster.js';
import type { DataDirectory } from './data-directory.js';
import { ServerReference } from './server-reference.js';
import { startSupervisor } from './server-supervisor.js';

const HOST = '127.0.0.1';
const DATABASE = 'twinkey';
const DEADLINE_MS = 60_000;
/** A server that has had no supervisor for this long will not get one: it is stopped. */
const ORPHAN_AFTER_MS = 5_000;
const MAX_STARTS = 3;

/**
 * Returns a reference to the running server, and starts the server if it is stopped. Other processes may start, stop and
 * be killed at the same time: only a held reference and a response from the server count as proof that it runs.
 */
export async function openServerHandle(
  directory: DataDirectory,
  password: string,
): Promise<{ url: string; reference: ServerReference }> {
  const since = performance.now();
  let unsupervisedSince: number | null = null;
  let failures = 0;

  while (performance.now() - since < DEADLINE_MS) {
    let reference = ServerReference.acquire(directory);
    let postmaster = await findPostmaster(directory);
    if (!postmaster) {
      // A supervisor without a server: the server has crashed. Other processes expect it on the same port.
      if (reference)
        await pgCtl(directory, [
          'start',
          '-o',
          `-p ${(await lastPort(directory)) ?? (await findFreePort({ host: HOST }))}`,
        ]);
      else reference = await startSupervisor(directory, await choosePort(directory, failures));
      postmaster = await findPostmaster(directory);
      if (!postmaster && ++failures === MAX_STARTS) {
        throw new Error(`The embedded Postgres does not start: ${await lastServerError(directory)}`);
      }
    }
    if (reference && postmaster) {
      const url = `postgres://${DATABASE_USER}:${password}@${HOST}:${postmaster.port}/${DATABASE}`;
      if (await acceptsConnections(url)) return { url, reference };
    }
    reference?.release();

    if (reference || postmaster?.status !== 'ready') unsupervisedSince = null;
    else unsupervisedSince ??= performance.now();
    if (unsupervisedSince && performance.now() - unsupervisedSince > ORPHAN_AFTER_MS)
      await pgCtl(directory, ['stop', '-m', 'fast']);
    await sleep(30);
  }
  throw new Error(`The embedded Postgres does not answer: ${await lastServerError(directory)}`);
}

/** Whether the server accepts connections; creates the database if it is missing. */
async function acceptsConnections(url: string): Promise<boolean> {
  try {
    await withConnection(url, async () => {});
    return true;
  } catch (error) {
    const code = findPostgresError(error)?.code;
    if (code === '28P01')
      throw new Error('The embedded Postgres rejects the stored password.', { cause: error });
    if (code !== '3D000') return false;
  }
  return withConnection(url.replace(/[^/]+$/, 'postgres'), (client) =>
    client.query(`CREATE DATABASE ${DATABASE}`),
  ).then(
    () => true,
    // Another process may be creating it: the next attempt checks again.
    () => false,
  );
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

/** The last port if it is free, because database tools may have stored it; otherwise any free port. */
async function choosePort(directory: DataDirectory, failures: number): Promise<number> {
  const last = failures ? null : await lastPort(directory);
  return (
    (last && (await findFreePort({ host: HOST, port: last }).catch(() => null))) ||
    findFreePort({ host: HOST })
  );
}
