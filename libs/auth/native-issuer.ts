import type { KeyObject } from 'node:crypto';
import { NATIVE_ISSUER } from '#libs/core/issuer-id.js';
import { textClaim, textList } from './claims.js';
import { StaticKeys } from './key-source.js';
import { RemoteKeys } from './remote-keys.js';
import type { TrustedIssuer } from './trusted-issuer.js';

export interface NativeIssuerOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly maxLifetimeSeconds: number;
  /** Public keys. Where there are none, they are fetched from `jwksUrl`. */
  readonly keys: readonly { readonly kid: string; readonly key: KeyObject }[];
  readonly jwksUrl: string | null;
}

/** identity-provider's own access tokens (RFC 9068). */
export function nativeIssuer(options: NativeIssuerOptions): TrustedIssuer {
  const { issuer, audience, maxLifetimeSeconds, keys, jwksUrl } = options;
  if (keys.length === 0 && jwksUrl === null)
    throw new Error('The native issuer needs public keys or a JWKS URL.');
  return {
    id: NATIVE_ISSUER,
    kind: 'native',
    iss: issuer,
    audience,
    headerTypes: ['at+jwt'],
    tokenUse: null,
    maxLifetimeSeconds,
    keys: keys.length > 0 || jwksUrl === null ? new StaticKeys(keys) : new RemoteKeys(NATIVE_ISSUER, jwksUrl),
    read(claims, issuedAt) {
      const sessionId = textClaim(claims, 'sid') ?? null;
      const role = textClaim(claims, 'role');
      return {
        kind: 'person',
        namesPerson: true,
        username: textClaim(claims, 'preferred_username'),
        email: textClaim(claims, 'email'),
        firstName: claims.given_name === null ? null : textClaim(claims, 'given_name'),
        lastName: claims.family_name === null ? null : textClaim(claims, 'family_name'),
        tokenId: textClaim(claims, 'jti') ?? null,
        sessionId,
        clientId: textClaim(claims, 'client_id') ?? null,
        assertedAt: assertedAtOf(issuedAt, sessionId),
        realmRoles: [],
        roles: role === undefined ? [] : [role],
        permissions: textList(claims.permissions),
      };
    },
  };
}

/**
 * `iat` has whole seconds. The session's id is a UUID version 7 (RFC 9562, section 5.7), made just after the token's
 * `iat` was taken: its milliseconds order two logins of the same second.
 */
function assertedAtOf(issuedAt: number, sessionId: string | null): number {
  const from = issuedAt * 1_000;
  const made = Number.parseInt(sessionId?.replace('-', '').slice(0, 12) ?? '', 16);
  return made >= from && made < from + 2_000 ? made : from;
}
