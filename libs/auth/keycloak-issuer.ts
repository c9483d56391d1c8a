import { DEFAULT_KEYCLOAK_ISSUER, type IssuerId } from '#libs/core/issuer-id.js';
import { textClaim, textList } from './claims.js';
import { isObject, type JsonObject } from './compact-token.js';
import { RemoteKeys } from './remote-keys.js';
import { mapRealmRoles, type RoleMap } from './role-map.js';
import type { TrustedIssuer } from './trusted-issuer.js';

export interface KeycloakIssuerOptions {
  /** `keycloak` unless given. */
  readonly id?: IssuerId;
  /** `{KEYCLOAK_URL}/realms/{realm}`, as the browser sees it. */
  readonly issuer: string;
  /** As this service reaches it. */
  readonly jwksUrl: string;
  readonly audience: string;
  readonly roleMap: RoleMap;
}

/** A Keycloak realm's access tokens, as version 26.7 makes them. */
export function keycloakIssuer({
  id = DEFAULT_KEYCLOAK_ISSUER,
  issuer,
  jwksUrl,
  audience,
  roleMap,
}: KeycloakIssuerOptions): TrustedIssuer {
  return {
    id,
    kind: 'keycloak',
    iss: issuer,
    audience,
    // `at+jwt` where the client is told to follow RFC 9068.
    headerTypes: ['JWT', 'at+jwt'],
    // Others: `ID`, `Refresh`, `Offline`, `Logout`, some of them signed with the same key under the same header.
    tokenUse: 'Bearer',
    maxLifetimeSeconds: Number.POSITIVE_INFINITY,
    keys: new RemoteKeys(id, jwksUrl),
    read(claims, issuedAt) {
      const realmRoles = isObject(claims.realm_access) ? textList(claims.realm_access.roles) : [];
      const username = textClaim(claims, 'preferred_username');
      return {
        kind: isServiceAccount(claims) ? 'service' : 'person',
        namesPerson: username !== undefined && !username.startsWith(SERVICE_ACCOUNT),
        username,
        email: textClaim(claims, 'email'),
        firstName: textClaim(claims, 'given_name'),
        lastName: textClaim(claims, 'family_name'),
        tokenId: textClaim(claims, 'jti') ?? null,
        sessionId: textClaim(claims, 'sid') ?? null,
        assertedAt: issuedAt * 1_000,
        realmRoles,
        roles: mapRealmRoles(realmRoles, roleMap),
        permissions: [],
      };
    },
  };
}

const SERVICE_ACCOUNT = 'service-account-';

/**
 * A client that signed in for itself (client credentials), as far as its token tells. The `jti` tells the grant:
 * `trrtcc:…`, its last two letters are `cc`. The one of a refreshed or exchanged token does not; there it is the user,
 * named after the very client. That name alone proves nothing, as people may register with it: their tokens have a
 * session and no `client_id`.
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
