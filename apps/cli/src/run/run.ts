import { Drain } from '#libs/http/application/drain.js';
import type { ChosenApps } from '../chosen-apps.js';
import { printError } from '#libs/core/user-facing-error.js';
import { print } from '../terminal.js';
import { DisposableStack } from './disposable-stack.js';
import { beginShutdown } from './shutdown.js';
import { startupBanner } from './startup-banner.js';
import { type Running, start } from './start.js';
import { Interrupted, Stop } from './stop.js';
import { startWorkers } from './workers/start-workers.js';

interface RunOptions {
  root: string;
  /** null: no local Keycloak is wanted. */
  keycloakPort: number | null;
  /** null: this process serves by itself. */
  workers: number | null;
}

/**
 * Starts the apps, and ends the process when a signal has come. Everything that was started is stopped before, whatever
 * happens. After an error that nobody caught the process is not to be trusted: it is drained likewise, with exit code 1.
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
    tell(running);
    await beginShutdown(running, await stop.requested, drain);
    await closers.close();
  } catch (error) {
    await closers.close().catch(() => {});
    const failure = error instanceof Interrupted ? error.cause : error;
    if (failure) printError(failure);
  }
  // Half a start may be under way, and not everything that waits for something is ours.
  process.stdout.write('', () => process.exit());
}

function tell(running: Running): void {
  if (running.environment === 'development') print(startupBanner(running));
  else for (const { label, url } of running.addresses) running.logger.info({ url }, `${label} listens`);
}
