import type { Configuration, KoaContextWithOIDC, ResourceServer } from 'oidc-provider';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { LANGUAGES } from '../../languages.js';
import { ACR_VALUES } from '../../sessions/authentication-methods.js';
import {
  AUTHORIZATION_CODE_SECONDS,
  DEVICE_CODE_SECONDS,
  INTERACTION_SECONDS,
  type OauthLifetimes,
} from '../lifetimes.js';
import { errors } from '../oidc.js';
import { CLAIMS, SCOPES } from '../scopes.js';
import type { IssuerAddress } from './issuer-address.js';

export const ROUTES = {
  authorization: '/oauth/authorize',
  token: '/oauth/token',
  pushed_authorization_request: '/oauth/par',
  revocation: '/oauth/revoke',
  introspection: '/oauth/introspect',
  end_session: '/oauth/logout',
  device_authorization: '/oauth/device',
  code_verification: '/oauth/device/verify',
  jwks: '/.well-known/jwks.json',
} as const;

export const USERINFO = '/oauth/userinfo';

const SECRET_METHODS = ['client_secret_basic', 'client_secret_post'] as const;

/** A cookie that no other host, path or plain http can set needs https (RFC 6265bis, section 4.1.3). */
export const cookieNames = ({ isHttps }: IssuerAddress) => ({
  session: isHttps ? '__Host-twinkey' : 'twinkey',
  interaction: isHttps ? '__Secure-twinkey-page' : 'twinkey-page',
  resume: isHttps ? '__Secure-twinkey-resume' : 'twinkey-resume',
});

/** Twinkey's API is the only resource server. It can be named by the issuer, or by the audience of its tokens. */
export const resourcesOf = ({ signing }: Pick<IdentityProviderSettings, 'signing'>): string[] => [
  ...new Set([signing.issuer, signing.audience]),
];

/** @throws InvalidTarget for any other resource (RFC 8707, section 2) */
export function resourceServer(
  settings: IdentityProviderSettings,
  { lifetimes, kid }: { lifetimes: OauthLifetimes; kid: string },
  identifier: string,
): ResourceServer {
  if (!resourcesOf(settings).includes(identifier)) throw new errors.InvalidTarget();
  return {
    audience: settings.signing.audience,
    scope: SCOPES.join(' '),
    accessTokenTTL: lifetimes.accessToken,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'RS256', kid } },
  };
}

/**
 * Unknown scopes are ignored (OpenID Connect Core 1.0, section 3.1.2.1), unless nothing is left to grant. Client credentials
 * need no scope.
 * @throws `invalid_scope` (RFC 6749, section 3.3)
 */
export function requireKnownScope({ oidc }: KoaContextWithOIDC): void {
  const scopes = [...oidc.requestParamScopes];
  if (scopes.some((scope) => SCOPES.includes(scope))) return;
  if (scopes.length === 0 && oidc.route === 'token') return;
  throw new errors.CustomOIDCProviderError('invalid_scope', `known scopes are ${SCOPES.join(', ')}`);
}

/** The part of oidc-provider's settings that needs no service. */
export function fixedSettings(address: IssuerAddress, lifetimes: OauthLifetimes): Configuration {
  const cookie = { httpOnly: true, sameSite: 'lax', signed: true, secure: address.isHttps } as const;
  return {
    acrValues: [...ACR_VALUES],
    claims: CLAIMS,
    scopes: [...SCOPES],
    responseTypes: ['code'],
    clientAuthMethods: [...SECRET_METHODS, 'none'],
    pkce: { required: () => true },
    routes: ROUTES,
    clientDefaults: { id_token_signed_response_alg: 'RS256' },
    enabledJWA: { idTokenSigningAlgValues: ['RS256'] },
    extraClientMetadata: { properties: ['twinkey'] },
    allowOmittingSingleRegisteredRedirectUri: false,
    expiresWithSession: () => true,
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    revokeGrantPolicy: () => true,
    cookies: {
      names: cookieNames(address),
      long: { ...cookie, path: '/' },
      short: cookie,
    },
    ttl: {
      AccessToken: lifetimes.accessToken,
      ClientCredentials: lifetimes.accessToken,
      IdToken: lifetimes.accessToken,
      AuthorizationCode: AUTHORIZATION_CODE_SECONDS,
      DeviceCode: DEVICE_CODE_SECONDS,
      Interaction: INTERACTION_SECONDS,
      Grant: lifetimes.max,
      Session: lifetimes.max,
      RefreshToken: lifetimes.idle,
    },
    discovery: {
      userinfo_endpoint: address.url(USERINFO),
      introspection_endpoint_auth_methods_supported: SECRET_METHODS,
      revocation_endpoint_auth_methods_supported: [...SECRET_METHODS, 'none'],
      ui_locales_supported: [...LANGUAGES],
    },
    // oidc-provider's own dispatcher refuses private addresses, where the services of a cluster are.
    fetch: (url, options) =>
      fetch(url, { ...options, dispatcher: undefined, redirect: 'manual' } as RequestInit),
  };
}
