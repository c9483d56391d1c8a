import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CallerResolver } from '#libs/auth/caller-resolver.js';
import { isId } from '#libs/core/ids.js';
import { type Principal, principalOf, type VerifiedToken } from '#libs/verify/src/principal.js';
import { TokenError } from '#libs/verify/src/token-error.js';
import { RightsService } from '../authority/rights.service.js';
import { EndedTokensService } from '../backchannel-logout/ended-tokens.service.js';
import { ServiceClients } from '../sessions/service-clients.js';
import { SessionLookup } from '../sessions/session-lookup.js';

/** Identity comes from the token; session and rights come from the database. */
@Injectable()
export class CurrentCallerResolver extends CallerResolver {
  constructor(
    private readonly sessions: SessionLookup,
    private readonly rights: RightsService,
    private readonly clients: ServiceClients,
    private readonly endedTokens: EndedTokensService,
  ) {
    super();
  }

  resolve(token: VerifiedToken, request: FastifyRequest): Promise<Principal> {
    if (token.issuerKind !== 'native') return this.keycloak(token);
    return token.kind === 'service' ? this.service(token) : this.native(token, request);
  }

  /** Runs one query. @throws TokenError if the session has ended or the account is not active */
  private async native(token: VerifiedToken, request: FastifyRequest): Promise<Principal> {
    if (!isId(token.sessionId) || !isId(token.subject)) throw new TokenError('session_ended');
    const account = await this.sessions.find(token.sessionId, token.subject);
    const role = account && (await this.rights.findByRoleId(account.roleId, account.authorityVersion));
    if (!account || !role) throw new TokenError('session_ended');
    request.account = account;
    return {
      ...principalOf(token),
      username: account.email,
      email: account.email,
      email_verified: account.emailVerified,
      first_name: account.firstName,
      last_name: account.lastName,
      roles: [role.name],
      permissions: role.permissions,
    };
  }

  /** @throws TokenError if the token was revoked, or its client is disabled or may no longer act for itself */
  private async service(token: VerifiedToken): Promise<Principal> {
    const client = await this.clients.findService(token.subject, token.sessionId);
    if (!client) throw new TokenError('session_ended');
    return {
      ...principalOf(token),
      roles: client.role === null ? [] : [client.role],
      permissions: client.permissions,
    };
  }

  /** The permissions are the union over all mapped roles. @throws TokenError if Keycloak has ended the session */
  private async keycloak(token: VerifiedToken): Promise<Principal> {
    const [hasEnded, roles] = await Promise.all([
      this.endedTokens.hasEnded(token),
      this.rights.findCurrentByRoleNames(token.roles),
    ]);
    if (hasEnded) throw new TokenError('session_ended');
    const permissions = [...new Set(roles.flatMap((role) => role.permissions))].sort();
    return {
      ...principalOf(token),
      roles: roles.map(({ name }) => name),
      permissions: permissions.includes('*') ? ['*'] : permissions,
    };
  }
}
