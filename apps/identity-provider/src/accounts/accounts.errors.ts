import { conflict, invalidField } from '#libs/http/api-error.js';

export const emailTaken = () =>
  conflict('email_taken', 'There is an account with this email, however it is spelled.', 'email');

export const roleNotFound = () => invalidField('role_id', 'not_found', 'There is no such role.');

export const ownAccount = (field?: string) =>
  conflict('own_account', 'Nobody disables or deletes his own account: ask another administrator.', field);
