import { type PublicKey, StaticKeys } from '../keys/key-source.js';
import { RemoteKeys } from '../keys/remote-keys.js';
import { booleanClaim, MAX_LIFETIME_SECONDS, textClaim, textList } from '../token/claims.js';
import { isObject, type JsonObject } from '../token/compact-token.js';
import { DEFAULT_KEYCLOAK_ISSUER, type IssuerId } from './issuer-id.js';
import { assertAudience, assertHttpUrl, withoutSlash } from './issuer-options.js';
import { mapRealmRoles, type RoleMap, toRoleMap } from './role-map.js';
import type { TrustedIssuer } from './trusted-issuer.js';

export interface KeycloakIssuerOptions {
  /** The issuer's name in principals; `keycloak` unless given. */
  readonly id?: IssuerId;
  /** With the host that browsers use: the `iss` claim is `{url}/realms/{realm}`. */
  readonly url: string;
  /** With the host by which this service reaches Keycloak, for the keys; by default `url`. */
  readonly internalUrl?: string;
  readonly realm: string;
  /** Where the keys are fetched; by default `{internalUrl}/realms/{realm}/protocol/openid-connect/certs`. */
  readonly jwksUrl?: string;
  /** The `aud` claim must contain it. */
  readonly audience: string;
  /** Keycloak realm role → Twinkey role. A role that is not in it grants nothing. */
  readonly roleMap?: RoleMap | Readonly<Record<string, string>>;
  /** Public keys that are known: nothing is fetched then. */
  readonly keys?: readonly PublicKey[];
  /** Refuses tokens that are valid for longer, from `iat` to `exp`; by default 30 days. */
  readonly maxLifetimeSeconds?: number;
}

/**
 * A Keycloak realm's access tokens, as version 26.7 makes them.
 * @throws Error where an option is not valid
 */
export function keycloakIssuer(options: KeycloakIssuerOptions): TrustedIssuer {
  const { id = DEFAULT_KEYCLOAK_ISSUER, url, internalUrl = url, realm, audience, keys = [] } = options;
  const { maxLifetimeSeconds = MAX_LIFETIME_SECONDS } = options;
  assertHttpUrl('url', url);
  assertHttpUrl('internalUrl', internalUrl);
  assertAudience(audience);
  if (typeof realm !== 'string' || realm === '') throw new Error('realm must be the name of a realm.');
  if (!(maxLifetimeSeconds > 0)) throw new Error('maxLifetimeSeconds must be a positive number.');
  // Keycloak encodes the name in the `iss` claim in the same way.
  const path = `/realms/${encodeURIComponent(realm)}`;
  const jwksUrl = options.jwksUrl ?? `${withoutSlash(internalUrl)}${path}/protocol/openid-connect/certs`;
  assertHttpUrl('jwksUrl', jwksUrl);
  const roleMap = toRoleMap(options.roleMap);
  return {
    id,
    kind: 'keycloak',
    iss: `${withoutSlash(url)}${path}`,
    audience,
    // `at+jwt` where the client is configured to follow RFC 9068.
    headerTypes: ['JWT', 'at+jwt'],
    // Other tokens have `ID`, `Refresh`, `Offline` or `Logout`, some of them with the same key and header.
    tokenUse: 'Bearer',
    maxLifetimeSeconds,
    openKeys: (observer) => (keys.length > 0 ? new StaticKeys(keys) : new RemoteKeys(id, jwksUrl, observer)),
    read(claims, issuedAt) {
      const realmRoles = isObject(claims.realm_access) ? textList(claims.realm_access.roles) : [];
      const username = textClaim(claims, 'preferred_username');
      return {
        kind: isServiceAccount(claims) ? 'service' : 'person',
        namesPerson: username !== undefined && !username.startsWith(SERVICE_ACCOUNT),
        username,
        email: textClaim(claims, 'email'),
        emailVerified: booleanClaim(claims, 'email_verified'),
        firstName: textClaim(claims, 'given_name'),
        lastName: textClaim(claims, 'family_name'),
        tokenId: textClaim(claims, 'jti') ?? null,
        sessionId: textClaim(claims, 'sid') ?? null,
        clientId: textClaim(claims, 'azp') ?? null,
        assertedAt: issuedAt * 1_000,
        roles: mapRealmRoles(realmRoles, roleMap),
        permissions: [],
      };
    },
  };
}

const SERVICE_ACCOUNT = 'service-account-';

/**
 * Whether the token looks like one of a client that signed in for itself (client credentials). The prefix of the `jti`
 * shows the grant: in `trrtcc:…` the letters `cc`. A refreshed or exchanged token has another prefix; there the username
 * contains the client's id. The username alone is no proof, since people can register with such a name: their tokens have
 * a session and no `client_id`.
 */
function isServiceAccount(claims: JsonObject): boolean {
  if (/^[a-z]{4}cc:/.test(textClaim(claims, 'jti') ?? '')) return true;
  const username = textClaim(claims, 'preferred_username');
  if (!username?.startsWith(SERVICE_ACCOUNT)) return false;
  // Keycloak keeps usernames in lower case, and client ids as they are.
  return (
    claims.sid === undefined || username === SERVICE_ACCOUNT + textClaim(claims, 'client_id')?.toLowerCase()
  );
}
