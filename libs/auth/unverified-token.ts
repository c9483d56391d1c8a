import type { KeyObject } from 'node:crypto';
import { decodeToken, type JsonObject } from './compact-token.js';
import { checkHeader } from './token-header.js';
import { TokenRejected } from './token-rejected.js';
import type { TrustedIssuer, TrustedIssuers } from './trusted-issuer.js';

/** A token before its signature is verified, with the key that has to verify it. Do not trust its claims. */
export interface UnverifiedToken {
  readonly raw: string;
  readonly issuer: TrustedIssuer;
  readonly kid: string;
  readonly key: KeyObject;
  readonly claims: JsonObject;
}

/**
 * Checks everything before the signature. Only the keys of the token's own issuer are used: the key of one issuer never
 * verifies a token of another (RFC 8725, section 3.8).
 * @throws TokenRejected
 * @throws ApiError 503 where the issuer's keys are not available
 */
export async function parseUnverifiedToken(raw: string, issuers: TrustedIssuers): Promise<UnverifiedToken> {
  const { header, claims } = decodeToken(raw);
  const { kid, typ } = checkHeader(header);
  const issuer = issuers.find(claims.iss);
  if (issuer === undefined) throw new TokenRejected('issuer_unknown', claims.iss);
  // RFC 8725, section 3.11: explicit typing separates access tokens from other tokens with the same key.
  if (typeof typ !== 'string' || !issuer.headerTypes.includes(typ)) throw new TokenRejected('type', typ);
  return { raw, issuer, kid, key: await issuer.keys.find(kid), claims };
}
