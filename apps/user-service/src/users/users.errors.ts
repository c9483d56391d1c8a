import { ApiError, conflict, type ErrorEntry, forbidden, unavailable } from '#libs/http/replies/api-error.js';

export const userSuspended = () => forbidden('user_suspended', 'This user is suspended.');

export const userDeleted = () => forbidden('user_deleted', 'This user has been deleted.');

export const notAPerson = () => forbidden('not_a_person', 'A service account has no profile.');

export const ownUser = () =>
  conflict('own_user', 'Users cannot suspend or delete themselves: ask another administrator.');

export const exceedsOwnPermissions = () =>
  forbidden('exceeds_own_permissions', 'This user has permissions that you do not have.');

export const lastAdministrator = () =>
  conflict('last_admin', 'An active user must remain who has every permission.');

/** Seconds: operators take longer than outages. */
const RETRY_AFTER_MENDING = 30;

export const changedMeanwhile = (names: string[]): ApiError =>
  new ApiError(
    412,
    names.map((field) => ({
      field,
      code: 'precondition_failed',
      message: 'The resource has changed since you read it: this was not stored.',
    })),
  );

export function clientRefused(names: string[], cause: unknown): ApiError {
  const entries = names.map(
    (field): ErrorEntry => ({
      field,
      code: 'keycloak_unavailable',
      message: 'Not stored: Keycloak does not accept this service. Its operator has to mend that.',
    }),
  );
  return unavailable(RETRY_AFTER_MENDING, 'keycloak_unavailable', entries, cause);
}

export function unconfirmedFields(names: string[], cause: unknown): ApiError {
  const entries = names.map(
    (field): ErrorEntry => ({
      field,
      code: 'not_confirmed',
      message: 'It is not certain that this was stored. Send it again.',
    }),
  );
  return unavailable(2, 'not_confirmed', entries, cause);
}
