import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '#libs/verify/src/principal.js';
import { TokenError } from '#libs/verify/src/token-error.js';
import {
  IdentityProviderClient,
  identityProviderUnavailable,
  requireData,
} from './identity-provider.client.js';

export type Rights = Pick<Principal, 'roles' | 'permissions'>;

/** Who a caller is, and what they may do now. */
export type CallerRights = Rights & Pick<Principal, 'issuer' | 'sub'>;

/** The rights of others, compared with the caller's. */
export interface Comparison {
  /** They have a permission that the caller does not have. */
  exceeds: boolean;
  /** They have `*`. */
  everything: boolean;
}

/** identity-provider's limit for one request. */
const MAX_NAMES = 100;

/** Asks identity-provider for rights, with the caller's token. */
@Injectable()
export class RightsClient {
  constructor(private readonly identityProvider: IdentityProviderClient) {}

  /** @throws TokenError, ApiError as `caller` */
  async ofCaller(request: FastifyRequest): Promise<Rights> {
    const { roles, permissions } = await this.ownData(request);
    return { roles, permissions };
  }

  /**
   * `GET {IDENTITY_PROVIDER_URL}/api/v1/auth/me`
   * @throws TokenError where identity-provider no longer accepts the token, for instance after a logout
   * @throws ApiError 503
   */
  async caller(request: FastifyRequest): Promise<CallerRights> {
    const data = await this.ownData(request);
    const { issuer, sub } = data as Partial<CallerRights>;
    if (typeof issuer !== 'string' || typeof sub !== 'string') {
      throw identityProviderUnavailable('answered without the caller');
    }
    return { ...data, issuer, sub };
  }

  private async ownData(request: FastifyRequest): Promise<Rights> {
    const { status, data } = await this.identityProvider.call('GET', '/api/v1/auth/me', request);
    if (status === 401) throw new TokenError('session_ended');
    if (status !== 200 || !areRights(data)) throw identityProviderUnavailable(`answered ${status}`);
    return data;
  }

  /** @throws ApiError 401, 403, 503 */
  compareAccount(request: FastifyRequest, id: string): Promise<Comparison> {
    return this.compare(request, 'account_ids', [id]);
  }

  /** Compares the rights of all these Keycloak realm roles together. @throws ApiError 401, 403, 503 */
  async compareRealmRoles(request: FastifyRequest, names: readonly string[]): Promise<Comparison> {
    const parts: Comparison[] = [];
    for (let from = 0; from < names.length; from += MAX_NAMES) {
      parts.push(await this.compare(request, 'realm_roles', names.slice(from, from + MAX_NAMES)));
    }
    return combine(parts);
  }

  /**
   * `GET {IDENTITY_PROVIDER_URL}/api/v1/rights/administrators`: the ids of the active accounts that have `*`, page by page.
   * @throws ApiError 401, 403 (the caller needs `accounts:read`), 503
   */
  async *administrators(request: FastifyRequest): AsyncGenerator<string[]> {
    let cursor: string | null = null;
    do {
      const after: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const path = `/api/v1/rights/administrators?limit=100${after}`;
      const answer = await this.identityProvider.call('GET', path, request);
      const accounts = requireData(answer);
      if (!areAccounts(accounts)) throw identityProviderUnavailable('answered without a list');
      yield accounts.map(({ id }) => id);
      cursor = answer.nextCursor;
    } while (cursor !== null);
  }

  /** `POST {IDENTITY_PROVIDER_URL}/api/v1/rights/compare` */
  private async compare(
    request: FastifyRequest,
    kind: 'account_ids' | 'realm_roles',
    asked: readonly string[],
  ): Promise<Comparison> {
    const answer = await this.identityProvider.call('POST', '/api/v1/rights/compare', request, {
      [kind]: asked,
    });
    const { accounts, realm_roles } = (requireData(answer) ?? {}) as Record<string, unknown>;
    const found = kind === 'account_ids' ? accounts : realm_roles;
    if (!areComparisons(found) || found.length !== asked.length) {
      throw identityProviderUnavailable('answered without a comparison');
    }
    return combine(found);
  }
}

const combine = (parts: readonly Comparison[]): Comparison => ({
  exceeds: parts.some(({ exceeds }) => exceeds),
  everything: parts.some(({ everything }) => everything),
});

const isTextList = (value: unknown): boolean =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string');

function areRights(data: unknown): data is Rights {
  const { roles, permissions } = (data ?? {}) as Record<string, unknown>;
  return isTextList(roles) && isTextList(permissions);
}

const areAccounts = (data: unknown): data is { id: string }[] =>
  Array.isArray(data) && data.every((entry) => typeof entry?.id === 'string');

const areComparisons = (data: unknown): data is Comparison[] =>
  Array.isArray(data) &&
  data.every((entry) => typeof entry?.exceeds === 'boolean' && typeof entry?.everything === 'boolean');
