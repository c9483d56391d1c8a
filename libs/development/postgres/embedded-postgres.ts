import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openServerHandle } from './server-handle.js';
import { findPostmaster, initialise } from './cluster.js';
import type { ServerReference } from './server-reference.js';
import { type DataDirectory, prepareDataDirectory } from './data-directory.js';
import { takeRunLock } from './run-lock.js';

export interface EmbeddedPostgres {
  url: string;
  /** Lets go of it, and waits until it is stopped where nobody else uses it. */
  close(): Promise<void>;
}

/**
 * The development database of a checkout, under `.twinkey/postgres`: made at the first time, started where it is
 * stopped, shared where another process uses it, and stopped when the last one that uses it has ended, killed or not.
 * @param options.root the checkout
 * @param options.exclusive lets in one such process at a time, besides any number of others
 * @throws AlreadyRunningError where there is one already
 */
export async function openEmbeddedPostgres(options: {
  root: string;
  exclusive: boolean;
}): Promise<EmbeddedPostgres> {
  const { url, close } = await openCluster(join(options.root, '.twinkey', 'postgres'));
  if (!options.exclusive) return { url, close };
  try {
    const unlock = await takeRunLock(url);
    return { url, close: () => unlock().then(close) };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * The same for any folder.
 * @param settings of postgresql.conf, for a cluster that is made now
 */
export async function openCluster(
  folder: string,
  settings: Record<string, string> = {},
): Promise<EmbeddedPostgres> {
  const place = await prepareDataDirectory(folder);
  const password = await initialise(place, settings);
  const { url, lease } = await openServerHandle(place, password);
  return {
    url,
    close: async () => {
      lease.release();
      await waitUntilStopped(place, lease);
    },
  };
}

/** The keeper needs a moment to see that nobody is left; where somebody is, he stays and so does the server. */
async function waitUntilStopped(place: DataDirectory, lease: ServerReference): Promise<void> {
  let openFor = 0;
  for (let waited = 0; waited < 30_000 && openFor < 300; waited += 20) {
    if (!(await findPostmaster(place))) return;
    await sleep(20);
    openFor = lease.isOpen() ? openFor + 20 : 0;
  }
}
