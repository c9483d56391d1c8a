import { conflict, forbidden } from '#libs/http/api-error.js';

export const userSuspended = () => forbidden('user_suspended', 'This user is suspended.');

export const userDeleted = () => forbidden('user_deleted', 'This user has been deleted.');

export const notAPerson = () => forbidden('not_a_person', 'A service account has no profile.');

export const ownUser = () => conflict('own_user', 'Nobody suspends or deletes himself.');
