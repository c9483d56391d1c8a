import { applyDecorators, type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { ApiBearerAuth, ApiSecurity } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { acceptsServiceToken, ServiceToken } from '#libs/auth/service-token.js';
import type { UserServiceSettings } from '#libs/config/settings.js';
import { unauthorized } from '#libs/http/replies/api-error.js';
import { bearerToken } from '#libs/verify/src/http/bearer.js';
import { TokenError } from '#libs/verify/src/token-error.js';
import { FeedAccess } from '../authority-feed/feed-access.js';
import { SETTINGS } from '../settings.js';

/** For the descriptions of the operations. */
export const NEEDS_INTERNAL_TOKEN = 'Needs `INTERNAL_API_TOKEN` as bearer token where it is set.';

/** Documents in OpenAPI that a bearer token is optional; `InternalTokenGuard` checks it. */
export const OptionalInternalToken = (): ClassDecorator =>
  applyDecorators(ApiBearerAuth('bearer'), ApiSecurity({}));

/** Requires `INTERNAL_API_TOKEN` where it is set, except for health probes. The authority feed has its own token. */
@Injectable()
export class InternalTokenGuard implements CanActivate {
  private readonly token: ServiceToken;

  constructor(
    @Inject(SETTINGS) { internalApiToken }: UserServiceSettings,
    private readonly feed: FeedAccess,
  ) {
    this.token = new ServiceToken(internalApiToken);
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const isFeed = acceptsServiceToken(context.getHandler());
    if (!isFeed && (!this.token.isSet || isProbe(request))) return true;
    const given = givenToken(request);
    if (given === null) throw unauthorized('absent');
    if (isFeed) await this.feed.require(given, request);
    else if (!this.token.matches(given)) throw unauthorized('bad');
    return true;
  }
}

const isProbe = (request: FastifyRequest): boolean => /^\/health(\/|$)/.test(request.routeOptions.url ?? '');

function givenToken(request: FastifyRequest): string | null {
  try {
    return bearerToken(request.raw);
  } catch (error) {
    throw error instanceof TokenError ? unauthorized('bad') : error;
  }
}
