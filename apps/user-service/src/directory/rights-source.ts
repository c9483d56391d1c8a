import type { FastifyRequest } from 'fastify';
import type { EntityManager } from 'typeorm';
import type { Comparison } from '../rights/rights.client.js';

export const NO_RIGHTS: Comparison = { exceeds: false, everything: false };

/** What the users of one issuer may do. identity-provider answers, asked with the caller's token. */
export interface RightsSource {
  /**
   * Compares a user's rights with the caller's. A user that the issuer does not have has no rights.
   * @throws ApiError 401, 403; 503 where identity-provider or the issuer is not available
   */
  compare(request: FastifyRequest, sub: string): Promise<Comparison>;

  /**
   * Whether another active user than this one has every permission and can sign in.
   * @param userId of the user who does not count
   * @throws ApiError 401, 403; 503 where identity-provider or the issuer is not available
   */
  hasOtherAdministrator(tx: EntityManager, request: FastifyRequest, userId: string): Promise<boolean>;
}
