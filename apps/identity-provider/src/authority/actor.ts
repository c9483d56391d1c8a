import type { EntityManager } from 'typeorm';
import type { Principal } from '#libs/auth/principal.js';
import { unauthorized } from '#libs/http/api-error.js';
import { lineageOf } from './lineage.js';
import { effective } from './rights.js';

/** Who asks for a change, with the rights that he has at its moment. */
export interface Actor {
  /** Null for a caller of Keycloak's: he has no account here. */
  accountId: string | null;
  permissions: readonly string[];
}

/** @throws ApiError 401 where a native caller's account is gone or disabled */
export async function actorOf(tx: EntityManager, caller: Principal): Promise<Actor> {
  if (caller.issuer === 'keycloak') {
    return { accountId: null, permissions: await permissionsOf(tx, 'name', caller.roles) };
  }
  const [account] = await tx.query(
    `SELECT role_id FROM identity.accounts WHERE id = $1 AND status = 'active'`,
    [caller.sub],
  );
  if (!account) throw unauthorized();
  return { accountId: caller.sub, permissions: await permissionsOf(tx, 'id', [account.role_id]) };
}

/** The effective permissions of several roles together. */
export async function permissionsOf(
  tx: EntityManager,
  column: 'id' | 'name',
  roles: readonly string[],
): Promise<readonly string[]> {
  const rows: { name: string }[] = await tx.query(
    `${lineageOf(column)}
     SELECT DISTINCT p.name FROM lineage l
     JOIN identity.role_permissions rp ON rp.role_id = l.ancestor_id
     JOIN identity.permissions p ON p.id = rp.permission_id`,
    [roles],
  );
  return effective(rows.map(({ name }) => name));
}
