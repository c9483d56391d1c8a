import { permissionDecorator } from '#libs/auth/access.js';
import type { UserServicePermission } from '#libs/database/identity/permission-catalogue.js';

/** For callers who have at least one of these permissions, or `*`. */
export const RequirePermission = permissionDecorator<UserServicePermission>();
