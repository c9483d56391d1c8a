import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type Principal, principalOf, type VerifiedToken } from '#libs/verify/src/principal.js';

/** Returns the caller of a verified token with their rights. Each app has its own resolver. */
export abstract class CallerResolver {
  /**
   * @param permissions the route's; where there are none, the resolver can leave out rights that are expensive to get
   * @throws TokenError (401) where the token is valid but its session or account has ended
   * @throws ApiError
   */
  abstract resolve(
    token: VerifiedToken,
    request: FastifyRequest,
    permissions: readonly string[],
  ): Principal | Promise<Principal>;
}

/** Uses the token's claims alone. A Keycloak token then has no permissions. */
@Injectable()
export class TokenCallerResolver extends CallerResolver {
  override resolve(token: VerifiedToken): Principal {
    return principalOf(token);
  }
}
