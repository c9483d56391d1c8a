import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import type { AuditContext } from '#libs/audit/audit-context.js';
import { type AuditFields, changesOf, writeAudit } from '#libs/audit/audit-writer.js';
import { newId } from '#libs/core/ids.js';
import { Role } from '#libs/database/identity/role.entity.js';
import { Reads } from '#libs/database/replicas/reads.js';
import type { ListPage } from '#libs/http/input/list-query.js';
import type { Precondition } from '#libs/http/replies/replies.js';
import type { Principal } from '#libs/verify/src/principal.js';
import { type Actor, AuthorityService, assertGrantable } from '../authority/authority.service.js';
import {
  levelOf,
  MAX_LEVELS,
  permissionsOf,
  raiseVersions,
  type Subtree,
  subtreeOf,
} from '../authority/role-hierarchy.js';
import { getRole, listRoles, type RoleWithPermissions, withPermissions } from './role-rows.js';
import type { CreateRole, RoleListQuery, UpdateRole } from './roles.dto.js';
import { cycle, parentNotFound, systemRole, tooDeep } from './roles.errors.js';

@Injectable()
export class RolesService {
  constructor(
    @InjectRepository(Role) private readonly roles: Repository<Role>,
    private readonly authority: AuthorityService,
    private readonly reads: Reads,
  ) {}

  /** @throws ApiError 422 on `parent_id`, 403 `exceeds_own_permissions`, 409 `name_taken` */
  create(
    caller: Principal,
    { name, description, parent_id }: CreateRole,
    audit: AuditContext,
  ): Promise<RoleWithPermissions> {
    return this.authority.change(caller, 'roles:create', async (tx, actor) => {
      if (parent_id) {
        await requireParent(tx, parent_id);
        await assertFitsBelow(tx, parent_id, NEW_ROLE);
        assertGrantable(actor.permissions, await permissionsOf(tx, [parent_id]), 'parent_id');
      }
      const role = await tx.save(
        tx.create(Role, {
          id: newId(),
          name,
          description: description ?? null,
          parentId: parent_id?.toLowerCase() ?? null,
        }),
      );
      const details = { after: auditedRole(role) };
      await writeAudit(tx, audit, { action: 'role.created', targetId: role.id, details });
      return withPermissions(tx, role);
    });
  }

  list(query: RoleListQuery): Promise<ListPage<RoleWithPermissions>> {
    return this.reads.run((manager) => listRoles(manager.getRepository(Role), query));
  }

  /** @throws ApiError 404, 412 */
  async get(id: string, precondition?: Precondition): Promise<RoleWithPermissions> {
    const role = await getRole(this.roles.manager, id);
    precondition?.check(role.version);
    return withPermissions(this.roles.manager, role);
  }

  /**
   * @throws ApiError 422 on `parent_id` (`not_found`, `cycle`, `too_deep`), 404, 403 `exceeds_own_permissions`, 412,
   *   409 `system_role`, `name_taken`, `last_admin`
   */
  update(
    caller: Principal,
    id: string,
    changes: UpdateRole,
    precondition: Precondition,
    audit: AuditContext,
  ): Promise<RoleWithPermissions> {
    if (Object.keys(changes).length === 0) return this.get(id, precondition);
    return this.authority.change(caller, 'roles:update', async (tx, actor) => {
      if (changes.parent_id) await requireParent(tx, changes.parent_id);
      const role = await getRole(tx, id);
      const { name = role.name, description = role.description } = changes;
      const parentId =
        changes.parent_id === undefined ? role.parentId : (changes.parent_id?.toLowerCase() ?? null);
      const moved = parentId === role.parentId ? null : await subtreeOf(tx, [id]);
      if (moved && parentId) await assertFitsBelow(tx, parentId, moved);
      assertGrantable(actor.permissions, await permissionsOf(tx, [id]));
      if (moved) await assertMovable(tx, actor, moved, parentId);
      precondition.check(role.version);
      if (role.system && name !== role.name) throw systemRole('name');
      if (role.system && moved) throw systemRole('parent_id');
      const details = changesOf(auditedRole(role), auditedRole({ name, description, parentId }));
      const saved = await tx.save(Object.assign(role, { name, description, parentId }));
      if (details) await writeAudit(tx, audit, { action: 'role.updated', targetId: saved.id, details });
      if (moved) await raiseVersions(tx, moved.below);
      return withPermissions(tx, saved);
    });
  }

  /** @throws ApiError 404, 403 `exceeds_own_permissions`, 412, 409 `system_role`, `role_in_use` */
  delete(caller: Principal, id: string, precondition: Precondition, audit: AuditContext): Promise<void> {
    return this.authority.change(caller, 'roles:delete', async (tx, actor) => {
      const role = await getRole(tx, id);
      assertGrantable(actor.permissions, await permissionsOf(tx, [id]));
      precondition.check(role.version);
      if (role.system) throw systemRole();
      await tx.delete(Role, { id });
      const details = { before: auditedRole(role) };
      await writeAudit(tx, audit, { action: 'role.deleted', targetId: role.id, details });
    });
  }
}

const auditedRole = ({
  name,
  description,
  parentId,
}: Pick<Role, 'name' | 'description' | 'parentId'>): AuditFields => ({
  name,
  description,
  parent_id: parentId,
});

async function requireParent(tx: EntityManager, id: string): Promise<void> {
  if (!(await tx.existsBy(Role, { id }))) throw parentNotFound();
}

/** A role that does not exist yet. */
const NEW_ROLE: Subtree = { ids: [], below: [], height: 1 };

/**
 * @param subtree the roles to place below the parent
 * @throws ApiError 422 on `parent_id` for a cycle or too many levels
 */
async function assertFitsBelow(tx: EntityManager, parentId: string, { ids, height }: Subtree): Promise<void> {
  if (ids.includes(parentId)) throw cycle();
  if ((await levelOf(tx, parentId)) + height > MAX_LEVELS) throw tooDeep();
}

/** The subtree gains the new parent's permissions and loses the old parent's: the actor must have both. */
async function assertMovable(
  tx: EntityManager,
  { permissions }: Actor,
  { ids }: Subtree,
  parentId: string | null,
): Promise<void> {
  if (parentId) assertGrantable(permissions, await permissionsOf(tx, [parentId]), 'parent_id');
  assertGrantable(permissions, await permissionsOf(tx, ids), 'parent_id');
}
