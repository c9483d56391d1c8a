import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '#libs/auth/access.js';
import { JwksReply, RepliesAsIs } from './jwks.dto.js';
import { JWKS_MAX_AGE, JwksService } from './jwks.service.js';

const JSON_TYPE = 'application/json; charset=utf-8';
const CACHE_CONTROL = `public, max-age=${JWKS_MAX_AGE}`;

/** The public keys that verify native tokens. Standards define the format of these replies, so they have no envelope. */
@ApiTags('keys')
@Controller('.well-known')
export class WellKnownController {
  constructor(private readonly jwks: JwksService) {}

  @Get('jwks.json')
  @Public()
  @ApiOperation({ summary: 'The public keys as a JWKS (RFC 7517)' })
  @Header('content-type', JSON_TYPE)
  @Header('cache-control', CACHE_CONTROL)
  @RepliesAsIs(JwksReply)
  keys(@Res({ passthrough: true }) reply: FastifyReply): string {
    const { etag, json } = this.jwks.current;
    reply.header('etag', etag);
    return json;
  }
}

@ApiTags('keys')
@Controller('auth/jwks')
export class EnvelopedJwksController {
  constructor(private readonly jwks: JwksService) {}

  @Get()
  @Public()
  @ApiOperation({ summary: 'The public keys in the envelope; standard JWKS clients can read it too' })
  @Header('content-type', JSON_TYPE)
  @Header('cache-control', CACHE_CONTROL)
  @RepliesAsIs(JwksReply, { enveloped: true })
  keys(@Res({ passthrough: true }) reply: FastifyReply): string {
    const { etag, envelopedJson } = this.jwks.current;
    reply.header('etag', etag);
    return envelopedJson;
  }
}
