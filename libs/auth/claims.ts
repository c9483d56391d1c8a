import { isStorable } from '#libs/http/text.js';
import type { Candidate } from './candidate.js';
import type { JsonObject } from './compact-token.js';
import type { VerifiedToken } from './principal.js';
import { TokenRejected } from './token-rejected.js';

/** For clocks that differ a little. */
const LEEWAY = 30;
const MAX_LIFETIME = 30 * 24 * 60 * 60;
const MAX_TEXT = 255;

/**
 * Checks what a token claims, once its signature holds (RFC 7519, section 4.1; RFC 9068, section 4).
 * @param now seconds since the epoch
 * @throws TokenRejected
 */
export function acceptClaims({ issuer, claims, kid }: Candidate, now: number): VerifiedToken {
  const { aud, exp, nbf, iat, sub } = claims;
  // An ID or refresh token of Keycloak differs from an access token in this claim alone.
  if (issuer.tokenUse !== null && claims.typ !== issuer.tokenUse)
    throw new TokenRejected('token_use', claims.typ);
  // Section 4.1.3: a case-sensitive string, or an array of them.
  if (aud !== issuer.audience && !(Array.isArray(aud) && aud.includes(issuer.audience))) {
    throw new TokenRejected('audience', aud);
  }
  // Section 4.1.4: on or after `exp` a token is not accepted; here it must have one.
  if (!isNumericDate(exp)) throw new TokenRejected('expiry', exp);
  if (now >= exp + LEEWAY) throw new TokenRejected('expired', exp);
  // Section 4.1.5
  if (nbf !== undefined && !(isNumericDate(nbf) && nbf <= now + LEEWAY))
    throw new TokenRejected('not_before', nbf);
  // Section 4.1.6; RFC 9068, section 2.2, requires it
  if (!isNumericDate(iat) || iat > now + LEEWAY || iat > exp) throw new TokenRejected('issued_at', iat);
  if (exp - iat > Math.min(issuer.maxLifetimeSeconds, MAX_LIFETIME))
    throw new TokenRejected('lifetime', exp - iat);
  // Section 4.1.2
  if (!isSubject(sub)) throw new TokenRejected('subject', sub);
  return { ...issuer.read(claims), issuer: issuer.name, subject: sub, kid, issuedAt: iat, expiresAt: exp };
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
