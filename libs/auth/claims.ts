import { isStorable } from '#libs/core/storable-text.js';
import type { JsonObject } from './compact-token.js';
import type { VerifiedToken } from './principal.js';
import { type RejectionReason, TokenRejected } from './token-rejected.js';
import type { UnverifiedToken } from './unverified-token.js';

/** For clocks that differ a little. */
const LEEWAY = 30;
const MAX_LIFETIME = 30 * 24 * 60 * 60;
const MAX_TEXT = 255;

/**
 * Checks what a token claims, once its signature holds: RFC 7519, section 4.1, line by line.
 * @param now seconds since the epoch
 * @throws TokenRejected
 */
export function acceptClaims({ issuer, claims, kid }: UnverifiedToken, now: number): VerifiedToken {
  const { typ, aud, exp, nbf, iat, sub } = claims;
  // Keycloak's ID tokens have the same header and key as its access tokens: this claim alone tells them apart.
  must(issuer.tokenUse === null || typ === issuer.tokenUse, 'token_use', typ);
  // 4.1.3: a case-sensitive string, or an array of them.
  must(aud === issuer.audience || (Array.isArray(aud) && aud.includes(issuer.audience)), 'audience', aud);
  // 4.1.4: not on or after it. RFC 9068, section 2.2, demands `exp` and `iat`.
  must(isNumericDate(exp), 'expiry', exp);
  must(now < exp + LEEWAY, 'expired', exp);
  // 4.1.5
  must(nbf === undefined || (isNumericDate(nbf) && nbf <= now + LEEWAY), 'not_before', nbf);
  // 4.1.6
  must(isNumericDate(iat) && iat <= now + LEEWAY && iat <= exp, 'issued_at', iat);
  must(exp - iat <= Math.min(issuer.maxLifetimeSeconds, MAX_LIFETIME), 'lifetime', exp - iat);
  // 4.1.2
  must(isSubject(sub), 'subject', sub);
  return {
    ...issuer.read(claims, iat),
    issuer: issuer.id,
    issuerKind: issuer.kind,
    subject: sub,
    kid,
    issuedAt: iat,
    expiresAt: exp,
  };
}

function must(condition: boolean, reason: RejectionReason, found: unknown): asserts condition {
  if (!condition) throw new TokenRejected(reason, found);
}

/** Section 2: a number of seconds. JSON has no infinity, but 1e999 is read as one. */
const isNumericDate = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value);

/** As text that can name one person in a database: lone surrogates would make two subjects one when written as UTF-8. */
const isSubject = (value: unknown): value is string =>
  typeof value === 'string' &&
  value.length <= MAX_TEXT &&
  value.trim() !== '' &&
  !/\p{Cc}/u.test(value) &&
  isStorable(value);

/** A claim that should be text. One that is not, or that no database column takes, counts as absent. */
export function textClaim(claims: JsonObject, name: string): string | undefined {
  const value = claims[name];
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT && isStorable(value)
    ? value
    : undefined;
}

/** The texts in a claim that should be a list of them. */
export const textList = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
