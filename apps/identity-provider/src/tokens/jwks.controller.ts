import { Controller, Get, Header, Inject, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '#libs/auth/access.js';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { SETTINGS } from '../settings.js';
import { DiscoveryReply, JwksReply, RepliesAsIs } from './jwks.dto.js';
import { JWKS_MAX_AGE, Jwks } from './jwks.js';

const JSON_TYPE = 'application/json; charset=utf-8';
const CACHED = `public, max-age=${JWKS_MAX_AGE}`;

/** The public keys, for whoever verifies native tokens. Their forms are fixed by standards, so no envelope. */
@ApiTags('keys')
@Controller('.well-known')
export class WellKnownController {
  private readonly discovery: string;

  constructor(
    private readonly jwks: Jwks,
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
  @Header('content-type', JSON_TYPE)
  @Header('cache-control', CACHED)
  @RepliesAsIs(JwksReply)
  keys(@Res({ passthrough: true }) reply: FastifyReply): string {
    reply.header('etag', this.jwks.etag);
    return this.jwks.standard;
  }

  @Get('openid-configuration')
  @Public()
  @ApiOperation({ summary: 'Where the keys are (OpenID Connect Discovery 1.0)' })
  @Header('content-type', JSON_TYPE)
  @Header('cache-control', CACHED)
  @RepliesAsIs(DiscoveryReply)
  configuration(): string {
    return this.discovery;
  }
}

@ApiTags('keys')
@Controller('auth/jwks')
export class EnvelopedJwksController {
  constructor(private readonly jwks: Jwks) {}

  @Get()
  @Public()
  @ApiOperation({ summary: 'The public keys in the envelope, readable by stock JWKS clients too' })
  @Header('content-type', JSON_TYPE)
  @Header('cache-control', CACHED)
  @RepliesAsIs(JwksReply, { enveloped: true })
  keys(@Res({ passthrough: true }) reply: FastifyReply): string {
    reply.header('etag', this.jwks.etag);
    return this.jwks.enveloped;
  }
}
