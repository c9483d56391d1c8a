import type { KeyObject } from 'node:crypto';
import { decodeToken, type JsonObject } from './compact-token.js';
import { checkHeader } from './token-header.js';
import { TokenRejected } from './token-rejected.js';
import type { TrustedIssuer, TrustedIssuers } from './trusted-issuer.js';

/** A token that proves itself if this key verifies it: until then its claims are only what somebody wrote. */
export interface UnverifiedToken {
  readonly raw: string;
  readonly issuer: TrustedIssuer;
  readonly kid: string;
  readonly key: KeyObject;
  readonly claims: JsonObject;
}

/**
 * All that comes before the signature. The issuer is picked first, and only its own keys are looked at: a key of
 * one issuer never verifies a token that names another (RFC 8725, section 3.8).
 * @throws TokenRejected
 * @throws ApiError 503 where the issuer's keys cannot be had
 */
export async function parseUnverifiedToken(raw: string, issuers: TrustedIssuers): Promise<UnverifiedToken> {
  const { header, claims } = decodeToken(raw);
  const { kid, typ } = checkHeader(header);
  const issuer = issuers.find(claims.iss);
  if (issuer === undefined) throw new TokenRejected('issuer_unknown', claims.iss);
  // RFC 8725, section 3.11: explicit typing tells an access token from every other kind that the same key signs.
  if (typeof typ !== 'string' || !issuer.headerTypes.includes(typ)) throw new TokenRejected('type', typ);
  return { raw, issuer, kid, key: await issuer.keys.find(kid), claims };
}
