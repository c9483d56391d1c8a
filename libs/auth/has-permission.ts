import { ALL_PERMISSIONS } from './permissions.js';

/** Whether these permissions contain that one: compared exactly; `*` alone is everything, `accounts:*` is nothing. */
export const hasPermission = (permissions: readonly string[], permission: string): boolean =>
  permissions.includes(permission) || permissions.includes(ALL_PERMISSIONS);
