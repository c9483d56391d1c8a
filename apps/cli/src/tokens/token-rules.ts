import type { TrustedIssuer } from '#libs/verify/src/issuers/trusted-issuer.js';
import { acceptClaims, MAX_LIFETIME_SECONDS } from '#libs/verify/src/token/claims.js';
import { type JsonObject, MAX_TOKEN_LENGTH } from '#libs/verify/src/token/compact-token.js';
import { checkHeader } from '#libs/verify/src/token/token-header.js';
import { printable, TokenError, type TokenErrorCode } from '#libs/verify/src/token-error.js';
import type { Verdict } from './token-verdict.js';

export interface ExplainedRule {
  name: string;
  /** `unchecked`: an earlier rule is broken, so that this one cannot be checked. */
  result: 'holds' | 'broken' | 'unchecked';
  message: string;
}

interface Explained extends Verdict {
  /** null if the token is not a JWT. */
  decoded: { header: JsonObject; claims: JsonObject } | null;
  /** null if it is not trusted. */
  issuer: TrustedIssuer | null;
  /** Seconds since the epoch. */
  now: number;
  length: number;
}

/** Every rule of the verifier, also those after the first broken one, where they can be checked on their own. */
export function explainRules(explained: Explained): ExplainedRule[] {
  const { decoded, issuer, length } = explained;
  const form = [
    rule('size', length <= MAX_TOKEN_LENGTH, `${length} characters, at most ${MAX_TOKEN_LENGTH}`),
    rule(
      'form',
      decoded !== null,
      'three parts of canonical base64url without padding; header and claims are JSON objects',
    ),
  ];
  if (decoded === null) return form;
  return [
    ...form,
    ...headerRules(decoded.header),
    ...keyRules(explained, decoded),
    ...(issuer ? claimRules(explained, decoded, issuer) : []),
  ];
}

function headerRules(header: JsonObject): ExplainedRule[] {
  const alone = (part: JsonObject) => rejectionOf(() => checkHeader({ alg: 'RS256', kid: 'k', ...part }));
  const { alg, kid, typ: _, ...others } = header;
  const parameter = alone(others);
  return [
    rule('algorithm', alone({ alg }) === null, `alg is ${shown(alg)}, must be RS256`),
    rule(
      'header',
      parameter === null,
      parameter === null
        ? 'no parameter that brings a key or changes the meaning'
        : `has ${parameter.detail}`,
    ),
    rule('key id', alone({ kid }) === null, `kid is ${shown(kid)}`),
  ];
}

function keyRules(
  { issuer, unverified, hasValidSignature, reason }: Explained,
  { header, claims }: { header: JsonObject; claims: JsonObject },
): ExplainedRule[] {
  if (issuer === null)
    return [rule('issuer', false, `iss ${shown(claims.iss)} is not trusted; it is compared exactly`)];
  const types = issuer.headerTypes;
  const hasType = types.includes(header.typ as string);
  const [keyResult, keyMessage] =
    unverified !== null
      ? (['holds', `${shown(header.kid)} is a key of this issuer`] as const)
      : reason === 'key_unknown'
        ? (['broken', `this issuer has no key ${shown(header.kid)}`] as const)
        : reason === 'keys_unavailable'
          ? (['broken', "the issuer's keys are not available now"] as const)
          : (['unchecked', 'an earlier rule is broken'] as const);
  return [
    rule('issuer', true, `${shown(claims.iss)} is the ${issuer.id} issuer`),
    rule('type', hasType, `the header's typ is ${shown(header.typ)}, must be ${types.join(' or ')}`),
    { name: 'key', result: keyResult, message: keyMessage },
    hasValidSignature === null
      ? { name: 'signature', result: 'unchecked', message: 'no key to verify it with' }
      : rule(
          'signature',
          hasValidSignature,
          hasValidSignature ? 'made with this key' : 'not made with this key',
        ),
  ];
}

function claimRules(
  { now }: Explained,
  { claims }: { claims: JsonObject },
  issuer: TrustedIssuer,
): ExplainedRule[] {
  const { typ, aud, exp, nbf, iat, sub } = claims;
  const valid = {
    ...(issuer.tokenUse === null ? {} : { typ: issuer.tokenUse }),
    aud: issuer.audience,
    iat: now,
    exp: now + 1,
    sub: 's',
  };
  /** Whether the verifier accepts valid claims with these ones among them, or refuses them for another reason. */
  const holds = (part: JsonObject, ...reasons: TokenErrorCode[]): boolean => {
    const unverified = {
      raw: '',
      issuer,
      kid: '',
      keys: null as never,
      key: null as never,
      claims: { ...valid, ...part },
    };
    const rejection = rejectionOf(() => acceptClaims(unverified, now));
    return rejection === null || !reasons.includes(rejection.code);
  };
  const life = typeof exp === 'number' && typeof iat === 'number' ? exp - iat : null;
  const longest = Math.min(issuer.maxLifetimeSeconds, MAX_LIFETIME_SECONDS);
  return [
    ...(issuer.tokenUse === null
      ? []
      : [
          rule(
            'use',
            holds({ typ }, 'token_use'),
            `the claim typ is ${shown(typ)}, must be ${issuer.tokenUse}`,
          ),
        ]),
    rule('audience', holds({ aud }, 'audience'), `aud is ${shown(aud)}, must contain ${issuer.audience}`),
    rule('expiry', holds({ exp }, 'expiry', 'expired'), timeMessage('exp', exp, now)),
    rule(
      'not before',
      holds({ nbf }, 'not_before'),
      nbf === undefined ? 'there is no nbf' : timeMessage('nbf', nbf, now),
    ),
    rule(
      'issued at',
      holds({ iat, exp: Number.MAX_SAFE_INTEGER }, 'issued_at') && (life === null || life >= 0),
      timeMessage('iat', iat, now),
    ),
    // Seen from its own time of issue, so that an expired token can have a valid life.
    life === null
      ? { name: 'life', result: 'unchecked', message: 'there is no exp or iat' }
      : rule(
          'life',
          holds({ iat: now, exp: now + life }, 'lifetime'),
          `${Math.round(life)} s from iat to exp, at most ${longest}`,
        ),
    rule('subject', holds({ sub }, 'subject'), `sub is ${shown(sub)}`),
  ];
}

const rule = (name: string, isTrue: boolean, message: string): ExplainedRule => ({
  name,
  result: isTrue ? 'holds' : 'broken',
  message,
});

const shown = (value: unknown): string => (value === undefined ? 'missing' : printable(value));

function timeMessage(name: string, value: unknown, now: number): string {
  if (typeof value !== 'number' || !Number.isFinite(value))
    return `${name} is ${shown(value)}, must be a number`;
  const seconds = Math.round(value - now);
  return `${name} is ${Math.abs(seconds)} s ${seconds < 0 ? 'ago' : 'ahead'}; 30 s of leeway`;
}

function rejectionOf(check: () => unknown): TokenError | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof TokenError) return error;
    throw error;
  }
}
