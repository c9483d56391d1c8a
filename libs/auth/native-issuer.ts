import type { KeyObject } from 'node:crypto';
import { textClaim, textList } from './claims.js';
import { StaticKeys } from './key-source.js';
import { RemoteKeys } from './remote-keys.js';
import type { TrustedIssuer } from './trusted-issuer.js';

export interface NativeIssuerOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly maxLifetimeSeconds: number;
  /** Known public keys; where there are none, they are fetched from `jwksUrl`. */
  readonly keys: readonly { readonly kid: string; readonly key: KeyObject }[];
  readonly jwksUrl: string | null;
}

/** identity-provider's own access tokens (RFC 9068). */
export function nativeIssuer(options: NativeIssuerOptions): TrustedIssuer {
  const { issuer, audience, maxLifetimeSeconds, keys, jwksUrl } = options;
  if (keys.length === 0 && jwksUrl === null)
    throw new Error('The native issuer needs public keys or a JWKS URL.');
  return {
    name: 'native',
    iss: issuer,
    audience,
    headerTypes: ['at+jwt'],
    tokenUse: null,
    maxLifetimeSeconds,
    keys: keys.length > 0 || jwksUrl === null ? new StaticKeys(keys) : new RemoteKeys('native', jwksUrl),
    read(claims) {
      const role = textClaim(claims, 'role');
      return {
        kind: 'person',
        namesPerson: true,
        username: textClaim(claims, 'preferred_username'),
        email: textClaim(claims, 'email'),
        firstName: claims.given_name === null ? null : textClaim(claims, 'given_name'),
        lastName: claims.family_name === null ? null : textClaim(claims, 'family_name'),
        tokenId: textClaim(claims, 'jti') ?? null,
        sessionId: textClaim(claims, 'sid') ?? null,
        realmRoles: [],
        roles: role === undefined ? [] : [role],
        permissions: textList(claims.permissions),
      };
    },
  };
}
