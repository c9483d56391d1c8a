import { ApiError, conflict, type ErrorEntry, forbidden, unavailable } from '#libs/http/replies/api-error.js';

export const userSuspended = () => forbidden('user_suspended', 'This user is suspended.');

export const userDeleted = () => forbidden('user_deleted', 'This user has been deleted.');

export const notAPerson = () => forbidden('not_a_person', 'A service account has no profile.');

export const ownUser = () =>
  conflict('own_user', 'You cannot suspend or delete yourself. Ask another administrator.');

export const exceedsOwnPermissions = () =>
  forbidden('exceeds_own_permissions', 'This user has permissions that you do not have.');

export const lastAdministrator = () =>
  conflict('last_admin', 'This is the last active user who has every permission.');

/** Longer than for an outage, since an operator has to act. */
const CLIENT_REFUSED_RETRY_SECONDS = 30;

export const changedMeanwhile = (names: string[]): ApiError =>
  new ApiError(
    412,
    names.map((field) => ({
      field,
      code: 'precondition_failed',
      message: 'This field was not stored: the resource has changed since you read it.',
    })),
  );

export function clientRefused(names: string[], cause: unknown): ApiError {
  const entries = names.map(
    (field): ErrorEntry => ({
      field,
      code: 'keycloak_unavailable',
      message: 'This field was not stored: Keycloak refuses this service. Its operator has to correct that.',
    }),
  );
  return unavailable(CLIENT_REFUSED_RETRY_SECONDS, 'keycloak_unavailable', entries, cause);
}

export function unconfirmedFields(names: string[], cause: unknown): ApiError {
  const entries = names.map(
    (field): ErrorEntry => ({
      field,
      code: 'not_confirmed',
      message: 'This field may not have been stored. Send the request again.',
    }),
  );
  return unavailable(2, 'not_confirmed', entries, cause);
}
