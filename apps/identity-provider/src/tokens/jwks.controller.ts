import { Controller, Get, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '#libs/verify/src/nest/access.js';
import { JwksReply, RepliesAsIs } from './jwks.dto.js';
import { JwksService } from './jwks.service.js';

/** The public keys that verify native tokens. Standards define the format of these replies, so they have no envelope. */
@ApiTags('keys')
@Controller('.well-known')
export class WellKnownController {
  constructor(private readonly jwks: JwksService) {}

  @Get('jwks.json')
  @Public()
  @ApiOperation({ summary: 'The public keys as a JWKS (RFC 7517)' })
  @RepliesAsIs(JwksReply)
  keys(@Res({ passthrough: true }) reply: FastifyReply): string {
    const { headers, body } = this.jwks.current.plain;
    reply.headers(headers);
    return body;
  }
}

@ApiTags('keys')
@Controller('auth/jwks')
export class EnvelopedJwksController {
  constructor(private readonly jwks: JwksService) {}

  @Get()
  @Public()
  @ApiOperation({ summary: 'The public keys in the envelope; standard JWKS clients can read it too' })
  @RepliesAsIs(JwksReply, { enveloped: true })
  keys(@Res({ passthrough: true }) reply: FastifyReply): string {
    const { headers, body } = this.jwks.current.enveloped;
    reply.headers(headers);
    return body;
  }
}
