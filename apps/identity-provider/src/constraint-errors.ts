import { findPostgresError } from '#libs/database/pg-errors.js';
import type { ApiError } from '#libs/http/replies/api-error.js';
import type { ErrorTranslator } from '#libs/http/replies/error-translation.js';
import { emailTaken } from './accounts/accounts.errors.js';
import * as permissions from './permissions/permissions.errors.js';
import * as roles from './roles/roles.errors.js';

/**
 * What a violated constraint means: the database alone decides what is unique and what is still referred to, so
 * nothing reads first in order to find out. References *to* what is not there are found under the authority's
 * lock, before the write.
 */
const MEANINGS: Record<string, () => ApiError> = {
  accounts_email_key: emailTaken,
  roles_name_key: roles.nameTaken,
  permissions_name_key: permissions.nameTaken,
  accounts_role_id_fkey: roles.roleInUse,
  roles_parent_id_fkey: roles.roleInUse,
  role_permissions_permission_id_fkey: permissions.permissionInUse,
};

export const translateConstraint: ErrorTranslator = (error) => {
  const constraint = findPostgresError(error)?.constraint;
  return constraint !== undefined && Object.hasOwn(MEANINGS, constraint) ? MEANINGS[constraint]!() : null;
};
