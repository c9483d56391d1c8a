import { ApiError, conflict, invalidField } from '#libs/http/replies/api-error.js';

export const emailTaken = () =>
  conflict('email_taken', 'An account with this email already exists.', 'email');

export const roleNotFound = () => invalidField('role_id', 'not_found', 'This role does not exist.');

/** @param fields the fields of the body that are at fault; null for the request as a whole */
export const ownAccount = (fields: (string | null)[]) =>
  new ApiError(
    409,
    fields.map((field) => ({
      field,
      code: 'own_account',
      message:
        'You cannot do this to your own account. To change your password use POST /auth/password; for the rest ask another administrator.',
    })),
  );
