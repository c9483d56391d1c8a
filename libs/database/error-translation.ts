import { invalid, unavailable } from '#libs/http/replies/api-error.js';
import type { ErrorTranslator } from '#libs/http/replies/error-translation.js';
import { isBadValue, isUnavailable } from './pg-errors.js';

/** For queries of every kind: a database that is away is a 503; a value that it cannot take is the client's. */
export const translateDatabaseError: ErrorTranslator = (error) => {
  if (isUnavailable(error)) return unavailable(1, 'database_unavailable', undefined, error);
  // Every field is checked before it gets here: this is the net below them.
  if (isBadValue(error)) {
    return invalid([{ field: null, code: 'invalid_value', message: 'A value cannot be stored.' }]);
  }
  return null;
};
