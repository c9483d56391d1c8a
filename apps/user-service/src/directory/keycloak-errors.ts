import { NetworkError } from '@keycloak/keycloak-admin-client';
import { ApiError, type ErrorEntry, invalid, notFound, unavailable } from '#libs/http/replies/api-error.js';
import { rootCauseOf } from '#libs/observability/loggable-error.js';

/** Keycloak's names for the fields that may be refused, and ours. */
const FIELDS: ReadonlyMap<string, string> = new Map([
  ['firstName', 'first_name'],
  ['lastName', 'last_name'],
  ['email', 'email'],
  ['username', 'username'],
]);

/** One refusal of Keycloak's user profile: alone in the body, or among `errors`. */
interface Refusal {
  field?: unknown;
  errorMessage?: unknown;
}

const MAX_REASON = 500;

/** Keycloak does not let the service's own client in, or not do this: no user can mend that, and no second try. */
export class ClientRefused extends Error {
  override readonly name = 'ClientRefused';

  constructor(status: number) {
    super(`Keycloak refused the service's client: HTTP ${status}`);
  }
}

/** Whether this is why an answer is 503, also while the circuit is open. */
export const isClientRefused = (error: unknown): boolean => rootCauseOf(error) instanceof ClientRefused;

/**
 * Tells what is Keycloak's trouble from its answers about a user, which stay as they are: a 5xx, a 429, or that it
 * refuses the service itself.
 */
export function distinguishOutage(error: unknown): unknown {
  return error instanceof NetworkError ? (outageOf(error.response.status) ?? error) : error;
}

/** @returns null where the status is an answer */
export function outageOf(status: number): Error | null {
  if (status === 401 || status === 403) return new ClientRefused(status);
  return status >= 500 || status === 429 ? new Error(`Keycloak answered HTTP ${status}`) : null;
}

/** Whether Keycloak cannot be asked now: `outageOf`, no connection, or no answer in time. */
export const isKeycloakAway = (error: unknown): boolean =>
  !(error instanceof ApiError || error instanceof NetworkError);

/** Keycloak's own 404 for a user; a proxy in front of it may answer 404 for Keycloak itself. */
export const isUnknownUser = (error: unknown): boolean =>
  error instanceof NetworkError &&
  error.response.status === 404 &&
  (error.responseData as { error?: unknown } | null)?.error === 'User not found';

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
  const { errors, ...single } = (body ?? {}) as Refusal & { errors?: unknown };
  const refusals: Refusal[] = Array.isArray(errors) && errors.length > 0 ? errors : [single];
  return refusals.map(({ field, errorMessage }) => {
    const attribute = textOf(field);
    return {
      field: FIELDS.get(attribute) ?? null,
      code: 'refused_by_keycloak',
      message: messageOf(attribute, textOf(errorMessage)),
    };
  });
}

/** The reason is a key like `error-user-attribute-required`, or a sentence that the realm's administrators wrote. */
function messageOf(attribute: string, reason: string): string {
  const subject = attribute ? `attribute ${attribute}` : 'this';
  return reason ? `Keycloak refuses ${subject}: ${reason}` : `Keycloak refuses ${subject}.`;
}

const textOf = (value: unknown): string =>
  typeof value === 'string'
    ? value
        .replaceAll(/\p{Cc}+/gu, ' ')
        .slice(0, MAX_REASON)
        .trim()
    : '';
