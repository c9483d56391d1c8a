import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import type { AuditContext } from '#libs/audit/audit-context.js';
import { type AuditFields, changesOf, writeAudit } from '#libs/audit/audit-writer.js';
import { newId } from '#libs/core/ids.js';
import { Permission } from '#libs/database/identity/permission.entity.js';
import { Reads } from '#libs/database/replicas/reads.js';
import type { ListPage } from '#libs/http/input/list-query.js';
import { notFound } from '#libs/http/replies/api-error.js';
import type { Precondition } from '#libs/http/replies/replies.js';
import type { Principal } from '#libs/verify/src/principal.js';
import { AuthorityService, assertGrantable } from '../authority/authority.service.js';
import { permissionsOf, raiseVersions, subtreeOf } from '../authority/role-hierarchy.js';
import type { CreatePermission, PermissionListQuery, UpdatePermission } from './permissions.dto.js';
import { seededPermission } from './permissions.errors.js';
import { listPermissions } from './permissions.list.js';

@Injectable()
export class PermissionsService {
  constructor(
    @InjectRepository(Permission) private readonly permissions: Repository<Permission>,
    private readonly authority: AuthorityService,
    private readonly reads: Reads,
  ) {}

  /** No role has the new permission yet. @throws ApiError 409 `name_taken` */
  create(
    caller: Principal,
    { name, description }: CreatePermission,
    audit: AuditContext,
  ): Promise<Permission> {
    return this.authority.change(caller, 'permissions:create', async (tx) => {
      const created = await tx.save(
        tx.create(Permission, { id: newId(), name, description: description ?? null }),
      );
      const details = { after: auditedPermission(created) };
      await writeAudit(tx, audit, { action: 'permission.created', targetId: created.id, details });
      return created;
    });
  }

  list(query: PermissionListQuery): Promise<ListPage<Permission>> {
    return this.reads.run((manager) => listPermissions(manager.getRepository(Permission), query));
  }

  /** @throws ApiError 404, 412 */
  async get(id: string, precondition?: Precondition): Promise<Permission> {
    const permission = await getPermission(this.permissions.manager, id);
    precondition?.check(permission.version);
    return permission;
  }

  /**
   * A rename removes the old permission from all roles that have it and grants the new one: the actor must have both.
   * @throws ApiError 404, 403 `exceeds_own_permissions`, 412, 409 `seeded_permission`, `name_taken`
   */
  update(
    caller: Principal,
    id: string,
    body: UpdatePermission,
    precondition: Precondition,
    audit: AuditContext,
  ): Promise<Permission> {
    if (Object.keys(body).length === 0) return this.get(id, precondition);
    return this.authority.change(caller, 'permissions:update', async (tx, actor) => {
      const permission = await getPermission(tx, id);
      const { name = permission.name, description = permission.description } = body;
      const isRenamed = name !== permission.name;
      const holders = isRenamed ? await holdersOf(tx, id) : [];
      if (isRenamed) {
        assertGrantable(actor.permissions, [permission.name, name], 'name');
        assertGrantable(actor.permissions, await permissionsOf(tx, holders), 'name');
      }
      precondition.check(permission.version);
      if (isRenamed) {
        if (permission.seeded) throw seededPermission('name');
        await raiseVersions(tx, holders);
      }
      const changes = changesOf(auditedPermission(permission), { name, description });
      const updated = await tx.save(Object.assign(permission, { name, description }));
      if (changes) {
        await writeAudit(tx, audit, { action: 'permission.updated', targetId: updated.id, details: changes });
      }
      return updated;
    });
  }

  /** @throws ApiError 404, 412, 409 `seeded_permission`, `permission_in_use` */
  delete(caller: Principal, id: string, precondition: Precondition, audit: AuditContext): Promise<void> {
    return this.authority.change(caller, 'permissions:delete', async (tx) => {
      const permission = await getPermission(tx, id);
      precondition.check(permission.version);
      if (permission.seeded) throw seededPermission();
      await tx.delete(Permission, { id });
      const details = { before: auditedPermission(permission) };
      await writeAudit(tx, audit, { action: 'permission.deleted', targetId: permission.id, details });
    });
  }
}

const auditedPermission = ({ name, description }: Permission): AuditFields => ({ name, description });

async function getPermission(manager: EntityManager, id: string): Promise<Permission> {
  const permission = await manager.findOneBy(Permission, { id });
  if (!permission) throw notFound();
  return permission;
}

/** The ids of the roles that have the permission, own or inherited. */
async function holdersOf(tx: EntityManager, permissionId: string): Promise<readonly string[]> {
  const rows: { role_id: string }[] = await tx.query(
    'SELECT role_id FROM identity.role_permissions WHERE permission_id = $1',
    [permissionId],
  );
  const { ids } = await subtreeOf(
    tx,
    rows.map(({ role_id }) => role_id),
  );
  return ids;
}
