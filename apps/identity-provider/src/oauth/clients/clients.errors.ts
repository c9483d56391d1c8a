import { conflict, invalidField } from '#libs/http/replies/api-error.js';

export const clientIdTaken = () =>
  conflict('client_id_taken', 'A client with this id already exists.', 'client_id');

export const clientIdDiffersInCase = () =>
  invalidField('client_id', 'invalid_client_id', 'A client with this id in another case already exists.');

export const roleNotFound = () => invalidField('role_id', 'not_found', 'This role does not exist.');

export const publicClientHasNoSecret = () => conflict('public_client', 'A public client has no secret.');
