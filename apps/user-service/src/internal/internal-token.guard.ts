import { createHash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { bearerToken } from '#libs/auth/bearer.js';
import { TokenRejected } from '#libs/auth/token-rejected.js';
import type { UserServiceSettings } from '#libs/config/settings.js';
import { unauthorized } from '#libs/http/replies/api-error.js';
import { USER_SERVICE_SETTINGS } from '../settings.js';

/** The internal port asks for `INTERNAL_API_TOKEN` where it is set; its probes never do. */
@Injectable()
export class InternalTokenGuard implements CanActivate {
  private readonly expected: Buffer | null;

  constructor(@Inject(USER_SERVICE_SETTINGS) { internalApiToken }: UserServiceSettings) {
    this.expected = internalApiToken === null ? null : digestOf(internalApiToken);
  }

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (this.expected === null || isProbe(request)) return true;
    const given = givenToken(request);
    if (given === null) throw unauthorized('absent');
    if (!timingSafeEqual(digestOf(given), this.expected)) throw unauthorized('bad');
    return true;
  }
}

/** Of equal length, whatever was sent. */
const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();

const isProbe = (request: FastifyRequest): boolean => /^\/health(\/|$)/.test(request.routeOptions.url ?? '');

function givenToken(request: FastifyRequest): string | null {
  try {
    return bearerToken(request);
  } catch (error) {
    throw error instanceof TokenRejected ? unauthorized('bad') : error;
  }
}
