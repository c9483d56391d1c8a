import { Body, Controller, Delete, Get, Param, Patch, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { RequirePermission } from '#libs/auth/access.js';
import { IfMatch, type Precondition, Replies, Reply } from '#libs/http/replies/replies.js';
import type { Profile } from './profile.js';
import { toProfileReply } from './profile-reply.js';
import { ProfileReply, StatusChange, UserListQuery } from './users.dto.js';
import { UsersService } from './users.service.js';

const REFUSALS = {
  403: 'The permission is missing, or the user has permissions that you do not have (`exceeds_own_permissions`).',
  409: 'The user is yourself (`own_user`), or the last active user who has every permission (`last_admin`).',
};

@ApiTags('users')
@Controller('users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @Get()
  @RequirePermission('users:read')
  @ApiOperation({ summary: 'Users of all issuers' })
  @Replies([ProfileReply], { message: 'Users.' })
  async list(@Query() query: UserListQuery): Promise<Reply<ProfileReply[]>> {
    return Reply.page(await this.users.list(query), toProfileReply);
  }

  @Get(':id')
  @RequirePermission('users:read')
  @ApiOperation({ summary: 'One user' })
  @Replies(ProfileReply, { message: 'User.', etag: 'read' })
  async get(@Param('id') id: string): Promise<Reply<ProfileReply>> {
    return tagged(await this.users.get(id));
  }

  @Patch(':id')
  @RequirePermission('users:update')
  @ApiOperation({ summary: 'Suspend or reactivate a user' })
  @Replies(ProfileReply, { message: 'User updated.', etag: 'write', errors: REFUSALS })
  async update(
    @Req() request: FastifyRequest,
    @Param('id') id: string,
    @Body() change: StatusChange,
    @IfMatch() precondition: Precondition,
  ): Promise<Reply<ProfileReply>> {
    return tagged(await this.users.update(request, id, change, precondition));
  }

  @Delete(':id')
  @RequirePermission('users:delete')
  @ApiOperation({ summary: 'Delete a user; the issuer keeps its own record' })
  @Replies(null, { message: 'User deleted.', etag: 'write', errors: REFUSALS })
  async delete(
    @Req() request: FastifyRequest,
    @Param('id') id: string,
    @IfMatch() precondition: Precondition,
  ): Promise<Reply<never>> {
    await this.users.delete(request, id, precondition);
    return Reply.nothing();
  }
}

const tagged = (profile: Profile): Reply<ProfileReply> =>
  Reply.tagged(toProfileReply(profile), profile.version);
