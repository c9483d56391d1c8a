import { Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import type { AuditContext } from '#libs/audit/audit-context.js';
import { type NewAuditEvent, writeAudit } from '#libs/audit/audit-writer.js';
import { Permission } from '#libs/database/identity/permission.entity.js';
import type { Role } from '#libs/database/identity/role.entity.js';
import { RolePermission } from '#libs/database/identity/role-permission.entity.js';
import { invalid, notFound } from '#libs/http/replies/api-error.js';
import type { Precondition } from '#libs/http/replies/replies.js';
import type { Principal } from '#libs/verify/src/principal.js';
import { AuthorityService, assertGrantable } from '../authority/authority.service.js';
import { permissionsOf, raiseVersions, subtreeOf } from '../authority/role-hierarchy.js';
import { getRole, type RoleWithPermissions, withPermissions } from './role-rows.js';
import { systemRole } from './roles.errors.js';

/** Grants permissions to roles and removes them. */
@Injectable()
export class RoleGrantsService {
  constructor(private readonly authority: AuthorityService) {}

  /**
   * Grants all permissions or none. Permissions that the role already has are ignored.
   * @throws ApiError 422 on `permission_ids[i]`, 404, 403 `exceeds_own_permissions`, 409 `system_role`
   */
  grant(
    caller: Principal,
    id: string,
    permissionIds: readonly string[],
    audit: AuditContext,
  ): Promise<RoleWithPermissions> {
    return this.authority.change(caller, 'roles:update', async (tx, actor) => {
      const permissions = await requirePermissions(tx, permissionIds);
      const role = await getRole(tx, id);
      assertGrantable(actor.permissions, await permissionsOf(tx, [id]));
      for (const [index, { name }] of permissions.entries()) {
        assertGrantable(actor.permissions, [name], `permission_ids[${index}]`);
      }
      if (role.system) throw systemRole();
      const added: { permission_id: string }[] = await tx.query(
        `INSERT INTO identity.role_permissions (role_id, permission_id)
         SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING RETURNING permission_id`,
        [id, permissionIds],
      );
      if (added.length > 0) await raiseVersions(tx, (await subtreeOf(tx, [id])).ids);
      const addedIds = new Set(added.map(({ permission_id }) => permission_id));
      const granted = permissions.filter((permission) => addedIds.delete(permission.id));
      await writeAudit(tx, audit, ...granted.map(eventOf('role.permission_granted', role)));
      return withPermissions(tx, await getRole(tx, id));
    });
  }

  /**
   * Also removes it from all roles that inherit it.
   * @throws ApiError 404 (unknown role, or the role does not have the permission), 403 `exceeds_own_permissions`, 412
   *   (the ETag is the role's), 409 `system_role`, `last_admin`
   */
  revoke(
    caller: Principal,
    id: string,
    permissionId: string,
    precondition: Precondition,
    audit: AuditContext,
  ): Promise<RoleWithPermissions> {
    return this.authority.change(caller, 'roles:update', async (tx, actor) => {
      const role = await getRole(tx, id);
      const grant = { roleId: id, permissionId };
      const present = await tx.findOne(RolePermission, { where: grant, relations: { permission: true } });
      if (!present?.permission) throw notFound();
      const { ids } = await subtreeOf(tx, [id]);
      assertGrantable(actor.permissions, await permissionsOf(tx, ids));
      precondition.check(role.version);
      if (role.system) throw systemRole();
      await tx.delete(RolePermission, grant);
      await raiseVersions(tx, ids);
      await writeAudit(tx, audit, eventOf('role.permission_revoked', role)(present.permission));
      return withPermissions(tx, await getRole(tx, id));
    });
  }
}

const eventOf =
  (action: 'role.permission_granted' | 'role.permission_revoked', role: Role) =>
  ({ id, name }: Permission): NewAuditEvent => ({
    action,
    targetId: role.id,
    details: { role: role.name, permission: { id, name } },
  });

/** The permissions, in the order of their ids. @throws ApiError 422 with one error for each unknown id */
async function requirePermissions(tx: EntityManager, ids: readonly string[]): Promise<Permission[]> {
  const found = await tx.findBy(Permission, { id: In([...ids]) });
  const byId = new Map(found.map((permission) => [permission.id, permission]));
  const unknown = [...ids.keys()].filter((index) => !byId.has(ids[index]!.toLowerCase()));
  if (unknown.length > 0) {
    throw invalid(
      unknown.map((index) => ({
        field: `permission_ids[${index}]`,
        code: 'not_found',
        message: 'This permission does not exist.',
      })),
    );
  }
  return ids.map((id) => byId.get(id.toLowerCase())!);
}
