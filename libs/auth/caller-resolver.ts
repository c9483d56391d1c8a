import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type Principal, principalOf, type VerifiedToken } from './principal.js';

/** Who is behind a good token, and what they may do: each app's own answer. */
export abstract class CallerResolver {
  /**
   * @param permissions what the route asks for; where it is empty, rights that are costly to get are not needed
   * @throws TokenRejected where the token is good and its session or account no more: 401
   * @throws ApiError
   */
  abstract resolve(
    token: VerifiedToken,
    request: FastifyRequest,
    permissions: readonly string[],
  ): Principal | Promise<Principal>;
}

/** Takes the token on its word: for a service that asks nobody. A Keycloak token then has no permissions. */
@Injectable()
export class TokenCallerResolver extends CallerResolver {
  override resolve(token: VerifiedToken): Principal {
    return principalOf(token);
  }
}
