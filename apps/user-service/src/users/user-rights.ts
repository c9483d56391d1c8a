import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { EntityManager } from 'typeorm';
import { IssuerRegistry } from '../directory/issuer-registry.js';
import type { Comparison } from '../rights/rights.client.js';
import type { Profile } from './profile.js';

const UNKNOWN_RIGHTS: Comparison = { exceeds: true, everything: false };

/** What other users may do. */
@Injectable()
export class UserRights {
  constructor(private readonly issuers: IssuerRegistry) {}

  /**
   * Compares a user's rights with the caller's. The rights of users whose issuer is not configured are unknown: only
   * callers with `*` may act on them, and they cannot sign in as administrators.
   * @throws ApiError 401, 403; 503 where identity-provider or the issuer is not available
   */
  async compare(
    request: FastifyRequest,
    { issuer, sub }: Pick<Profile, 'issuer' | 'sub'>,
  ): Promise<Comparison> {
    return this.issuers.find(issuer)?.rights.compare(request, sub) ?? UNKNOWN_RIGHTS;
  }

  /**
   * Whether another active user than this one has every permission and can sign in.
   * @throws ApiError 401; 403 where the caller does not have every permission; 503 where identity-provider or an issuer
   *   is not available
   */
  async hasOtherAdministrator(tx: EntityManager, request: FastifyRequest, userId: string): Promise<boolean> {
    for (const { rights } of this.issuers.all) {
      if (await rights.hasOtherAdministrator(tx, request, userId)) return true;
    }
    return false;
  }
}
