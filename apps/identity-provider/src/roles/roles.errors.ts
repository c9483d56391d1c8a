import { conflict, invalidField } from '#libs/http/replies/api-error.js';
import { MAX_LEVELS } from '../authority/role-hierarchy.js';

export const nameTaken = () =>
  conflict('name_taken', 'There is a role of this name, in this or another case.', 'name');

export const systemRole = (field?: string) =>
  conflict('system_role', 'Of a system role the description alone may change.', field);

export const roleInUse = () =>
  conflict('role_in_use', 'Accounts have this role, or roles inherit from it: give them another first.');

export const parentNotFound = () => invalidField('parent_id', 'not_found', 'There is no such role.');

export const cycle = () => invalidField('parent_id', 'cycle', 'A role cannot inherit from itself.');

export const tooDeep = () =>
  invalidField('parent_id', 'too_deep', `Roles inherit over ${MAX_LEVELS} levels at most.`);
