import type { EntityManager } from 'typeorm';
import { ALL_PERMISSIONS } from '#libs/auth/has-permission.js';
import { Role } from '#libs/database/identity/role.entity.js';
import { notFound } from '#libs/http/replies/api-error.js';

/** Names of permissions as they count: sorted, once each, and `*` alone where it is among them. */
export function normalizePermissions(names: Iterable<string>): readonly string[] {
  const distinct = new Set(names);
  return distinct.has(ALL_PERMISSIONS) ? [ALL_PERMISSIONS] : [...distinct].sort();
}

/** A role and its ancestors: ten levels at most. */
export const MAX_LEVELS = 10;

/** Which roles: those that `$1` lists, those of the accounts that it lists, or the one of the active account `$1`. */
const ROLES = {
  id: 'id = ANY($1)',
  name: 'name = ANY($1)',
  accounts: 'id IN (SELECT role_id FROM identity.accounts WHERE id = ANY($1))',
  account: `id = (SELECT role_id FROM identity.accounts WHERE id = $1 AND status = 'active')`,
};

/**
 * SQL: `lineage (role_id, ancestor_id, level)` of some roles, each role its own first ancestor.
 * Changes are refused that would make it deeper than `MAX_LEVELS`; the bound here is for rows that came otherwise.
 */
export const lineageOf = (by: keyof typeof ROLES): string => `
  WITH RECURSIVE lineage (role_id, ancestor_id, level) AS (
    SELECT id, id, 1 FROM identity.roles WHERE ${ROLES[by]}
    UNION ALL
    SELECT l.role_id, r.parent_id, l.level + 1
    FROM lineage l JOIN identity.roles r ON r.id = l.ancestor_id
    WHERE r.parent_id IS NOT NULL AND l.level < ${MAX_LEVELS}
  )`;

/** SQL, after `lineageOf`: the names of all that these roles hold, themselves or through their parents. */
export const PERMISSIONS_OF_LINEAGE = `
  SELECT DISTINCT p.name FROM lineage l
  JOIN identity.role_permissions rp ON rp.role_id = l.ancestor_id
  JOIN identity.permissions p ON p.id = rp.permission_id`;

/** SQL: `subtree (id, level)` of the roles that `$1` lists: themselves (level 1) and all their descendants. */
export const SUBTREE = `
  WITH RECURSIVE subtree (id, level) AS (
    SELECT id, 1 FROM identity.roles WHERE id = ANY($1)
    UNION ALL
    SELECT r.id, s.level + 1
    FROM subtree s JOIN identity.roles r ON r.parent_id = s.id
    WHERE s.level < ${MAX_LEVELS}
  )`;

/** SQL: the ids of the roles that hold `*`, themselves or through their parents. */
export const ADMINISTRATOR_ROLES = `
  WITH RECURSIVE holding (role_id) AS (
    SELECT rp.role_id FROM identity.permissions p
    JOIN identity.role_permissions rp ON rp.permission_id = p.id WHERE p.name = '*'
    UNION
    SELECT r.id FROM identity.roles r JOIN holding h ON r.parent_id = h.role_id
  )
  SELECT role_id FROM holding`;

/** SQL: whether some active account holds `*`. */
export const HAS_ACTIVE_ADMINISTRATOR = `EXISTS (
  SELECT FROM identity.accounts WHERE status = 'active' AND role_id IN (${ADMINISTRATOR_ROLES})
)`;

/** Roles and all that inherits from them. */
export interface Subtree {
  /** The roles themselves and their descendants, once each. */
  ids: readonly string[];
  /** The descendants alone. */
  below: readonly string[];
  /** How many levels it has: 1 where nothing inherits from them. */
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

/** How many levels there are down to this role: 1 where it inherits from none. */
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

/** What these roles permit has changed, or may have: their readers' copies, and those of their accounts, are old. */
export async function raiseVersions(tx: EntityManager, roleIds: readonly string[]): Promise<void> {
  await tx.query('UPDATE identity.roles SET version = version + 1, updated_at = now() WHERE id = ANY($1)', [
    roleIds,
  ]);
}

export interface RoleWithPermissions {
  role: Role;
  /** The role's own, sorted by name. */
  permissions: { id: string; name: string }[];
  /** Own and inherited, sorted; exactly `['*']` if the role holds that. */
  effectivePermissions: readonly string[];
}

/** @throws ApiError 404 */
export async function getRole(manager: EntityManager, id: string): Promise<Role> {
  const role = await manager.findOneBy(Role, { id });
  if (!role) throw notFound();
  return role;
}

export async function withPermissions(manager: EntityManager, role: Role): Promise<RoleWithPermissions> {
  const [result] = await allWithPermissions(manager, [role]);
  return result as RoleWithPermissions;
}

interface HeldRow {
  roleId: string;
  id: string;
  name: string;
  isOwn: boolean;
}

/**
 * Adds the permissions of all these roles with one query. The rows must have been read before it: a role that changes in
 * between then gets an entity tag that is too old, which only costs its reader another read.
 */
export async function allWithPermissions(
  manager: EntityManager,
  roles: readonly Role[],
): Promise<RoleWithPermissions[]> {
  const rows: HeldRow[] = await manager.query(
    `${lineageOf('id')}
     SELECT l.role_id AS "roleId", p.id, p.name, l.level = 1 AS "isOwn" FROM lineage l
     JOIN identity.role_permissions rp ON rp.role_id = l.ancestor_id
     JOIN identity.permissions p ON p.id = rp.permission_id
     ORDER BY p.name`,
    [roles.map(({ id }) => id)],
  );
  const held = new Map<string, HeldRow[]>(roles.map(({ id }) => [id, []]));
  for (const row of rows) held.get(row.roleId)?.push(row);
  return roles.map((role) => {
    const permissions = held.get(role.id) ?? [];
    return {
      role,
      permissions: permissions.filter(({ isOwn }) => isOwn).map(({ id, name }) => ({ id, name })),
      effectivePermissions: normalizePermissions(permissions.map(({ name }) => name)),
    };
  });
}
