import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { auditContextOf } from '#libs/audit/audit-context.js';
import { CallerResolver } from '#libs/auth/caller-resolver.js';
import { type Principal, principalOf, type VerifiedToken } from '#libs/verify/src/principal.js';
import { UnnamedCallersService } from '../profile-sync/unnamed-callers.service.js';
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
 * 1. The first call of a user makes their profile. Suspended and deleted users are refused. A service account has no
 *    profile.
 * 2. The identity comes from the token. The rights come from identity-provider, where a route needs a permission.
 */
@Injectable()
export class ProfileCallerResolver extends CallerResolver {
  constructor(
    private readonly profiles: ProfilesService,
    private readonly unnamed: UnnamedCallersService,
    private readonly rights: RightsClient,
  ) {
    super();
  }

  /** @throws ApiError 403 `user_suspended`, `user_deleted`; 503 where identity-provider is needed and not available */
  async resolve(
    token: VerifiedToken,
    request: FastifyRequest,
    permissions: readonly string[],
  ): Promise<Principal> {
    const profile = token.kind === 'person' ? await this.profileOf(token, request) : null;
    if (profile) {
      requireActive(profile.status);
      request.profile = profile;
    }
    const principal = principalOf(profile ? token : { ...token, kind: 'service' });
    if (permissions.length === 0) return principal;
    return { ...principal, ...(await this.rights.ofCaller(request)) };
  }

  private async profileOf(token: VerifiedToken, request: FastifyRequest): Promise<Profile | null> {
    const asserted = toIssuerProfile(token);
    const audit = auditContextOf(request, token);
    if (token.namesPerson) return this.profiles.sync(asserted, audit);
    const { profile, failure } = await this.unnamed.find(asserted, audit);
    request.directoryFailure = failure;
    return profile;
  }
}

function toIssuerProfile(token: VerifiedToken): IssuerProfile {
  const { issuer, subject, username, email, firstName, lastName, assertedAt } = token;
  return { issuer, sub: subject, username, email, firstName, lastName, assertedAt: new Date(assertedAt) };
}
