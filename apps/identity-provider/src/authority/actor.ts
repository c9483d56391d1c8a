import type { EntityManager } from 'typeorm';
import type { Principal } from '#libs/auth/principal.js';
import { unauthorized } from '#libs/http/api-error.js';
import { HELD_BY_LINEAGE, IS_ADMINISTERED, lineageOf } from './lineage.js';
import { effective } from './rights.js';

/** Who asks for a change, with the rights that he has at its moment. */
export interface Actor {
  /** Null for a caller of Keycloak's: he has no account here. */
  accountId: string | null;
  permissions: readonly string[];
}

const standingSql = (by: 'account' | 'name'): string => `
  ${lineageOf(by)}
  SELECT EXISTS (SELECT FROM lineage) AS found, ARRAY(${HELD_BY_LINEAGE}) AS permissions,
    ${IS_ADMINISTERED} AS administered`;

/**
 * Who acts, and whether some active account holds everything before he does.
 * @throws ApiError 401 where a native caller's account is gone or disabled
 */
export async function readStanding(
  tx: EntityManager,
  { issuer, sub, roles }: Principal,
): Promise<{ actor: Actor; isAdministered: boolean }> {
  const isNative = issuer === 'native';
  const [{ found, permissions, administered }] = await tx.query(standingSql(isNative ? 'account' : 'name'), [
    isNative ? sub : roles,
  ]);
  if (isNative && !found) throw unauthorized();
  const actor = { accountId: isNative ? sub : null, permissions: effective(permissions) };
  return { actor, isAdministered: administered };
}
