import type { Repository } from 'typeorm';
import type { Role } from '#libs/database/identity/role.entity.js';
import { keyStartsWith } from '#libs/database/name-search.js';
import { countRows, fetchPage } from '#libs/database/page.js';
import type { Reply } from '#libs/http/envelope.js';
import { listReply, readList } from '#libs/http/list-request.js';
import { mapRoles } from './role-replies.js';
import type { RoleListQuery, RoleReply } from './roles.dto.js';

const SORTS = {
  name: { kind: 'text', column: 'role.name', valueOf: ({ name }: Role) => name },
  created_at: {
    kind: 'time',
    column: 'role.createdAt',
    valueOf: ({ createdAt }: Role) => createdAt.toISOString(),
  },
} as const;

/** A page of roles with what they permit, in two queries however many they are. `q`: the beginning of the name. */
export async function listRoles(roles: Repository<Role>, query: RoleListQuery): Promise<Reply<RoleReply[]>> {
  const q = query.q?.toLowerCase() || undefined;
  const parentId = query.parent_id?.toLowerCase();
  const request = readList('roles', query, SORTS, { q, parentId });
  const found = roles.createQueryBuilder('role');
  if (q) found.andWhere(keyStartsWith('lower(role.name)', ':q'), { q });
  if (parentId) found.andWhere('role.parentId = :parentId', { parentId });
  const { rows, next } = await fetchPage(found, SORTS[request.sort], request);
  const total = request.includeTotal ? await countRows(found) : undefined;
  return listReply(request, { data: await mapRoles(roles.manager, rows), next, total });
}
