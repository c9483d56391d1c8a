import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller } from '#libs/auth/access.js';
import type { Principal } from '#libs/auth/principal.js';
import { Reply } from '#libs/http/replies/envelope.js';
import { etagOf } from '#libs/http/replies/etag.js';
import { IfMatch, Replies } from '#libs/http/replies/replies.js';
import { RequirePermission } from '../access.js';
import type { RoleWithPermissions } from '../authority/role-hierarchy.js';
import { RoleGrantsService } from './role-grants.service.js';
import { CreateRole, GrantPermissions, mapRole, RoleListQuery, RoleReply, UpdateRole } from './roles.dto.js';
import { RolesService } from './roles.service.js';

const EXCEEDS = 'It takes permissions that the caller does not hold.';
const LOCKED = 'It is a system role, or no account that holds everything would remain.';

@ApiTags('roles')
@Controller('roles')
export class RolesController {
  constructor(
    private readonly roles: RolesService,
    private readonly grants: RoleGrantsService,
  ) {}

  @Post()
  @RequirePermission('roles:create')
  @ApiOperation({ summary: 'Create a role' })
  @Replies(RoleReply, {
    status: 201,
    message: 'Role created.',
    errors: { 403: EXCEEDS, 409: 'The name is taken.' },
  })
  async create(@Caller() caller: Principal, @Body() body: CreateRole): Promise<Reply<RoleReply>> {
    const created = await this.roles.create(caller, body);
    return tagged(created).created(created.role.id);
  }

  @Get()
  @RequirePermission('roles:read')
  @ApiOperation({ summary: 'List roles' })
  @Replies([RoleReply], { message: 'Roles.' })
  async list(@Query() query: RoleListQuery): Promise<Reply<RoleReply[]>> {
    return Reply.page(await this.roles.list(query), mapRole);
  }

  @Get(':id')
  @RequirePermission('roles:read')
  @ApiOperation({ summary: 'Read a role' })
  @Replies(RoleReply, { message: 'Role.', etag: 'read' })
  async get(@Param('id') id: string): Promise<Reply<RoleReply>> {
    return tagged(await this.roles.get(id));
  }

  @Patch(':id')
  @RequirePermission('roles:update')
  @ApiOperation({ summary: 'Rename, describe or re-parent a role' })
  @Replies(RoleReply, {
    message: 'Role updated.',
    etag: 'write',
    errors: { 403: EXCEEDS, 409: `The name is taken. ${LOCKED}` },
  })
  async update(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Body() body: UpdateRole,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<Reply<RoleReply>> {
    return tagged(await this.roles.update(caller, id, body, ifMatch));
  }

  @Delete(':id')
  @RequirePermission('roles:delete')
  @ApiOperation({ summary: 'Delete a role that nobody has' })
  @Replies(null, {
    message: 'Role deleted.',
    etag: 'write',
    errors: { 403: EXCEEDS, 409: 'Accounts have it, roles inherit from it, or it is a system role.' },
  })
  async delete(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<Reply<never>> {
    await this.roles.delete(caller, id, ifMatch);
    return Reply.nothing();
  }

  @Post(':id/permissions')
  @RequirePermission('roles:update')
  @ApiOperation({ summary: 'Grant permissions to a role' })
  @Replies(RoleReply, { message: 'Permissions assigned.', errors: { 403: EXCEEDS, 409: LOCKED } })
  async grant(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Body() body: GrantPermissions,
  ): Promise<Reply<RoleReply>> {
    return tagged(await this.grants.grant(caller, id, body.permission_ids));
  }

  @Delete(':id/permissions/:permission_id')
  @RequirePermission('roles:update')
  @ApiOperation({ summary: 'Take a permission from a role' })
  @Replies(RoleReply, {
    message: 'Permission removed.',
    etag: 'write',
    errors: { 403: EXCEEDS, 409: LOCKED },
  })
  async revoke(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Param('permission_id') permissionId: string,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<Reply<RoleReply>> {
    return tagged(await this.grants.revoke(caller, id, permissionId, ifMatch));
  }
}

const tagged = (role: RoleWithPermissions): Reply<RoleReply> =>
  Reply.tagged(mapRole(role), etagOf(role.role.version));
