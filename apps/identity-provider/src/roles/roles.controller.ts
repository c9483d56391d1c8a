import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Audit, type RequestAudit } from '#libs/audit/audit-context.js';
import { RequirePermission } from '#libs/auth/access.js';
import { IfMatch, type Precondition, Replies, Reply } from '#libs/http/replies/replies.js';
import { Caller } from '#libs/verify/src/nest/access.js';
import type { Principal } from '#libs/verify/src/principal.js';
import { CreateRole, mapRole, RoleListQuery, RoleReply, taggedRole, UpdateRole } from './roles.dto.js';
import { EXCEEDS, LOCKED } from './roles.errors.js';
import { RolesService } from './roles.service.js';

@ApiTags('roles')
@Controller('roles')
export class RolesController {
  constructor(private readonly roles: RolesService) {}

  @Post()
  @RequirePermission('roles:create')
  @ApiOperation({ summary: 'Create a role' })
  @Replies(RoleReply, {
    status: 201,
    message: 'Role created.',
    errors: { 403: EXCEEDS, 409: 'The name is taken.' },
  })
  async create(
    @Caller() caller: Principal,
    @Body() body: CreateRole,
    @Audit() audit: RequestAudit,
  ): Promise<Reply<RoleReply>> {
    const created = await this.roles.create(caller, body, audit);
    return taggedRole(created).created(created.role.id);
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
    return taggedRole(await this.roles.get(id));
  }

  @Patch(':id')
  @RequirePermission('roles:update')
  @ApiOperation({ summary: 'Change the name, description or parent of a role' })
  @Replies(RoleReply, {
    message: 'Role updated.',
    etag: 'write',
    errors: { 403: EXCEEDS, 409: `The name is taken. ${LOCKED}` },
  })
  async update(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Body() body: UpdateRole,
    @IfMatch() precondition: Precondition,
    @Audit() audit: RequestAudit,
  ): Promise<Reply<RoleReply>> {
    return taggedRole(await this.roles.update(caller, id, body, precondition, audit));
  }

  @Delete(':id')
  @RequirePermission('roles:delete')
  @ApiOperation({ summary: 'Delete a role that is not in use' })
  @Replies(null, {
    message: 'Role deleted.',
    etag: 'write',
    errors: { 403: EXCEEDS, 409: 'Accounts have the role, roles inherit from it, or it is a system role.' },
  })
  async delete(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @IfMatch() precondition: Precondition,
    @Audit() audit: RequestAudit,
  ): Promise<Reply<never>> {
    await this.roles.delete(caller, id, precondition, audit);
    return Reply.nothing();
  }
}
