import { preconditionFailed } from './api-error.js';

/** A strong entity tag from row versions (RFC 9110, section 8.8.3). */
export const etagOf = (...versions: number[]): string => `"${versions.join('-')}"`;

const tagsOf = (header: string): string[] => header.split(',').map((tag) => tag.trim());

/**
 * `If-None-Match` with the weak comparison that RFC 9110, section 13.1.2, asks for.
 * @returns true where the client's copy is the current one: answer 304
 */
export function isUnmodified(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  return tagsOf(ifNoneMatch).some((tag) => tag.replace(/^W\//, '') === etag);
}

/** `If-Match` with the strong comparison of RFC 9110, section 13.1.1; without the header the last write wins. */
export const isMatch = (ifMatch: string | undefined, etag: string): boolean =>
  ifMatch === undefined || ifMatch.trim() === '*' || tagsOf(ifMatch).includes(etag);

/** A proxy that compresses answers makes our tags weak: the resource need not have changed. */
const WEAK_TAG =
  'A weak tag (W/"…") in If-Match never matches. Send the strong tag; a proxy that compresses answers makes tags weak.';

/** @throws ApiError 412, where `If-Match` does not fit */
export function assertIfMatch(ifMatch: string | undefined, etag: string): void {
  if (isMatch(ifMatch, etag)) return;
  const isWeak = tagsOf(ifMatch ?? '').some((tag) => tag.startsWith('W/'));
  throw preconditionFailed(isWeak ? WEAK_TAG : undefined);
}
