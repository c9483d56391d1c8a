import { invalid, unavailable } from '#libs/http/replies/api-error.js';
import type { ErrorTranslator } from '#libs/http/replies/error-translation.js';
import { isBadValue, isUnavailable } from './pg-errors.js';

/** Translates database errors: 503 where the database is not available, 422 where it cannot store a value. */
export const translateDatabaseError: ErrorTranslator = (error) => {
  if (isUnavailable(error)) return unavailable(1, 'database_unavailable', undefined, error);
  // Fields are validated earlier. This catches values that validation has missed.
  if (isBadValue(error)) {
    return invalid([{ field: null, code: 'invalid_value', message: 'A value cannot be stored.' }]);
  }
  return null;
};
