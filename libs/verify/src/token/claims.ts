import type { VerifiedToken } from '../principal.js';
import { TokenError, type TokenErrorCode } from '../token-error.js';
import type { JsonObject } from './compact-token.js';
import type { UnverifiedToken } from './unverified-token.js';

/** For differences between clocks. */
const LEEWAY_SECONDS = 30;
/** Of any token, from `iat` to `exp`. */
export const MAX_LIFETIME_SECONDS = 30 * 24 * 60 * 60;
const MAX_TEXT_LENGTH = 255;

/**
 * Checks the claims of a token whose signature is verified: RFC 7519, section 4.1, line by line.
 * @param now seconds since the epoch
 * @throws TokenError
 */
export function acceptClaims({ issuer, claims, kid }: UnverifiedToken, now: number): VerifiedToken {
  const { typ, aud, exp, nbf, iat, sub } = claims;
  // Keycloak's ID tokens differ from its access tokens only in this claim, not in their header or key.
  must(issuer.tokenUse === null || typ === issuer.tokenUse, 'token_use', typ);
  // 4.1.3: a case-sensitive string, or an array of them.
  must(aud === issuer.audience || (Array.isArray(aud) && aud.includes(issuer.audience)), 'audience', aud);
  // 4.1.4: the current time must be before it. RFC 9068, section 2.2, requires `exp` and `iat`.
  must(isNumericDate(exp), 'expiry', exp);
  must(now < exp + LEEWAY_SECONDS, 'expired', exp);
  // 4.1.5
  must(nbf === undefined || (isNumericDate(nbf) && nbf <= now + LEEWAY_SECONDS), 'not_before', nbf);
  // 4.1.6
  must(isNumericDate(iat) && iat <= now + LEEWAY_SECONDS && iat <= exp, 'issued_at', iat);
  must(exp - iat <= Math.min(issuer.maxLifetimeSeconds, MAX_LIFETIME_SECONDS), 'lifetime', exp - iat);
  // 4.1.2
  must(isSubject(sub), 'subject', sub);
  const own = issuer.read(claims, iat);
  // A cached token is used by many requests, which share its lists.
  Object.freeze(own.roles);
  Object.freeze(own.permissions);
  const { roles, sessionId } = own;
  const role = issuer.kind === 'native' ? (roles[0] ?? null) : null;
  return {
    ...own,
    issuer: issuer.id,
    issuerKind: issuer.kind,
    subject: sub,
    issuedAt: iat,
    expiresAt: exp,
    reference: { issuer: issuer.iss, subject: sub, sessionId, keyId: kid, issuedAt: iat, role, roles },
  };
}

function must(condition: boolean, code: TokenErrorCode, found: unknown): asserts condition {
  if (!condition) throw new TokenError(code, found);
}

/** Section 2: a number of seconds. JSON.parse reads 1e999 as infinity. */
const isNumericDate = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value);

/** PostgreSQL cannot store NUL, and UTF-8 cannot encode lone surrogates. */
const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

/** Lone surrogates are refused: written as UTF-8, they would make two subjects equal. */
const isSubject = (value: unknown): value is string =>
  typeof value === 'string' &&
  value.length <= MAX_TEXT_LENGTH &&
  value.trim() !== '' &&
  !/\p{Cc}/u.test(value) &&
  isStorable(value);

/** A text claim. A value of another type, or one that the database cannot store, counts as absent. */
export function textClaim(claims: JsonObject, name: string): string | undefined {
  const value = claims[name];
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT_LENGTH && isStorable(value)
    ? value
    : undefined;
}

/** A claim that is true or false. A value of another type counts as absent. */
export function booleanClaim(claims: JsonObject, name: string): boolean | undefined {
  const value = claims[name];
  return typeof value === 'boolean' ? value : undefined;
}

/** The strings of a claim that should be a list of strings. */
export const textList = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
