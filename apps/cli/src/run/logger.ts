import type { CommonSettings } from '#libs/config/settings.js';
import { createLogger, type Logger } from '#libs/observability/logger.js';

/** Logs readable lines in a development terminal, and JSON everywhere else. */
export async function openLogger({ environment, logLevel: level }: CommonSettings): Promise<Logger> {
  const pretty = environment === 'development' && process.stdout.isTTY === true;
  try {
    return await createLogger({ level, pretty });
  } catch (error) {
    // The pretty printer is a development package, which production images do not contain.
    if (pretty && (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND')
      return createLogger({ level });
    throw error;
  }
}
