import type { TrustedIssuers } from '#libs/verify/src/issuers/trusted-issuers.js';
import { acceptClaims } from '#libs/verify/src/token/claims.js';
import { MAX_TOKEN_LENGTH } from '#libs/verify/src/token/compact-token.js';
import { assertSigned } from '#libs/verify/src/token/signature.js';
import { parseUnverifiedToken, type UnverifiedToken } from '#libs/verify/src/token/unverified-token.js';
import { TokenError } from '#libs/verify/src/token-error.js';

/** The outcome of the steps of the real verifier, which stops at the first broken rule. */
export interface Verdict {
  reason: string | null;
  /** The token with its key, if these were found. */
  unverified: UnverifiedToken | null;
  /** null if it was not verified. */
  hasValidSignature: boolean | null;
}

/** @param now seconds since the epoch */
export async function verdictOn(raw: string, issuers: TrustedIssuers, now: number): Promise<Verdict> {
  const verdict: Verdict = { reason: null, unverified: null, hasValidSignature: null };
  try {
    if (raw.length > MAX_TOKEN_LENGTH) throw new TokenError('too_large');
    verdict.unverified = await parseUnverifiedToken(raw, issuers);
    verdict.hasValidSignature = false;
    assertSigned(verdict.unverified);
    verdict.hasValidSignature = true;
    acceptClaims(verdict.unverified, now);
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    verdict.reason = error.code;
  }
  return verdict;
}
