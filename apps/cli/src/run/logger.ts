import type { CommonSettings } from '#libs/config/settings.js';
import { createLogger, type Logger } from '#libs/observability/logger.js';

/** Readable lines where a developer looks on, JSON everywhere else. */
export async function openLogger({ environment, logLevel: level }: CommonSettings): Promise<Logger> {
  const pretty = environment === 'development' && process.stdout.isTTY === true;
  try {
    return await createLogger({ level, pretty });
  } catch (error) {
    // An image without the development packages.
    if (pretty && (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND')
      return createLogger({ level });
    throw error;
  }
}
