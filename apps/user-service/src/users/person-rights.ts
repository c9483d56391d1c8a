import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { isId } from '#libs/core/ids.js';
import { Directories } from '../directory/directories.js';
import { type Comparison, RightsClient } from '../rights/rights.client.js';
import type { Profile } from './profile.js';

const NO_RIGHTS: Comparison = { exceeds: false, everything: false };

/** What other people may do, as identity-provider says: by a native account's role, by a Keycloak user's mapped roles. */
@Injectable()
export class PersonRights {
  constructor(
    private readonly rights: RightsClient,
    private readonly directories: Directories,
  ) {}

  /**
   * Compares a person's rights with the caller's. A person that the issuer does not know any more has none.
   * @throws ApiError 401, 403, 503 where identity-provider or Keycloak cannot be asked
   */
  async compare(
    request: FastifyRequest,
    { issuer, sub }: Pick<Profile, 'issuer' | 'sub'>,
  ): Promise<Comparison> {
    if (issuer === 'native') return isId(sub) ? this.rights.compareAccount(request, sub) : NO_RIGHTS;
    // Where Keycloak mode is off, no token of theirs is taken.
    const roles = (await this.directories.keycloak?.realmRolesOf(sub)) ?? [];
    return this.rights.compareRealmRoles(request, roles);
  }
}
