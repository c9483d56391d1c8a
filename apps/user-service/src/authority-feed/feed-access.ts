import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ServiceToken } from '#libs/auth/service-token.js';
import type { UserServiceSettings } from '#libs/config/settings.js';
import { forbidden, unauthorized } from '#libs/http/replies/api-error.js';
import { hasPermission } from '#libs/verify/src/principal.js';
import { TokenError } from '#libs/verify/src/token-error.js';
import { RightsClient } from '../rights/rights.client.js';
import { SETTINGS } from '../settings.js';
import { requireActive } from '../users/profile.js';
import { ProfilesService } from '../users/profiles.service.js';

const PERMISSION = 'authority:read';

/** Who may read the feed on the internal port. */
@Injectable()
export class FeedAccess {
  private readonly token: ServiceToken;

  constructor(
    @Inject(SETTINGS) { authorityFeedToken }: UserServiceSettings,
    private readonly rights: RightsClient,
    private readonly profiles: ProfilesService,
  ) {
    this.token = new ServiceToken(authorityFeedToken);
  }

  /**
   * The feed's token, or a caller's with the permission, which identity-provider verifies.
   * @throws ApiError 401; 403, also for a suspended user; 503 where identity-provider is needed and not available
   */
  async require(given: string, request: FastifyRequest): Promise<void> {
    if (this.token.matches(given)) return;
    const { issuer, sub, permissions } = await this.callerOf(request);
    const profile = await this.profiles.findByIdentity(issuer, sub);
    if (profile) requireActive(profile.status);
    if (!hasPermission(permissions, PERMISSION)) throw forbidden();
  }

  private async callerOf(request: FastifyRequest) {
    try {
      return await this.rights.caller(request);
    } catch (error) {
      throw error instanceof TokenError ? unauthorized('bad') : error;
    }
  }
}
