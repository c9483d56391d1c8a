import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Public } from '#libs/auth/access.js';
import { invalid } from '#libs/http/replies/api-error.js';
import { Reply } from '#libs/http/replies/envelope.js';
import { etagOf } from '#libs/http/replies/etag.js';
import { Replies } from '#libs/http/replies/replies.js';
import { toProfileReply } from '../users/profile-reply.js';
import { ProfileReply } from '../users/users.dto.js';
import { Batch, UsernameQuery } from './internal-users.dto.js';
import { LookupService } from './lookup.service.js';

/** For other services, on the internal port alone; who may call is the port's matter (`internal-token.guard.ts`). */
@ApiTags('lookups')
@Controller('users')
export class InternalUsersController {
  constructor(private readonly lookup: LookupService) {}

  @Get('username/:username')
  @Public()
  @ApiOperation({ summary: 'The profile of a username, without regard to case' })
  @Replies(ProfileReply, { message: 'User.', etag: 'read' })
  async byUsername(@Param('username') username: string, @Query() { issuer }: UsernameQuery) {
    const profile = await this.lookup.getByUsername(username, issuer);
    return Reply.tagged(toProfileReply(profile), etagOf(profile.version));
  }

  @Post('batch')
  @Public()
  @ApiOperation({ summary: 'The profiles of up to 100 subjects or ids' })
  @Replies([ProfileReply], { message: 'Users.' })
  async batch(@Body() { subs, ids }: Batch): Promise<ProfileReply[]> {
    if ((subs === undefined) === (ids === undefined)) throw exactlyOne();
    const profiles = await this.lookup.findMany(subs ? { subs } : { ids: ids as string[] });
    return profiles.map(toProfileReply);
  }
}

const exactlyOne = () =>
  invalid(
    ['subs', 'ids'].map((field) => ({ field, code: 'exactly_one', message: 'Exactly one of subs and ids.' })),
  );
