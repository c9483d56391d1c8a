import type { Repository } from 'typeorm';
import type { Permission } from '#libs/database/identity/permission.entity.js';
import { keyStartsWith } from '#libs/database/name-search.js';
import { countRows, fetchPage } from '#libs/database/page.js';
import type { Reply } from '#libs/http/envelope.js';
import { listReply, readList } from '#libs/http/list-request.js';
import { mapPermission, type PermissionListQuery, type PermissionReply } from './permissions.dto.js';

const SORTS = {
  name: { kind: 'text', column: 'permission.name', valueOf: ({ name }: Permission) => name },
  created_at: {
    kind: 'time',
    column: 'permission.createdAt',
    valueOf: ({ createdAt }: Permission) => createdAt.toISOString(),
  },
} as const;

/** A page of permissions. `q`: the beginning of the name, in any case. */
export async function listPermissions(
  permissions: Repository<Permission>,
  query: PermissionListQuery,
): Promise<Reply<PermissionReply[]>> {
  const q = query.q?.toLowerCase() || undefined;
  const request = readList('permissions', query, SORTS, { q });
  const found = permissions.createQueryBuilder('permission');
  if (q) found.andWhere(keyStartsWith('lower(permission.name)', ':q'), { q });
  const { rows, next } = await fetchPage(found, SORTS[request.sort], request);
  const total = request.includeTotal ? await countRows(found) : undefined;
  return listReply(request, { data: rows.map(mapPermission), next, total });
}
