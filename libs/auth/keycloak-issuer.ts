import { DEFAULT_KEYCLOAK_ISSUER, type IssuerId } from '#libs/core/issuer-id.js';
import { textClaim, textList } from './claims.js';
import { isObject, type JsonObject } from './compact-token.js';
import { RemoteKeys } from './remote-keys.js';
import { mapRealmRoles, type RoleMap } from './role-map.js';
import type { TrustedIssuer } from './trusted-issuer.js';

export interface KeycloakIssuerOptions {
  /** `keycloak` unless given. */
  readonly id?: IssuerId;
  /** `{KEYCLOAK_URL}/realms/{realm}`, with the host that browsers use. */
  readonly issuer: string;
  /** With the host by which this service reaches Keycloak. */
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
    // `at+jwt` where the client is configured to follow RFC 9068.
    headerTypes: ['JWT', 'at+jwt'],
    // Other tokens have `ID`, `Refresh`, `Offline` or `Logout`, some of them with the same key and header.
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
        clientId: textClaim(claims, 'azp') ?? null,
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
