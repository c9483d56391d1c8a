import { Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import { Permission } from '#libs/database/identity/permission.entity.js';
import { RolePermission } from '#libs/database/identity/role-permission.entity.js';
import { invalid, notFound } from '#libs/http/replies/api-error.js';
import { assertIfMatch, etagOf } from '#libs/http/replies/etag.js';
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
  grant(caller: Principal, id: string, permissionIds: readonly string[]): Promise<RoleWithPermissions> {
    return this.authority.change(caller, 'roles:update', async (tx, actor) => {
      const names = await namesOf(tx, permissionIds);
      const role = await getRole(tx, id);
      assertGrantable(actor.permissions, await permissionsOf(tx, [id]));
      for (const [index, name] of names.entries()) {
        assertGrantable(actor.permissions, [name], `permission_ids[${index}]`);
      }
      if (role.system) throw systemRole();
      const added = await tx.query(
        `INSERT INTO identity.role_permissions (role_id, permission_id)
         SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING RETURNING permission_id`,
        [id, permissionIds],
      );
      if (added.length > 0) await raiseVersions(tx, (await subtreeOf(tx, [id])).ids);
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
    ifMatch: string | undefined,
  ): Promise<RoleWithPermissions> {
    return this.authority.change(caller, 'roles:update', async (tx, actor) => {
      const role = await getRole(tx, id);
      const grant = { roleId: id, permissionId };
      if (!(await tx.existsBy(RolePermission, grant))) throw notFound();
      const { ids } = await subtreeOf(tx, [id]);
      assertGrantable(actor.permissions, await permissionsOf(tx, ids));
      assertIfMatch(ifMatch, etagOf(role.version));
      if (role.system) throw systemRole();
      await tx.delete(RolePermission, grant);
      await raiseVersions(tx, ids);
      return withPermissions(tx, await getRole(tx, id));
    });
  }
}

/** The names of permissions, in the order of their ids. @throws ApiError 422 with one error for each unknown id */
async function namesOf(tx: EntityManager, ids: readonly string[]): Promise<string[]> {
  const found = await tx.find(Permission, { select: { id: true, name: true }, where: { id: In([...ids]) } });
  const names = new Map(found.map(({ id, name }) => [id, name]));
  const unknown = [...ids.keys()].filter((index) => !names.has(ids[index]!.toLowerCase()));
  if (unknown.length > 0) {
    throw invalid(
      unknown.map((index) => ({
        field: `permission_ids[${index}]`,
        code: 'not_found',
        message: 'This permission does not exist.',
      })),
    );
  }
  return ids.map((id) => names.get(id.toLowerCase())!);
}
