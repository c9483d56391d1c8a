import { holds } from '#libs/auth/holds.js';
import { EVERYTHING } from '#libs/auth/permissions.js';
import { forbidden } from '#libs/http/api-error.js';

/** What a role lets its holders do. */
export interface RoleRights {
  id: string;
  name: string;
  /** Own and inherited, sorted; exactly `['*']` where that is held. */
  permissions: readonly string[];
}

/** Names of permissions as they count: sorted, once each, and `*` alone where it is among them. */
export function effective(names: Iterable<string>): readonly string[] {
  const distinct = new Set(names);
  return distinct.has(EVERYTHING) ? [EVERYTHING] : [...distinct].sort();
}

/** Whether some permission is among `permissions` that the holder of `own` lacks. */
export const exceeds = (permissions: readonly string[], own: readonly string[]): boolean =>
  !permissions.every((permission) => holds(own, permission));

/**
 * "No one rises above himself": who grants must hold what he grants, and who changes a role or an account must
 * hold what it holds.
 * @param field what of the request asks for it, where one field does
 * @throws ApiError 403 `exceeds_own_permissions`
 */
export function requireWithin(own: readonly string[], permissions: readonly string[], field?: string): void {
  if (!exceeds(permissions, own)) return;
  throw forbidden('exceeds_own_permissions', 'This takes permissions that you do not hold yourself.', field);
}
