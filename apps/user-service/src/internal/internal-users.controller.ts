import { Body, Controller, Get, Param, Post, Query, Req } from '@nestjs/common';
import { ApiBody, ApiExtraModels, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { auditContextOf } from '#libs/audit/audit-context.js';
import { invalid } from '#libs/http/replies/api-error.js';
import { Replies, Reply } from '#libs/http/replies/replies.js';
import { Public } from '#libs/verify/src/nest/access.js';
import { toProfileReply } from '../users/profile-reply.js';
import { ProfileReply } from '../users/users.dto.js';
import { NEEDS_INTERNAL_TOKEN, OptionalInternalToken } from './internal-token.guard.js';
import { Batch, UsernameQuery } from './internal-users.dto.js';
import { LookupService } from './lookup.service.js';

const ID = '01980f5e-7a3b-7c41-9d52-6f8e1b2c3d4e';

/** For other services, on the internal port only. `InternalTokenGuard` decides who may call. */
@ApiTags('lookups')
@OptionalInternalToken()
@Controller('users')
export class InternalUsersController {
  constructor(private readonly lookup: LookupService) {}

  @Get('username/:username')
  @Public()
  @ApiOperation({
    summary: 'The profile of a username, without regard to case',
    description: `A username without a profile is looked up in Keycloak. ${NEEDS_INTERNAL_TOKEN}`,
  })
  @Replies(ProfileReply, {
    message: 'User.',
    etag: 'read',
    errors: { 404: 'No user has this username.' },
  })
  async byUsername(
    @Param('username') username: string,
    @Query() { issuer }: UsernameQuery,
    @Req() request: FastifyRequest,
  ) {
    const profile = await this.lookup.getByUsername(username, issuer ?? null, () => auditContextOf(request));
    return Reply.tagged(toProfileReply(profile), profile.version);
  }

  @Post('batch')
  @Public()
  @ApiOperation({
    summary: 'The profiles of up to 100 subjects or ids',
    description: `Send either \`subs\` or \`ids\`. Entries that are not found are left out. ${NEEDS_INTERNAL_TOKEN}`,
  })
  @ApiExtraModels(Batch)
  @ApiBody({
    schema: { allOf: [{ $ref: getSchemaPath(Batch) }], minProperties: 1, maxProperties: 1 },
    examples: { subs: { value: { subs: [ID] } }, ids: { value: { ids: [ID] } } },
  })
  @Replies([ProfileReply], { message: 'Users.', paged: false })
  async batch(@Body() { subs, ids }: Batch): Promise<ProfileReply[]> {
    if ((subs === undefined) === (ids === undefined)) throw exactlyOne();
    const profiles = await this.lookup.findMany(subs ? { subs } : { ids: ids as string[] });
    return profiles.map(toProfileReply);
  }
}

const exactlyOne = () =>
  invalid(
    ['subs', 'ids'].map((field) => ({ field, code: 'exactly_one', message: 'Send either subs or ids.' })),
  );
