import { printError } from '#libs/core/user-facing-error.js';
import { Drain } from '#libs/http/application/drain.js';
import type { ChosenApps } from '../chosen-apps.js';
import { print } from '../terminal-output.js';
import { DisposableStack } from './disposable-stack.js';
import { beginShutdown } from './shutdown.js';
import { type Running, start } from './start.js';
import { startupBanner } from './startup-banner.js';
import { Interrupted, Stop } from './stop.js';
import { startWorkers } from './workers/start-workers.js';

interface RunOptions {
  root: string;
  /** null: do not start a local Keycloak. */
  keycloakPort: number | null;
  /** null: this process serves requests itself. */
  workers: number | null;
}

/**
 * Starts the apps, and ends the process after a signal. Everything that was started is stopped first. An uncaught error
 * also drains and ends the process, with exit code 1, because its state may be inconsistent.
 */
export async function run(apps: ChosenApps, { workers, ...options }: RunOptions): Promise<void> {
  const stop = new Stop();
  const closers = new DisposableStack();
  const drain = workers === null ? new Drain() : null;
  try {
    const running = await stop.unlessRequested(
      drain
        ? start(apps, { ...options, stop, closers, drain })
        : startWorkers(apps, workers ?? 1, { ...options, stop, closers }),
    );
    printStartup(running);
    await beginShutdown(running, await stop.requested, drain);
    await closers.close();
  } catch (error) {
    await closers.close().catch(() => {});
    const cause = error instanceof Interrupted ? error.cause : error;
    if (cause) printError(cause);
  }
  // Exit explicitly: an interrupted start or a library may keep the process alive.
  process.stdout.write('', () => process.exit());
}

function printStartup(running: Running): void {
  if (running.environment === 'development') print(startupBanner(running));
  else for (const { label, url } of running.addresses) running.logger.info({ url }, `${label} listens`);
}
