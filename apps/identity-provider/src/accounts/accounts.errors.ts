import { ApiError, conflict, invalidField } from '#libs/http/replies/api-error.js';

export const emailTaken = () =>
  conflict('email_taken', 'There is an account with this email, however it is spelled.', 'email');

export const roleNotFound = () => invalidField('role_id', 'not_found', 'There is no such role.');

/** @param fields those of the body that ask for it; null where the request itself does */
export const ownAccount = (fields: (string | null)[]) =>
  new ApiError(
    409,
    fields.map((field) => ({
      field,
      code: 'own_account',
      message: 'Not for your own account: use POST /api/v1/auth/password, or ask another administrator.',
    })),
  );
