import type { Repository } from 'typeorm';
import type { Permission } from '#libs/database/identity/permission.entity.js';
import { countRows, fetchPage, keyStartsWith } from '#libs/database/queries/page.js';
import { type ListPage, listPage, readList } from '#libs/http/input/list-query.js';
import type { PermissionListQuery } from './permissions.dto.js';

const SORTS = {
  name: { kind: 'text', column: 'permission.name', valueOf: ({ name }: Permission) => name },
  created_at: {
    kind: 'time',
    column: 'permission.createdAt',
    valueOf: ({ createdAt }: Permission) => createdAt.toISOString(),
  },
} as const;

/** A page of permissions. `q` is a case-insensitive prefix of the name. */
export async function listPermissions(
  permissions: Repository<Permission>,
  query: PermissionListQuery,
): Promise<ListPage<Permission>> {
  const q = query.q?.toLowerCase() || undefined;
  const request = readList('permissions', query, SORTS, { q });
  const found = permissions.createQueryBuilder('permission');
  if (q) found.andWhere(keyStartsWith('lower(permission.name)', ':q'), { q });
  const { rows, next } = await fetchPage(found, SORTS[request.sort], request);
  const total = request.includeTotal ? await countRows(found) : undefined;
  return listPage(request, rows, next, total);
}
