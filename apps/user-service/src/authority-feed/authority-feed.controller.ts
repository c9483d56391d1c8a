import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AcceptServiceToken } from '#libs/auth/service-token.js';
import { FeedOperation } from '#libs/authority-feed/feed.dto.js';
import { FeedServer } from '#libs/authority-feed/feed-server.js';
import { Public } from '#libs/verify/src/nest/access.js';

/** On the internal port. `InternalTokenGuard` decides who may call. */
@ApiTags('authority')
@ApiBearerAuth('bearer')
@Controller('authority')
export class AuthorityFeedController {
  constructor(private readonly feed: FeedServer) {}

  @Get()
  @Public()
  @AcceptServiceToken()
  @FeedOperation(
    'Suspended and deleted users of both issuers. Needs `AUTHORITY_FEED_TOKEN` as bearer token, in place of `INTERNAL_API_TOKEN`, or the token of a caller with the permission `authority:read`.',
  )
  read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.feed.serve(request, reply);
  }
}
