import { type PublicKey, StaticKeys } from '../keys/key-source.js';
import { RemoteKeys } from '../keys/remote-keys.js';
import { booleanClaim, MAX_LIFETIME_SECONDS, textClaim, textList } from '../token/claims.js';
import { NATIVE_ISSUER } from './issuer-id.js';
import { assertAudience, assertHttpUrl, withoutSlash } from './issuer-options.js';
import type { TrustedIssuer } from './trusted-issuer.js';

export interface NativeIssuerOptions {
  /** The `iss` claim: `JWT_ISSUER` of identity-provider. */
  readonly issuer: string;
  /** The `aud` claim must contain it: `JWT_AUDIENCE` of identity-provider. */
  readonly audience: string;
  /** Where the keys are fetched; by default `{issuer}/.well-known/jwks.json`. */
  readonly jwksUrl?: string | null;
  /** Public keys that are known: nothing is fetched then. */
  readonly keys?: readonly PublicKey[];
  /** Refuses tokens that are valid for longer, from `iat` to `exp`; by default 30 days. */
  readonly maxLifetimeSeconds?: number;
}

/**
 * identity-provider's own access tokens (RFC 9068).
 * @throws Error where an option is not valid
 */
export function nativeIssuer(options: NativeIssuerOptions): TrustedIssuer {
  const { issuer, audience, keys = [], maxLifetimeSeconds = MAX_LIFETIME_SECONDS } = options;
  assertHttpUrl('issuer', issuer);
  assertAudience(audience);
  const jwksUrl = options.jwksUrl ?? `${withoutSlash(issuer)}/.well-known/jwks.json`;
  assertHttpUrl('jwksUrl', jwksUrl);
  if (!(maxLifetimeSeconds > 0)) throw new Error('maxLifetimeSeconds must be a positive number.');
  return {
    id: NATIVE_ISSUER,
    kind: 'native',
    iss: issuer,
    audience,
    headerTypes: ['at+jwt'],
    tokenUse: null,
    maxLifetimeSeconds,
    openKeys: (observer) =>
      keys.length > 0 ? new StaticKeys(keys) : new RemoteKeys(NATIVE_ISSUER, jwksUrl, observer),
    read(claims, issuedAt) {
      const sessionId = textClaim(claims, 'sid') ?? null;
      const role = textClaim(claims, 'role');
      return {
        // A client is the subject of its own token (client credentials). Its id never is an account's.
        kind: claims.sub === claims.client_id ? 'service' : 'person',
        namesPerson: true,
        username: textClaim(claims, 'preferred_username'),
        email: textClaim(claims, 'email'),
        emailVerified: booleanClaim(claims, 'email_verified'),
        firstName: claims.given_name === null ? null : textClaim(claims, 'given_name'),
        lastName: claims.family_name === null ? null : textClaim(claims, 'family_name'),
        tokenId: textClaim(claims, 'jti') ?? null,
        sessionId,
        clientId: textClaim(claims, 'client_id') ?? null,
        assertedAt: assertedAtOf(issuedAt, sessionId),
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
