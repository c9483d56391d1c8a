import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { auditContextOf } from '#libs/audit/audit-context.js';
import { CallerResolver } from '#libs/auth/caller-resolver.js';
import { type Principal, principalOf, type VerifiedToken } from '#libs/verify/src/principal.js';
import { UnnamedCallersService } from '../profile-sync/unnamed-callers.service.js';
import { CallerAuthority } from '../rights/caller-authority.js';
import { RightsClient } from '../rights/rights.client.js';
import { type IssuerProfile, type Profile, requireActive } from './profile.js';
import { ProfilesService } from './profiles.service.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller's own profile; a service account has none. */
    profile?: Profile;
    /** Why the issuer could not be asked for this profile. It is not asked twice in one request: that takes too long. */
    directoryFailure?: unknown;
  }
}

/**
 * 1. Tokens that the authority feed has revoked are refused.
 * 2. The first call of a user makes their profile. Suspended and deleted users are refused. A service account has no
 *    profile.
 * 3. The identity comes from the token. The rights, where a route needs a permission, come from the authority feed; where
 *    that is not current, identity-provider is asked.
 */
@Injectable()
export class ProfileCallerResolver extends CallerResolver {
  constructor(
    private readonly profiles: ProfilesService,
    private readonly unnamed: UnnamedCallersService,
    private readonly authority: CallerAuthority,
    private readonly rights: RightsClient,
  ) {
    super();
  }

  /**
   * @throws TokenError where the session, the subject or the key of the token has ended
   * @throws ApiError 403 `user_suspended`, `user_deleted`; 503 where identity-provider is needed and not available
   */
  async resolve(
    token: VerifiedToken,
    request: FastifyRequest,
    permissions: readonly string[],
  ): Promise<Principal> {
    this.authority.assertNotRevoked(token);
    const profile = token.kind === 'person' ? await this.profileOf(token, request) : null;
    if (profile) {
      requireActive(profile.status);
      request.profile = profile;
    }
    const principal = principalOf(profile ? token : { ...token, kind: 'service' });
    if (permissions.length === 0) return principal;
    const rights = this.authority.findRights(token) ?? (await this.rights.ofCaller(request));
    return { ...principal, ...rights };
  }

  private async profileOf(token: VerifiedToken, request: FastifyRequest): Promise<Profile | null> {
    const asserted = toIssuerProfile(token);
    const auditOf = () => auditContextOf(request, token);
    if (token.namesPerson) return this.profiles.sync(asserted, auditOf);
    const { profile, failure } = await this.unnamed.find(asserted, auditOf());
    request.directoryFailure = failure;
    return profile;
  }
}

function toIssuerProfile(token: VerifiedToken): IssuerProfile {
  const { issuer, subject, username, email, emailVerified, firstName, lastName, assertedAt } = token;
  return {
    issuer,
    sub: subject,
    username,
    email,
    emailVerified,
    firstName,
    lastName,
    assertedAt: new Date(assertedAt),
  };
}
