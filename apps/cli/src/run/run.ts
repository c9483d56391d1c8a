import { Drain } from '#libs/http/drain.js';
import type { ChosenApps } from '../chosen-apps.js';
import { failureText } from '../failure.js';
import { print } from '../terminal.js';
import { Closers } from './closers.js';
import { greeting } from './greeting.js';
import { type Running, start } from './start.js';
import { Interrupted, Stop } from './stop.js';

/** Load balancers need some seconds to see that this process is not ready any more; a developer waits for none. */
const GRACE_MS = { production: 5_000, test: 500, development: 500 };

/** Whatever has not ended by then, counted from the end of the grace, is cut off: 25 s is when others lose patience. */
const PATIENCE_MS = { production: 15_000, test: 5_000, development: 5_000 };

/**
 * Starts the apps, and resolves when a signal has ended them again. Everything that was started is stopped, whatever
 * happens. After an error that nobody caught the process is not to be trusted: it is drained likewise, with exit code 1.
 */
export async function run(apps: ChosenApps, options: { root: string; keycloak: boolean }): Promise<void> {
  const stop = new Stop();
  const closers = new Closers();
  const drain = new Drain();
  try {
    const running = await stop.unlessRequested(start(apps, { ...options, stop, closers, drain }));
    tell(running);
    await end(running, await stop.requested, drain);
    await closers.close();
  } catch (error) {
    await closers.close();
    if (!(error instanceof Interrupted)) throw error;
    if (error.cause) throw error.cause;
  }
  // Whatever still waits for something, it is not ours.
  process.stdout.write('', () => process.exit());
}

function tell(running: Running): void {
  if (running.environment === 'development') print(greeting(running));
  else for (const { label, url } of running.addresses) running.logger.info({ url }, `${label} listens`);
}

async function end(
  { environment, logger }: Running,
  { signal, error }: { signal: NodeJS.Signals | null; error: unknown },
  drain: Drain,
): Promise<void> {
  if (signal === null) {
    process.exitCode = 1;
    logger.fatal({ err: error }, `An error that nobody caught: ${failureText(error)}`);
  } else {
    logger.info({ signal }, 'stopping');
  }
  await drain.begin(GRACE_MS[environment]);
  const cutOff = () => {
    logger.warn('Not all requests ended in time: the rest is cut off.');
    process.exit();
  };
  setTimeout(cutOff, PATIENCE_MS[environment]).unref();
}
