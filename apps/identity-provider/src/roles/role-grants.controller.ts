import { Body, Controller, Delete, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Audit, type RequestAudit } from '#libs/audit/audit-context.js';
import { RequirePermission } from '#libs/auth/access.js';
import { IfMatch, type Precondition, Replies, type Reply } from '#libs/http/replies/replies.js';
import { Caller } from '#libs/verify/src/nest/access.js';
import type { Principal } from '#libs/verify/src/principal.js';
import { RoleGrantsService } from './role-grants.service.js';
import { GrantPermissions, RoleReply, taggedRole } from './roles.dto.js';
import { EXCEEDS, LOCKED } from './roles.errors.js';

@ApiTags('roles')
@Controller('roles/:id/permissions')
export class RoleGrantsController {
  constructor(private readonly grants: RoleGrantsService) {}

  @Post()
  @RequirePermission('roles:update')
  @ApiOperation({ operationId: 'rolesGrant', summary: 'Grant permissions to a role' })
  @Replies(RoleReply, { message: 'Permissions assigned.', errors: { 403: EXCEEDS, 409: LOCKED } })
  async grant(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Body() body: GrantPermissions,
    @Audit() audit: RequestAudit,
  ): Promise<Reply<RoleReply>> {
    return taggedRole(await this.grants.grant(caller, id, body.permission_ids, audit));
  }

  @Delete(':permission_id')
  @RequirePermission('roles:update')
  @ApiOperation({ operationId: 'rolesRevoke', summary: 'Remove a permission from a role' })
  @Replies(RoleReply, {
    message: 'Permission removed.',
    etag: 'write',
    errors: { 403: EXCEEDS, 409: LOCKED },
  })
  async revoke(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Param('permission_id') permissionId: string,
    @IfMatch() precondition: Precondition,
    @Audit() audit: RequestAudit,
  ): Promise<Reply<RoleReply>> {
    return taggedRole(await this.grants.revoke(caller, id, permissionId, precondition, audit));
  }
}
