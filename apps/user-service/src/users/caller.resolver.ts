import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CallerResolver } from '#libs/auth/caller-resolver.js';
import { type Principal, principalOf, type VerifiedToken } from '#libs/auth/principal.js';
import { UnnamedCallersService } from '../profile-sync/unnamed-callers.service.js';
import { RightsClient } from '../rights/rights.client.js';
import { type IssuerProfile, type Profile, requireActive } from './profile.js';
import { ProfilesService } from './profiles.service.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller's own profile, where the caller is a person. */
    profile?: Profile;
    /** Why Keycloak could not be asked for them: it is not asked a second time, which would take too long. */
    keycloakFailure?: unknown;
  }
}

/**
 * 1. A person has a profile from their first call on, and one who is suspended or deleted gets no further. A service
 *    account has none.
 * 2. The token is good for who he is; what he may do, identity-provider says, where a route asks for it.
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

  /** @throws ApiError 403 `user_suspended`, `user_deleted`; 503 where identity-provider is asked and away */
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
    const word = wordOf(token);
    if (token.namesPerson) return this.profiles.ofIssuerWord(word);
    const { profile, failure } = await this.unnamed.find(word, request.id);
    request.keycloakFailure = failure;
    return profile;
  }
}

function wordOf(token: VerifiedToken): IssuerProfile {
  const { issuer, subject, username, email, firstName, lastName } = token;
  return { issuer, sub: subject, username, email, firstName, lastName, assertedAt: issuedAtOf(token) };
}

/**
 * `iat` has whole seconds. A native session's id is a UUID version 7 (RFC 9562, section 5.7), made just after the token's
 * `iat` was taken, which tells two logins of one second apart.
 */
function issuedAtOf({ issuer, sessionId, issuedAt }: VerifiedToken): Date {
  const from = issuedAt * 1_000;
  const made =
    issuer === 'native' && sessionId ? Number.parseInt(sessionId.replace('-', '').slice(0, 12), 16) : from;
  return new Date(made >= from && made < from + 2_000 ? made : from);
}
