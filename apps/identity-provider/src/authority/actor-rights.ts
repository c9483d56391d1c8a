import type { EntityManager } from 'typeorm';
import { hasPermission } from '#libs/auth/has-permission.js';
import type { Principal } from '#libs/auth/principal.js';
import { forbidden, unauthorized } from '#libs/http/replies/api-error.js';
import {
  HAS_ACTIVE_ADMINISTRATOR,
  lineageOf,
  normalizePermissions,
  PERMISSIONS_OF_LINEAGE,
} from './role-hierarchy.js';

/** Who asks for a change, with the rights that he has at its moment. */
export interface Actor {
  /** Null for a caller of Keycloak's: he has no account here. */
  accountId: string | null;
  permissions: readonly string[];
}

const standingSql = (by: 'account' | 'name'): string => `
  ${lineageOf(by)}
  SELECT EXISTS (SELECT FROM lineage) AS found, ARRAY(${PERMISSIONS_OF_LINEAGE}) AS permissions,
    ${HAS_ACTIVE_ADMINISTRATOR} AS administered`;

/**
 * Who acts, and whether some active account holds everything before he does.
 * @throws ApiError 401 where a native caller's account is gone or disabled
 */
export async function readActorRights(
  tx: EntityManager,
  { issuerKind, sub, roles }: Principal,
): Promise<{ actor: Actor; isAdministered: boolean }> {
  const isNative = issuerKind === 'native';
  const [{ found, permissions, administered }] = await tx.query(standingSql(isNative ? 'account' : 'name'), [
    isNative ? sub : roles,
  ]);
  if (isNative && !found) throw unauthorized();
  const actor = { accountId: isNative ? sub : null, permissions: normalizePermissions(permissions) };
  return { actor, isAdministered: administered };
}

/** Whether `permissions` contains one that the holder of `own` lacks. */
export const exceeds = (permissions: readonly string[], own: readonly string[]): boolean =>
  !permissions.every((permission) => hasPermission(own, permission));

/**
 * "No one rises above himself": who grants must hold what he grants, and who changes a role or an account must
 * hold what it holds.
 * @param field what of the request asks for it, where one field does
 * @throws ApiError 403 `exceeds_own_permissions`
 */
export function assertGrantable(
  own: readonly string[],
  permissions: readonly string[],
  field?: string,
): void {
  if (!exceeds(permissions, own)) return;
  throw forbidden('exceeds_own_permissions', 'This takes permissions that you do not hold yourself.', field);
}
