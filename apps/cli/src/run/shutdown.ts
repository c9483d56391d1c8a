import { describeError } from '#libs/core/user-facing-error.js';
import type { Drain } from '#libs/http/application/drain.js';
import type { Running } from './start.js';
import type { StopRequest } from './stop.js';

/** Load balancers need some seconds to see that this process is not ready any more; a developer waits for none. */
const GRACE_MS = { production: 5_000, test: 500, development: 500 };

/** Whatever has not ended by then, counted from the end of the grace, is cut off: 25 s is when others lose patience. */
const PATIENCE_MS = { production: 15_000, test: 5_000, development: 5_000 };

/**
 * The beginning of the end: says why, drains, and makes sure that it does not take for ever.
 * @param drain null: worker processes drain, each by itself
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
  const cutOff = () => {
    logger.warn('Not all requests ended in time: the rest is cut off.');
    process.exit();
  };
  // Workers cut themselves off.
  const patience = drain
    ? PATIENCE_MS[environment]
    : GRACE_MS[environment] + PATIENCE_MS[environment] + 1_000;
  setTimeout(cutOff, patience).unref();
}
