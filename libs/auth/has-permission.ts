import { ALL_PERMISSIONS } from './permissions.js';

/** Names are compared exactly. `*` includes every permission; there are no other wildcards. */
export const hasPermission = (permissions: readonly string[], permission: string): boolean =>
  permissions.includes(permission) || permissions.includes(ALL_PERMISSIONS);
