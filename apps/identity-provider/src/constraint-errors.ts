import { findPostgresError } from '#libs/database/errors/pg-errors.js';
import type { ApiError } from '#libs/http/replies/api-error.js';
import type { ErrorTranslator } from '#libs/http/replies/error-translation.js';
import { emailTaken } from './accounts/accounts.errors.js';
import { clientIdTaken } from './oauth/clients/clients.errors.js';
import * as permissions from './permissions/permissions.errors.js';
import * as roles from './roles/roles.errors.js';

/**
 * The error for each violated constraint. The database decides what is unique and what is in use, so services do not
 * read before they write. Services check that referenced rows exist, under the authority's lock.
 */
const ERRORS: Record<string, () => ApiError> = {
  accounts_email_key: emailTaken,
  roles_name_key: roles.roleNameTaken,
  permissions_name_key: permissions.permissionNameTaken,
  accounts_role_id_fkey: roles.roleInUse,
  oauth_clients_role_id_fkey: roles.roleInUse,
  oauth_clients_client_id_key: clientIdTaken,
  roles_parent_id_fkey: roles.roleInUse,
  role_permissions_permission_id_fkey: permissions.permissionInUse,
};

export const translateConstraint: ErrorTranslator = (error) => {
  const constraint = findPostgresError(error)?.constraint;
  return constraint !== undefined && Object.hasOwn(ERRORS, constraint) ? ERRORS[constraint]!() : null;
};
