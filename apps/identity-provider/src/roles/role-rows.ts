import type { EntityManager, Repository } from 'typeorm';
import { Role } from '#libs/database/identity/role.entity.js';
import { countRows, fetchPage, keyStartsWith } from '#libs/database/queries/page.js';
import { type ListPage, listPage, readList } from '#libs/http/input/list-query.js';
import { notFound } from '#libs/http/replies/api-error.js';
import { lineageOf, normalizePermissions } from '../authority/role-hierarchy.js';
import type { RoleListQuery } from './roles.dto.js';

export interface RoleWithPermissions {
  role: Role;
  /** The role's own permissions, sorted by name. */
  permissions: { id: string; name: string }[];
  /** Own and inherited, sorted; exactly `['*']` if the role holds it. */
  effectivePermissions: readonly string[];
}

/** @throws ApiError 404 */
export async function getRole(manager: EntityManager, id: string): Promise<Role> {
  const role = await manager.findOneBy(Role, { id });
  if (!role) throw notFound();
  return role;
}

export async function withPermissions(manager: EntityManager, role: Role): Promise<RoleWithPermissions> {
  const [result] = await addPermissions(manager, [role]);
  return result as RoleWithPermissions;
}

const SORTS = {
  name: { kind: 'text', column: 'role.name', valueOf: ({ name }: Role) => name },
  created_at: {
    kind: 'time',
    column: 'role.createdAt',
    valueOf: ({ createdAt }: Role) => createdAt.toISOString(),
  },
} as const;

/** A page of roles with their permissions, in two queries. `q` is a prefix of the name. */
export async function listRoles(
  roles: Repository<Role>,
  query: RoleListQuery,
): Promise<ListPage<RoleWithPermissions>> {
  const q = query.q?.toLowerCase() || undefined;
  const parentId = query.parent_id?.toLowerCase();
  const request = readList('roles', query, SORTS, { q, parentId });
  const found = roles.createQueryBuilder('role');
  if (q) found.andWhere(keyStartsWith('lower(role.name)', ':q'), { q });
  if (parentId) found.andWhere('role.parentId = :parentId', { parentId });
  const { rows, next } = await fetchPage(found, SORTS[request.sort], request);
  const total = request.includeTotal ? await countRows(found) : undefined;
  return listPage(request, await addPermissions(roles.manager, rows), next, total);
}

interface PermissionRow {
  roleId: string;
  id: string;
  name: string;
  isOwn: boolean;
}

/**
 * Adds the permissions of all roles with one query. Read the roles first: if a role changes in between, its ETag is too
 * old, and its reader only has to read again.
 */
async function addPermissions(
  manager: EntityManager,
  roles: readonly Role[],
): Promise<RoleWithPermissions[]> {
  const rows: PermissionRow[] = await manager.query(
    `${lineageOf('id')}
     SELECT l.role_id AS "roleId", p.id, p.name, l.level = 1 AS "isOwn" FROM lineage l
     JOIN identity.role_permissions rp ON rp.role_id = l.ancestor_id
     JOIN identity.permissions p ON p.id = rp.permission_id
     ORDER BY p.name`,
    [roles.map(({ id }) => id)],
  );
  const rowsOf = new Map<string, PermissionRow[]>(roles.map(({ id }) => [id, []]));
  for (const row of rows) rowsOf.get(row.roleId)?.push(row);
  return roles.map((role) => {
    const permissions = rowsOf.get(role.id) ?? [];
    return {
      role,
      permissions: permissions.filter(({ isOwn }) => isOwn).map(({ id, name }) => ({ id, name })),
      effectivePermissions: normalizePermissions(permissions.map(({ name }) => name)),
    };
  });
}
