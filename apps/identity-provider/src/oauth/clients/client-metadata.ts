import { createHash, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { AllClientMetadata } from 'oidc-provider';
import { DataSource } from 'typeorm';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { isStorable } from '#libs/core/ids.js';
import type { OauthClientType } from '#libs/database/identity/oauth-client.entity.js';
import { preparedQuery } from '#libs/database/queries/prepared-query.js';
import { SETTINGS } from '../../settings.js';
import { ACCOUNT_CLIENT_ID, accountClient } from './account-client.js';
import { isHttps } from './redirect-uri.js';

/** What Twinkey knows of a client beyond oidc-provider's own metadata, in `client.twinkey`. */
export interface TwinkeyMetadata {
  id: string;
  firstParty: boolean;
  /** base64 of SHA-256 digests. */
  secretHash: string | null;
  previousSecretHash: string | null;
  /** Milliseconds since the epoch. */
  previousSecretExpiresAt: number | null;
}

declare module 'oidc-provider' {
  interface AllClientMetadata {
    twinkey?: TwinkeyMetadata;
  }
}

interface ClientRow {
  id: string;
  clientId: string;
  name: string;
  type: OauthClientType;
  grantTypes: string[];
  redirectUris: string[];
  postLogoutRedirectUris: string[];
  backchannelLogoutUri: string | null;
  firstParty: boolean;
  secretHash: Buffer | null;
  previousSecretHash: Buffer | null;
  previousSecretExpiresAt: Date | null;
}

/** Reads the active clients for oidc-provider, with one query each time: a change counts at once on every replica. */
@Injectable()
export class ClientMetadataSource {
  private readonly account: AllClientMetadata;

  constructor(
    private readonly database: DataSource,
    @Inject(SETTINGS) settings: Pick<IdentityProviderSettings, 'signing' | 'brand'>,
  ) {
    this.account = accountClient(settings);
  }

  /** @returns null for an unknown or a disabled client */
  async find(clientId: string): Promise<AllClientMetadata | null> {
    if (clientId === ACCOUNT_CLIENT_ID) return this.account;
    if (!isStorable(clientId)) return null;
    const [row] = await preparedQuery<ClientRow>(this.database, {
      name: 'oauth-client-metadata',
      text: `SELECT id, client_id AS "clientId", name, type, grant_types AS "grantTypes", redirect_uris AS "redirectUris",
          post_logout_redirect_uris AS "postLogoutRedirectUris", backchannel_logout_uri AS "backchannelLogoutUri",
          first_party AS "firstParty", secret_hash AS "secretHash", previous_secret_hash AS "previousSecretHash",
          previous_secret_expires_at AS "previousSecretExpiresAt"
        FROM identity.oauth_clients WHERE client_id = $1 AND status = 'active'`,
      values: [clientId],
    });
    return row ? metadataOf(row) : null;
  }
}

function metadataOf(row: ClientRow): AllClientMetadata {
  const uris = [...row.redirectUris, ...row.postLogoutRedirectUris];
  return {
    client_id: row.clientId,
    client_name: row.name,
    // Only a native client may use any loopback port (RFC 8252, section 7.3) and private schemes (section 7.1).
    application_type: uris.every(isHttps) ? 'web' : 'native',
    ...(row.type === 'public'
      ? { token_endpoint_auth_method: 'none' as const }
      : {
          token_endpoint_auth_method: 'client_secret_basic' as const,
          client_secret: 'compared by its digest',
        }),
    grant_types: row.grantTypes,
    response_types: row.grantTypes.includes('authorization_code') ? ['code'] : [],
    redirect_uris: row.redirectUris,
    post_logout_redirect_uris: row.postLogoutRedirectUris,
    ...(row.backchannelLogoutUri === null
      ? {}
      : { backchannel_logout_uri: row.backchannelLogoutUri, backchannel_logout_session_required: true }),
    twinkey: {
      id: row.id,
      firstParty: row.firstParty,
      secretHash: row.secretHash?.toString('base64') ?? null,
      previousSecretHash: row.previousSecretHash?.toString('base64') ?? null,
      previousSecretExpiresAt: row.previousSecretExpiresAt?.getTime() ?? null,
    },
  };
}

/** The stored form of a secret. Slow hashing is not needed: a secret has 256 random bits. */
export const hashSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** Whether this is the client's secret, or the one before it while that still counts. */
export function matchesSecret(client: TwinkeyMetadata, secret: string, now: number): boolean {
  const given = hashSecret(secret);
  const isEqual = (hash: string | null) =>
    hash !== null && timingSafeEqual(Buffer.from(hash, 'base64'), given);
  const isPreviousValid = client.previousSecretExpiresAt !== null && now < client.previousSecretExpiresAt;
  return isEqual(client.secretHash) || (isPreviousValid && isEqual(client.previousSecretHash));
}
