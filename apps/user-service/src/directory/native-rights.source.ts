import type { FastifyRequest } from 'fastify';
import type { EntityManager } from 'typeorm';
import { isId } from '#libs/core/ids.js';
import type { IssuerId } from '#libs/verify/src/issuers/issuer-id.js';
import type { Comparison, RightsClient } from '../rights/rights.client.js';
import { NO_RIGHTS, type RightsSource } from './rights-source.js';

/** Accounts have the permissions of their role. */
export class NativeRightsSource implements RightsSource {
  constructor(
    private readonly issuer: IssuerId,
    private readonly rights: RightsClient,
  ) {}

  async compare(request: FastifyRequest, sub: string): Promise<Comparison> {
    return isId(sub) ? this.rights.compareAccount(request, sub) : NO_RIGHTS;
  }

  async hasOtherAdministrator(tx: EntityManager, request: FastifyRequest, userId: string): Promise<boolean> {
    for await (const subs of this.rights.administrators(request)) {
      const active: unknown[] = await tx.query(
        `SELECT FROM users.identities i JOIN users.users u ON u.id = i.user_id
         WHERE i.issuer = $1 AND i.sub = ANY($2) AND u.status = 'active' AND u.id <> $3 LIMIT 1`,
        [this.issuer, subs, userId],
      );
      if (active.length > 0) return true;
    }
    return false;
  }
}
