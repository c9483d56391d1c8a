import { describeError } from '#libs/core/user-facing-error.js';
import type { Drain } from '#libs/http/application/drain.js';
import type { Running } from './start.js';
import type { StopRequest } from './stop.js';

/** The time for load balancers to notice that this process is not ready; development needs almost none. */
const GRACE_MS = { production: 5_000, test: 500, development: 500 };

/** The time for running requests after the grace period. Both together stay below the 25 s that orchestrators allow. */
const DRAIN_TIMEOUT_MS = { production: 15_000, test: 5_000, development: 5_000 };

/**
 * Logs the reason, drains, and limits the time until the process ends.
 * @param drain null if worker processes drain themselves
 */
export async function beginShutdown(
  { environment, logger }: Pick<Running, 'environment' | 'logger'>,
  { signal, error }: StopRequest,
  drain: Drain | null,
): Promise<void> {
  if (signal === null) {
    process.exitCode = 1;
    logger.fatal({ err: error }, `An error that nobody caught: ${describeError(error)}`);
  } else {
    logger.info({ signal }, 'stopping');
  }
  await drain?.begin(GRACE_MS[environment]);
  const exit = () => {
    logger.warn('Not all requests ended in time: the rest is cut off.');
    process.exit();
  };
  // Workers end themselves: this process waits slightly longer.
  const timeoutMs = drain
    ? DRAIN_TIMEOUT_MS[environment]
    : GRACE_MS[environment] + DRAIN_TIMEOUT_MS[environment] + 1_000;
  setTimeout(exit, timeoutMs).unref();
}
