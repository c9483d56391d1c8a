import { Controller, Get, Header, Inject, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '#libs/auth/access.js';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { SETTINGS } from '../settings.js';
import { DiscoveryReply, JwksReply, RepliesAsIs } from './jwks.dto.js';
import { JWKS_MAX_AGE, JwksService } from './jwks.service.js';

const JSON_TYPE = 'application/json; charset=utf-8';
const CACHE_CONTROL = `public, max-age=${JWKS_MAX_AGE}`;

/** The public keys that verify native tokens. Standards define the format of these replies, so they have no envelope. */
@ApiTags('keys')
@Controller('.well-known')
export class WellKnownController {
  /** Serialized once: it never changes. */
  private readonly discovery: string;

  constructor(
    private readonly jwks: JwksService,
    @Inject(SETTINGS) { signing: { issuer } }: IdentityProviderSettings,
  ) {
    this.discovery = JSON.stringify({
      issuer,
      jwks_uri: `${issuer.replace(/\/$/, '')}/.well-known/jwks.json`,
      id_token_signing_alg_values_supported: ['RS256'],
      subject_types_supported: ['public'],
    });
  }

  @Get('jwks.json')
  @Public()
  @ApiOperation({ summary: 'The public keys as a JWKS (RFC 7517)' })
  @RepliesAsIs(JwksReply)
  keys(@Res({ passthrough: true }) reply: FastifyReply): Buffer {
    const { headers, body } = this.jwks.current.plain;
    reply.headers(headers);
    return body;
  }

  @Get('openid-configuration')
  @Public()
  @ApiOperation({ summary: 'The location of the keys (OpenID Connect Discovery 1.0)' })
  @Header('content-type', JSON_TYPE)
  @Header('cache-control', CACHE_CONTROL)
  @RepliesAsIs(DiscoveryReply)
  configuration(): string {
    return this.discovery;
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
  keys(@Res({ passthrough: true }) reply: FastifyReply): Buffer {
    const { headers, body } = this.jwks.current.enveloped;
    reply.headers(headers);
    return body;
  }
}
