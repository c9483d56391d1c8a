/** Includes every other permission. There are no other wildcards. */
export const ALL_PERMISSIONS = '*';

/** Whether `permissions` includes `permission`: names are compared exactly; `accounts:*` is no wildcard. */
export const hasPermission = (permissions: readonly string[], permission: string): boolean =>
  permissions.includes(permission) || permissions.includes(ALL_PERMISSIONS);
