import type { AllClientMetadata } from 'oidc-provider';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { IssuerAddress } from '../provider/issuer-address.js';

/** The client that the page `/account` signs in with. No other client can have this id. */
export const ACCOUNT_CLIENT_ID = 'twinkey-account';

export const ACCOUNT_PAGE = '/account';

/**
 * The metadata of Twinkey's own client, which is not in the database. It has no secret, so nobody can exchange its codes:
 * the page only needs the browser's sign-in (`docs/decisions/account-page.md`).
 */
export function accountClient({
  signing,
  brand,
}: Pick<IdentityProviderSettings, 'signing' | 'brand'>): AllClientMetadata {
  return {
    client_id: ACCOUNT_CLIENT_ID,
    client_name: brand.name,
    application_type: 'web',
    token_endpoint_auth_method: 'client_secret_basic',
    client_secret: 'no secret matches',
    grant_types: ['authorization_code'],
    response_types: ['code'],
    redirect_uris: [new IssuerAddress(signing.issuer).url(ACCOUNT_PAGE)],
    post_logout_redirect_uris: [],
    twinkey: {
      id: ACCOUNT_CLIENT_ID,
      firstParty: true,
      secretHash: null,
      previousSecretHash: null,
      previousSecretExpiresAt: null,
    },
  };
}
