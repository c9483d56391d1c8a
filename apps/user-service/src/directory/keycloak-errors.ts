import { NetworkError } from '@keycloak/keycloak-admin-client';
import { ApiError, type ErrorEntry, invalid, notFound, unavailable } from '#libs/http/api-error.js';

/** Keycloak's names for the fields that may be refused, and ours. */
const FIELDS: Record<string, string> = {
  firstName: 'first_name',
  lastName: 'last_name',
  email: 'email',
  username: 'username',
};

/** One refusal of Keycloak's user profile: alone in the body, or among `errors`. */
interface Refusal {
  field?: string;
  errorMessage?: string;
}

/**
 * Whether an error says that Keycloak cannot be asked now: no connection, no answer in time, a 5xx, a 429, or
 * that it refuses the service itself (401, 403), which no user can mend either.
 */
export function isKeycloakAway(error: unknown): boolean {
  if (error instanceof ApiError) return false;
  if (!(error instanceof NetworkError)) return true;
  const { status } = error.response;
  return status >= 500 || status === 429 || status === 401 || status === 403;
}

/** Turns what a call to Keycloak threw into an answer: 404, 409 or 422 on the field, else 503. */
export function refusalOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (isKeycloakAway(error)) return unavailable(2, 'keycloak_unavailable', undefined, error);
  const { response, responseData } = error as NetworkError;
  if (response.status === 404) return notFound();
  const entries = entriesOf(responseData);
  return response.status === 409 ? new ApiError(409, entries) : invalid(entries);
}

function entriesOf(body: unknown): ErrorEntry[] {
  const { errors, ...single } = (body ?? {}) as Refusal & { errors?: Refusal[] };
  return (errors ?? [single]).map(({ field, errorMessage }) => ({
    field: (field && FIELDS[field]) ?? null,
    code: 'refused_by_keycloak',
    message: messageOf(errorMessage),
  }));
}

/** Keycloak's message keys are stable words like `error-person-name-invalid-character`. */
const messageOf = (key: string | undefined): string =>
  key && /^[a-zA-Z-]{1,100}$/.test(key) ? `Keycloak refuses this: ${key}.` : 'Keycloak refuses this.';
