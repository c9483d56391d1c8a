import { UserFacingError } from '#libs/core/user-facing-error.js';

/**
 * Imports a module of `libs/development`, which is not part of the image.
 * @throws UserFacingError if it is missing
 */
export async function importDevelopment<T>(load: () => Promise<T>, remedy: string): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new UserFacingError(`This installation has ${remedy}.`, { cause: error });
  }
}
