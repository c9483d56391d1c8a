import { preconditionFailed } from './api-error.js';

/** Makes a strong entity tag from row versions (RFC 9110, section 8.8.3). */
export const etagOf = (...versions: number[]): string => `"${versions.join('-')}"`;

const tagsOf = (header: string): string[] => header.split(',').map((tag) => tag.trim());

/**
 * Evaluates `If-None-Match` with the weak comparison of RFC 9110, section 13.1.2.
 * @returns true if the client's copy is current: respond with 304
 */
export function isUnmodified(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  return tagsOf(ifNoneMatch).some((tag) => tag.replace(/^W\//, '') === etag);
}

/** Evaluates `If-Match` with the strong comparison of RFC 9110, section 13.1.1. Without the header every write is accepted. */
export const isMatch = (ifMatch: string | undefined, etag: string): boolean =>
  ifMatch === undefined || ifMatch.trim() === '*' || tagsOf(ifMatch).includes(etag);

const WEAK_TAG =
  'If-Match needs a strong tag, and this one is weak (W/"…"). A proxy that compresses responses makes tags weak.';

/** @throws ApiError 412 if `If-Match` does not match */
export function assertIfMatch(ifMatch: string | undefined, etag: string): void {
  if (isMatch(ifMatch, etag)) return;
  const isWeak = tagsOf(ifMatch ?? '').some((tag) => tag.startsWith('W/'));
  throw preconditionFailed(isWeak ? WEAK_TAG : undefined);
}
