import type { FastifyRequest } from 'fastify';
import type { EntityManager } from 'typeorm';
import type { IssuerId } from '#libs/verify/src/issuers/issuer-id.js';
import type { Comparison, RightsClient } from '../rights/rights.client.js';
import type { KeycloakDirectory } from './keycloak.directory.js';
import type { RightsSource } from './rights-source.js';

/** The service's client cannot list the users who have a role, so that each user is asked about. */
const MAX_USERS = 100;
/** At most half of the concurrent calls to Keycloak: the others stay free for other requests. */
const CONCURRENT_USERS = 10;

/** Users have the permissions of their realm roles, as the role map translates them. */
export class KeycloakRightsSource implements RightsSource {
  constructor(
    private readonly issuer: IssuerId,
    private readonly directory: KeycloakDirectory,
    private readonly rights: RightsClient,
  ) {}

  async compare(request: FastifyRequest, sub: string): Promise<Comparison> {
    return this.rights.compareRealmRoles(request, await this.directory.realmRolesOf(sub));
  }

  /** Looks at the 100 oldest profiles. */
  async hasOtherAdministrator(tx: EntityManager, request: FastifyRequest, userId: string): Promise<boolean> {
    const users: { sub: string }[] = await tx.query(
      `SELECT i.sub FROM users.identities i JOIN users.users u ON u.id = i.user_id
       WHERE i.issuer = $1 AND u.status = 'active' AND u.id <> $2 ORDER BY u.id LIMIT ${MAX_USERS}`,
      [this.issuer, userId],
    );
    const isAdministrator = async ({ sub }: { sub: string }): Promise<boolean> =>
      (await this.compare(request, sub)).everything && (await this.directory.isEnabled(sub));
    for (let from = 0; from < users.length; from += CONCURRENT_USERS) {
      const batch = users.slice(from, from + CONCURRENT_USERS);
      if ((await Promise.all(batch.map(isAdministrator))).includes(true)) return true;
    }
    return false;
  }
}
