import { Body, Controller, Delete, Get, Param, Patch, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller, RequirePermission } from '#libs/auth/access.js';
import type { Principal } from '#libs/auth/principal.js';
import { Reply } from '#libs/http/replies/envelope.js';
import { IfMatch, Replies } from '#libs/http/replies/replies.js';
import { toProfileReply } from './profile-reply.js';
import { ProfileReply, StatusChange, UserListQuery } from './users.dto.js';
import { UsersService } from './users.service.js';

const HIMSELF = { 409: 'Nobody suspends or deletes himself.' };

@ApiTags('users')
@Controller('users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @Get()
  @RequirePermission('users:read')
  @ApiOperation({ summary: 'People of both issuers' })
  @Replies([ProfileReply], { message: 'Users.' })
  async list(@Query() query: UserListQuery): Promise<Reply<ProfileReply[]>> {
    return Reply.page(await this.users.list(query), toProfileReply);
  }

  @Get(':id')
  @RequirePermission('users:read')
  @ApiOperation({ summary: 'One person' })
  @Replies(ProfileReply, { message: 'User.', etag: 'read' })
  get(@Param('id') id: string): Promise<Reply<ProfileReply>> {
    return this.users.get(id);
  }

  @Patch(':id')
  @RequirePermission('users:update')
  @ApiOperation({ summary: 'Suspend somebody, or let him in again' })
  @Replies(ProfileReply, { message: 'User updated.', etag: 'write', errors: HIMSELF })
  update(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Body() change: StatusChange,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<Reply<ProfileReply>> {
    return this.users.update(caller, id, change, ifMatch);
  }

  @Delete(':id')
  @RequirePermission('users:delete')
  @ApiOperation({ summary: 'Erase somebody; the issuer keeps its own record' })
  @Replies(null, { message: 'User deleted.', etag: 'write', errors: HIMSELF })
  delete(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<Reply<never>> {
    return this.users.delete(caller, id, ifMatch);
  }
}
