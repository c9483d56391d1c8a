import { permissionDecorator } from '#libs/auth/access.js';
import type {
  IdentityProviderPermission,
  UserServicePermission,
} from '#libs/database/identity/permission-catalogue.js';

/** Includes user-service's permissions: identity-provider compares rights for it. */
export type PermissionName = IdentityProviderPermission | UserServicePermission;

/** For callers who have at least one of these permissions, or `*`. */
export const RequirePermission = permissionDecorator<PermissionName>();
