import type { Repository } from 'typeorm';
import type { Role } from '#libs/database/identity/role.entity.js';
import { keyStartsWith } from '#libs/database/name-search.js';
import { countRows, fetchPage } from '#libs/database/page.js';
import { type ListPage, listPage, readList } from '#libs/http/input/list-request.js';
import { allWithPermissions, type RoleWithPermissions } from '../authority/role-hierarchy.js';
import type { RoleListQuery } from './roles.dto.js';

const SORTS = {
  name: { kind: 'text', column: 'role.name', valueOf: ({ name }: Role) => name },
  created_at: {
    kind: 'time',
    column: 'role.createdAt',
    valueOf: ({ createdAt }: Role) => createdAt.toISOString(),
  },
} as const;

/** A page of roles with what they permit, in two queries however many they are. `q`: the beginning of the name. */
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
  return listPage(request, await allWithPermissions(roles.manager, rows), next, total);
}
