import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { EntityManager } from 'typeorm';
import { Directories } from '../directory/directories.js';
import { RightsClient } from '../rights/rights.client.js';
import { PersonRights } from './person-rights.js';

/** Keycloak has no list of the holders of a role for the service's client, so that each person is asked about. */
const MAX_ASKED = 100;
/** So many at once: half of the places at Keycloak stay free for others. */
const AT_ONCE = 10;

/** The active people who hold `*`. */
@Injectable()
export class Administrators {
  constructor(
    private readonly rights: RightsClient,
    private readonly people: PersonRights,
    private readonly directories: Directories,
  ) {}

  /**
   * Whether there is one beside this user who may sign in: any of the native ones, and of Keycloak's among the 100 whose
   * profiles are oldest. A caller who does not hold `*` is refused.
   * @throws ApiError 401, 403, 503 where identity-provider or Keycloak cannot be asked
   */
  async existBeside(tx: EntityManager, request: FastifyRequest, userId: string): Promise<boolean> {
    return (await this.isAnyNative(tx, request, userId)) || (await this.isAnyOfKeycloak(tx, request, userId));
  }

  private async isAnyNative(tx: EntityManager, request: FastifyRequest, userId: string): Promise<boolean> {
    for await (const subs of this.rights.administrators(request)) {
      const active: unknown[] = await tx.query(
        `SELECT FROM users.identities i JOIN users.users u ON u.id = i.user_id
         WHERE i.issuer = 'native' AND i.sub = ANY($1) AND u.status = 'active' AND u.id <> $2 LIMIT 1`,
        [subs, userId],
      );
      if (active.length > 0) return true;
    }
    return false;
  }

  private async isAnyOfKeycloak(
    tx: EntityManager,
    request: FastifyRequest,
    userId: string,
  ): Promise<boolean> {
    const { keycloak } = this.directories;
    if (!keycloak) return false;
    const people: { sub: string }[] = await tx.query(
      `SELECT i.sub FROM users.identities i JOIN users.users u ON u.id = i.user_id
       WHERE i.issuer = 'keycloak' AND u.status = 'active' AND u.id <> $1 ORDER BY u.id LIMIT ${MAX_ASKED}`,
      [userId],
    );
    const isOne = async ({ sub }: { sub: string }): Promise<boolean> => {
      const { everything } = await this.people.compare(request, { issuer: 'keycloak', sub });
      return everything && (await keycloak.isEnabled(sub));
    };
    for (let from = 0; from < people.length; from += AT_ONCE) {
      const found = await Promise.all(people.slice(from, from + AT_ONCE).map(isOne));
      if (found.includes(true)) return true;
    }
    return false;
  }
}
