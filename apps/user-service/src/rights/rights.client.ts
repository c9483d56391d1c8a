import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '#libs/auth/principal.js';
import { TokenRejected } from '#libs/auth/token-rejected.js';
import { IdentityProviderClient, identityProviderUnavailable } from './identity-provider.client.js';

export type Rights = Pick<Principal, 'roles' | 'permissions'>;

/** Rights are identity-provider's to say: the one place that asks it, with the caller's own token. */
@Injectable()
export class RightsClient {
  constructor(private readonly identityProvider: IdentityProviderClient) {}

  /**
   * `GET {IDENTITY_PROVIDER_URL}/api/v1/auth/me`
   * @throws TokenRejected where identity-provider takes the token no more: its session has ended, say
   * @throws ApiError 503
   */
  async ofCaller(request: FastifyRequest): Promise<Rights> {
    const { status, data } = await this.identityProvider.call('GET', '/api/v1/auth/me', request);
    if (status === 401) throw new TokenRejected('session_ended');
    if (status !== 200 || !areRights(data)) throw identityProviderUnavailable(`answered ${status}`);
    const { roles, permissions } = data;
    return { roles, permissions };
  }
}

const isTextList = (value: unknown): boolean =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string');

function areRights(data: unknown): data is Rights {
  const { roles, permissions } = (data ?? {}) as Record<string, unknown>;
  return isTextList(roles) && isTextList(permissions);
}
