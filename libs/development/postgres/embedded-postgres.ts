import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findPostmaster, initialise } from './cluster.js';
import { type DataDirectory, prepareDataDirectory } from './data-directory.js';
import { takeRunLock } from './run-lock.js';
import { openServerHandle } from './server-handle.js';
import type { ServerReference } from './server-reference.js';

export interface EmbeddedPostgres {
  url: string;
  /** Releases the server. If no other process uses it, waits until it has stopped. */
  close(): Promise<void>;
}

/**
 * Opens the development database of a checkout, in `.twinkey/postgres`. It is created at the first call, started if it is
 * stopped, shared with other processes, and stopped when the last process that uses it has ended, also if it was killed.
 * @param options.root the checkout
 * @param options.exclusive allows only one exclusive process at a time, and any number of others
 * @throws AlreadyRunningError if another exclusive process runs
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
 * Opens a database in any folder.
 * @param settings of postgresql.conf, used only when the cluster is created
 */
export async function openCluster(
  folder: string,
  settings: Record<string, string> = {},
): Promise<EmbeddedPostgres> {
  const directory = await prepareDataDirectory(folder);
  const password = await initialise(directory, settings);
  const { url, reference } = await openServerHandle(directory, password);
  return {
    url,
    close: async () => {
      reference.release();
      await waitUntilStopped(directory, reference);
    },
  };
}

/** The supervisor needs a moment to see that no process is left. If another process remains, the server keeps running. */
async function waitUntilStopped(directory: DataDirectory, reference: ServerReference): Promise<void> {
  let openFor = 0;
  for (let waited = 0; waited < 30_000 && openFor < 300; waited += 20) {
    if (!(await findPostmaster(directory))) return;
    await sleep(20);
    openFor = reference.isOpen() ? openFor + 20 : 0;
  }
}
