import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Audit, type RequestAudit } from '#libs/audit/audit-context.js';
import { RequirePermission } from '#libs/auth/access.js';
import type { Permission } from '#libs/database/identity/permission.entity.js';
import { IfMatch, type Precondition, Replies, Reply } from '#libs/http/replies/replies.js';
import { Caller } from '#libs/verify/src/nest/access.js';
import type { Principal } from '#libs/verify/src/principal.js';
import {
  CreatePermission,
  mapPermission,
  PermissionListQuery,
  PermissionReply,
  UpdatePermission,
} from './permissions.dto.js';
import { PermissionsService } from './permissions.service.js';

const CONFLICT = 'The name is taken, or the permission is seeded.';
const EXCEEDS = 'The change requires permissions that the caller does not have.';

@ApiTags('permissions')
@Controller('permissions')
export class PermissionsController {
  constructor(private readonly permissions: PermissionsService) {}

  @Post()
  @RequirePermission('permissions:create')
  @ApiOperation({ summary: 'Create a permission' })
  @Replies(PermissionReply, { status: 201, message: 'Permission created.', errors: { 409: CONFLICT } })
  async create(
    @Caller() caller: Principal,
    @Body() body: CreatePermission,
    @Audit() audit: RequestAudit,
  ): Promise<Reply<PermissionReply>> {
    const created = await this.permissions.create(caller, body, audit);
    return tagged(created).created(created.id);
  }

  @Get()
  @RequirePermission('permissions:read')
  @ApiOperation({ summary: 'List permissions' })
  @Replies([PermissionReply], { message: 'Permissions.' })
  async list(@Query() query: PermissionListQuery): Promise<Reply<PermissionReply[]>> {
    return Reply.page(await this.permissions.list(query), mapPermission);
  }

  @Get(':id')
  @RequirePermission('permissions:read')
  @ApiOperation({ summary: 'Read a permission' })
  @Replies(PermissionReply, { message: 'Permission.', etag: 'read' })
  async get(@Param('id') id: string): Promise<Reply<PermissionReply>> {
    return tagged(await this.permissions.get(id));
  }

  @Patch(':id')
  @RequirePermission('permissions:update')
  @ApiOperation({ summary: 'Change the name or description of a permission' })
  @Replies(PermissionReply, {
    message: 'Permission updated.',
    etag: 'write',
    errors: { 403: EXCEEDS, 409: CONFLICT },
  })
  async update(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Body() body: UpdatePermission,
    @IfMatch() precondition: Precondition,
    @Audit() audit: RequestAudit,
  ): Promise<Reply<PermissionReply>> {
    return tagged(await this.permissions.update(caller, id, body, precondition, audit));
  }

  @Delete(':id')
  @RequirePermission('permissions:delete')
  @ApiOperation({ summary: 'Delete a permission that is not in use' })
  @Replies(null, {
    message: 'Permission deleted.',
    etag: 'write',
    errors: { 409: 'Roles have the permission, or it is seeded.' },
  })
  async delete(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @IfMatch() precondition: Precondition,
    @Audit() audit: RequestAudit,
  ): Promise<Reply<never>> {
    await this.permissions.delete(caller, id, precondition, audit);
    return Reply.nothing();
  }
}

const tagged = (permission: Permission): Reply<PermissionReply> =>
  Reply.tagged(mapPermission(permission), permission.version);
