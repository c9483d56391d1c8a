import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RequirePermission } from '#libs/auth/access.js';
import { AcceptServiceToken } from '#libs/auth/service-token.js';
import { FeedOperation } from '#libs/authority-feed/feed.dto.js';
import { FeedServer } from '#libs/authority-feed/feed-server.js';

@ApiTags('authority')
@Controller('authority')
export class AuthorityFeedController {
  constructor(private readonly feed: FeedServer) {}

  @Get()
  @RequirePermission('authority:read')
  @AcceptServiceToken()
  @FeedOperation(
    'Ended sessions, subjects and keys of both issuers, subjects whose role has changed, and the permissions of every role. `AUTHORITY_FEED_TOKEN` is accepted as bearer token too.',
  )
  read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.feed.serve(request, reply);
  }
}
