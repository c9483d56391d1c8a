import type { NetworkError } from '@keycloak/keycloak-admin-client';
import { ApiError, type ErrorEntry, invalid, notFound, unavailable } from '#libs/http/replies/api-error.js';
import { rootCauseOf } from '#libs/observability/loggable-error.js';

/** Keycloak's names of the fields that it may refuse, with ours. */
const FIELDS: ReadonlyMap<string, string> = new Map([
  ['firstName', 'first_name'],
  ['lastName', 'last_name'],
  ['email', 'email'],
  ['username', 'username'],
]);

/** One error of Keycloak's user profile: it is the body itself, or an entry of `errors`. */
interface Refusal {
  field?: unknown;
  errorMessage?: unknown;
}

const MAX_REASON = 500;

/** Keycloak refuses the service's own client. A retry does not help: an operator has to correct it. */
export class ClientRefused extends Error {
  override readonly name = 'ClientRefused';

  constructor(status: number) {
    super(`Keycloak refused the service's client: HTTP ${status}`);
  }
}

/** Whether a refused client is the reason of a 503, also while the circuit is open. */
export const isClientRefused = (error: unknown): boolean => rootCauseOf(error) instanceof ClientRefused;

/**
 * Whether an error of the admin client is an answer with an error status. By its members: its class would load the library,
 * which only the first call does.
 */
export const isAnswer = (error: unknown): error is NetworkError =>
  error instanceof Error &&
  'responseData' in error &&
  'response' in error &&
  error.response instanceof Response;

/**
 * Turns a failure of Keycloak (5xx, 429, a refused client, a 404 of a proxy) into another error; an answer about a user
 * stays as it is.
 */
export function distinguishOutage(error: unknown): unknown {
  if (!isAnswer(error) || isUnknownUser(error)) return error;
  const { status } = error.response;
  return outageOf(status) ?? (status === 404 ? new Error('Keycloak answered HTTP 404') : error);
}

/** @returns null where the status is an answer about a user */
export function outageOf(status: number): Error | null {
  if (status === 401 || status === 403) return new ClientRefused(status);
  return status >= 500 || status === 429 ? new Error(`Keycloak answered HTTP ${status}`) : null;
}

/** Whether Keycloak is not available: `outageOf`, no connection, or no answer in time. */
export const isKeycloakAway = (error: unknown): boolean => !(error instanceof ApiError || isAnswer(error));

/** Keycloak's own 404 for a user; a proxy in front of it may answer 404 for Keycloak itself. */
export const isUnknownUser = (error: unknown): boolean =>
  isAnswer(error) &&
  error.response.status === 404 &&
  (error.responseData as { error?: unknown } | null)?.error === 'User not found';

/** Turns the error of a call to Keycloak into 404, 409 or 422 on the field, or 503. */
export function toApiError(error: unknown): ApiError {
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

/** The reason is a key like `error-user-attribute-required`, or a sentence by the realm's administrators. */
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
