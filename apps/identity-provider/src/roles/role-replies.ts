import type { EntityManager } from 'typeorm';
import { Role } from '#libs/database/identity/role.entity.js';
import { notFound } from '#libs/http/api-error.js';
import { Reply } from '#libs/http/envelope.js';
import { etagOf } from '#libs/http/etag.js';
import { lineageOf } from '../authority/lineage.js';
import { effective } from '../authority/rights.js';
import type { OwnPermissionReply, RoleReply } from './roles.dto.js';

interface HeldRow {
  role_id: string;
  is_own: boolean;
  id: string;
  name: string;
}

/**
 * Roles as they are shown, with what they hold: one query for all of them. The rows must have been read before:
 * then a role that changes in between gets a tag older than what is shown, which merely costs its reader a read.
 */
export async function mapRoles(manager: EntityManager, roles: readonly Role[]): Promise<RoleReply[]> {
  const rows: HeldRow[] = await manager.query(
    `${lineageOf('id')}
     SELECT l.role_id, l.level = 1 AS is_own, p.id, p.name FROM lineage l
     JOIN identity.role_permissions rp ON rp.role_id = l.ancestor_id
     JOIN identity.permissions p ON p.id = rp.permission_id
     ORDER BY p.name`,
    [roles.map(({ id }) => id)],
  );
  const held = new Map<string, HeldRow[]>(roles.map(({ id }) => [id, []]));
  for (const row of rows) held.get(row.role_id)?.push(row);
  return roles.map((role) => mapRole(role, held.get(role.id) ?? []));
}

export async function taggedRole(manager: EntityManager, role: Role): Promise<Reply<RoleReply>> {
  const [reply] = await mapRoles(manager, [role]);
  return Reply.tagged(reply as RoleReply, etagOf(role.version));
}

function mapRole(role: Role, held: readonly HeldRow[]): RoleReply {
  const own: OwnPermissionReply[] = held.filter(({ is_own }) => is_own).map(({ id, name }) => ({ id, name }));
  return {
    id: role.id,
    name: role.name,
    description: role.description,
    parent_id: role.parentId,
    system: role.system,
    permissions: own,
    effective_permissions: effective(held.map(({ name }) => name)),
    created_at: role.createdAt.toISOString(),
    updated_at: role.updatedAt.toISOString(),
  };
}

/** @throws ApiError 404 */
export async function getRole(manager: EntityManager, id: string): Promise<Role> {
  const role = await manager.findOneBy(Role, { id });
  if (!role) throw notFound();
  return role;
}
