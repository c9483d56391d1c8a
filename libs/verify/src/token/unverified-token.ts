import type { KeyObject } from 'node:crypto';
import type { TrustedIssuer } from '../issuers/trusted-issuer.js';
import type { TrustedIssuers } from '../issuers/trusted-issuers.js';
import type { KeySource } from '../keys/key-source.js';
import { TokenError } from '../token-error.js';
import { decodeToken, type JsonObject } from './compact-token.js';
import { checkHeader } from './token-header.js';

/** A token before its signature is verified, with the key that has to verify it. Do not trust its claims. */
export interface UnverifiedToken {
  readonly raw: string;
  readonly issuer: TrustedIssuer;
  readonly keys: KeySource;
  readonly kid: string;
  readonly key: KeyObject;
  readonly claims: JsonObject;
}

/**
 * Checks everything before the signature. Only the keys of the token's own issuer are used: the key of one issuer never
 * verifies a token of another (RFC 8725, section 3.8).
 * @throws TokenError `keys_unavailable` where the issuer's keys are not available, another code where it is refused
 */
export async function parseUnverifiedToken(raw: string, issuers: TrustedIssuers): Promise<UnverifiedToken> {
  const { header, claims } = decodeToken(raw);
  const { kid, typ } = checkHeader(header);
  const trusted = issuers.find(claims.iss);
  if (trusted === undefined) throw new TokenError('issuer_unknown', claims.iss);
  const { issuer, keys } = trusted;
  // RFC 8725, section 3.11: explicit typing separates access tokens from other tokens with the same key.
  if (typeof typ !== 'string' || !issuer.headerTypes.includes(typ)) throw new TokenError('type', typ);
  return { raw, issuer, keys, kid, key: await keys.find(kid), claims };
}
