import { verify } from 'node:crypto';
import { acceptClaims } from '#libs/auth/claims.js';
import { TokenRejected } from '#libs/auth/token-rejected.js';
import type { TrustedIssuers } from '#libs/auth/trusted-issuer.js';
import { parseUnverifiedToken, type UnverifiedToken } from '#libs/auth/unverified-token.js';
import { ApiError } from '#libs/http/replies/api-error.js';

/** In characters, as in the Authorization header. */
export const MAX_LENGTH = 16 * 1024;

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
    if (raw.length > MAX_LENGTH) throw new TokenRejected('too_large');
    verdict.unverified = await parseUnverifiedToken(raw, issuers);
    verdict.hasValidSignature = hasValidSignature(verdict.unverified);
    if (!verdict.hasValidSignature) throw new TokenRejected('signature');
    acceptClaims(verdict.unverified, now);
  } catch (error) {
    if (error instanceof TokenRejected) verdict.reason = error.reason;
    else if (error instanceof ApiError) verdict.reason = error.code;
    else throw error;
  }
  return verdict;
}

function hasValidSignature({ raw, key }: UnverifiedToken): boolean {
  const end = raw.lastIndexOf('.');
  return verify('sha256', Buffer.from(raw.slice(0, end)), key, Buffer.from(raw.slice(end + 1), 'base64url'));
}
