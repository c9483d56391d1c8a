import { conflict, invalidField } from '#libs/http/replies/api-error.js';
import { MAX_LEVELS } from '../authority/role-hierarchy.js';

/** For the OpenAPI document. */
export const EXCEEDS = 'The change requires permissions that the caller does not have.';
export const LOCKED = 'The role is a system role, or no account with every permission would be left.';

export const roleNameTaken = () =>
  conflict('name_taken', 'A role with this name already exists (names are case-insensitive).', 'name');

export const systemRole = (field?: string) =>
  conflict('system_role', 'Only the description of a system role can be changed.', field);

export const roleInUse = () =>
  conflict(
    'role_in_use',
    'Accounts have this role, or roles inherit from it. Assign another role to them first.',
  );

export const parentNotFound = () => invalidField('parent_id', 'not_found', 'This role does not exist.');

export const cycle = () => invalidField('parent_id', 'cycle', 'A role cannot inherit from itself.');

export const tooDeep = () =>
  invalidField('parent_id', 'too_deep', `Roles can inherit over at most ${MAX_LEVELS} levels.`);
