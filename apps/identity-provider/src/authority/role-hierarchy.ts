import type { EntityManager } from 'typeorm';
import { ALL_PERMISSIONS } from '#libs/verify/src/principal.js';

/** Effective permissions from a list of names: sorted and distinct, or exactly `['*']` if the list contains `*`. */
export function normalizePermissions(names: Iterable<string>): readonly string[] {
  const distinct = new Set(names);
  return distinct.has(ALL_PERMISSIONS) ? [ALL_PERMISSIONS] : [...distinct].sort();
}

/** The greatest number of levels: a role and its ancestors. */
export const MAX_LEVELS = 10;

/** Selects roles by a list of ids or names in `$1`, by a list of account ids, or by one active account or client. */
const ROLES = {
  id: 'id = ANY($1)',
  name: 'name = ANY($1)',
  accounts: 'id IN (SELECT role_id FROM identity.accounts WHERE id = ANY($1))',
  account: `id = (SELECT role_id FROM identity.accounts WHERE id = $1 AND status = 'active')`,
  client: `id = (SELECT role_id FROM identity.oauth_clients WHERE client_id = $1 AND status = 'active')`,
};

/**
 * SQL: `lineage (role_id, ancestor_id, level)` of the selected roles. Each role is its own first ancestor. The level
 * bound protects the query from rows that were written without the check for `MAX_LEVELS`.
 */
export const lineageOf = (by: keyof typeof ROLES): string => `
  WITH RECURSIVE lineage (role_id, ancestor_id, level) AS (
    SELECT id, id, 1 FROM identity.roles WHERE ${ROLES[by]}
    UNION ALL
    SELECT l.role_id, r.parent_id, l.level + 1
    FROM lineage l JOIN identity.roles r ON r.id = l.ancestor_id
    WHERE r.parent_id IS NOT NULL AND l.level < ${MAX_LEVELS}
  )`;

/** SQL, after `lineageOf`: the names of the roles' own and inherited permissions. */
export const PERMISSIONS_OF_LINEAGE = `
  SELECT DISTINCT p.name FROM lineage l
  JOIN identity.role_permissions rp ON rp.role_id = l.ancestor_id
  JOIN identity.permissions p ON p.id = rp.permission_id`;

/** SQL: `subtree (id, level)` of the roles in `$1`: the roles themselves (level 1) and all their descendants. */
const SUBTREE = `
  WITH RECURSIVE subtree (id, level) AS (
    SELECT id, 1 FROM identity.roles WHERE id = ANY($1)
    UNION ALL
    SELECT r.id, s.level + 1
    FROM subtree s JOIN identity.roles r ON r.parent_id = s.id
    WHERE s.level < ${MAX_LEVELS}
  )`;

/** SQL: the ids of the roles with `*`, own or inherited. */
export const ADMINISTRATOR_ROLES = `
  WITH RECURSIVE holding (role_id) AS (
    SELECT rp.role_id FROM identity.permissions p
    JOIN identity.role_permissions rp ON rp.permission_id = p.id WHERE p.name = '*'
    UNION
    SELECT r.id FROM identity.roles r JOIN holding h ON r.parent_id = h.role_id
  )
  SELECT role_id FROM holding`;

/** SQL: whether an active account holds `*`. */
export const HAS_ACTIVE_ADMINISTRATOR = `EXISTS (
  SELECT FROM identity.accounts WHERE status = 'active' AND role_id IN (${ADMINISTRATOR_ROLES})
)`;

/** Roles with all their descendants. */
export interface Subtree {
  /** The roles and their descendants, each once. */
  ids: readonly string[];
  /** The descendants only. */
  below: readonly string[];
  /** The number of levels: 1 if the roles have no descendants. */
  height: number;
}

export async function subtreeOf(tx: EntityManager, roleIds: readonly string[]): Promise<Subtree> {
  const rows: { id: string; level: number }[] = await tx.query(
    `${SUBTREE} SELECT id, max(level) AS level FROM subtree GROUP BY id`,
    [roleIds],
  );
  return {
    ids: rows.map(({ id }) => id),
    below: rows.filter(({ level }) => level > 1).map(({ id }) => id),
    height: Math.max(0, ...rows.map(({ level }) => level)),
  };
}

/** The level of a role: 1 if it has no parent. */
export async function levelOf(tx: EntityManager, roleId: string): Promise<number> {
  const [row] = await tx.query(`${lineageOf('id')} SELECT max(level) AS level FROM lineage`, [[roleId]]);
  return row.level;
}

/** The effective permissions of several roles together. */
export async function permissionsOf(
  tx: EntityManager,
  roleIds: readonly string[],
): Promise<readonly string[]> {
  const rows: { name: string }[] = await tx.query(`${lineageOf('id')} ${PERMISSIONS_OF_LINEAGE}`, [roleIds]);
  return normalizePermissions(rows.map(({ name }) => name));
}

/** Gives roles a new ETag, after a change of their effective permissions. */
export async function raiseVersions(tx: EntityManager, roleIds: readonly string[]): Promise<void> {
  await tx.query('UPDATE identity.roles SET version = version + 1, updated_at = now() WHERE id = ANY($1)', [
    roleIds,
  ]);
}
