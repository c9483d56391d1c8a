import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CallerResolver } from '#libs/auth/caller-resolver.js';
import { type Principal, principalOf, type VerifiedToken } from '#libs/auth/principal.js';
import { RightsClient } from '../rights/rights.client.js';
import type { IssuerWord, Profile } from './profile.js';
import { ProfilesService } from './profiles.service.js';
import { userDeleted, userSuspended } from './users.errors.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller's own profile, where the caller is a person. */
    profile?: Profile;
  }
}

/**
 * 1. A person has a profile from his first call on, and one who is suspended or deleted gets no further.
 * 2. The token is good for who he is; what he may do, identity-provider says, where a route asks for it.
 */
@Injectable()
export class ProfileCallerResolver extends CallerResolver {
  constructor(
    private readonly profiles: ProfilesService,
    private readonly rights: RightsClient,
  ) {
    super();
  }

  /** @throws ApiError 403 `user_suspended`, `user_deleted`; 503 where identity-provider is asked and away */
  async resolve(
    token: VerifiedToken,
    request: FastifyRequest,
    permission: string | null,
  ): Promise<Principal> {
    if (token.kind === 'person') {
      const profile = await this.profiles.ofIssuerWord(wordOf(token));
      requireActive(profile);
      request.profile = profile;
    }
    const principal = principalOf(token);
    if (permission === null) return principal;
    return { ...principal, ...(await this.rights.ofCaller(request)) };
  }
}

function wordOf(token: VerifiedToken): IssuerWord {
  const { issuer, subject, username, email, firstName, lastName } = token;
  return { issuer, sub: subject, username, email, firstName, lastName, toldAt: issuedAtOf(token) };
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

function requireActive({ status }: Profile): void {
  if (status === 'suspended') throw userSuspended();
  if (status === 'deleted') throw userDeleted();
}
