import { createHash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { UserServiceSettings } from '#libs/config/settings.js';
import { unauthorized } from '#libs/http/replies/api-error.js';
import { bearerToken } from '#libs/verify/src/http/bearer.js';
import { TokenError } from '#libs/verify/src/token-error.js';
import { SETTINGS } from '../settings.js';

/** Requires `INTERNAL_API_TOKEN` where it is set, except for health probes. */
@Injectable()
export class InternalTokenGuard implements CanActivate {
  private readonly expected: Buffer | null;

  constructor(@Inject(SETTINGS) { internalApiToken }: UserServiceSettings) {
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

/** `timingSafeEqual` needs two buffers of equal length. */
const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();

const isProbe = (request: FastifyRequest): boolean => /^\/health(\/|$)/.test(request.routeOptions.url ?? '');

function givenToken(request: FastifyRequest): string | null {
  try {
    return bearerToken(request.raw);
  } catch (error) {
    throw error instanceof TokenError ? unauthorized('bad') : error;
  }
}
