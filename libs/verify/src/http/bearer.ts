import type { IncomingMessage } from 'node:http';
import { MAX_TOKEN_LENGTH } from '../token/compact-token.js';
import { TokenError } from '../token-error.js';

/** The parts of a request that are read for credentials: the headers only, never a query, a body or a cookie. */
export type BearerRequest = Pick<IncomingMessage, 'headers' | 'rawHeaders'>;

/** RFC 6750, section 2.1, with the scheme in any case (RFC 9110, section 11.1). */
const BEARER = /^bearer +(\S+)$/i;

/**
 * The request's bearer token, or null where the request has no credentials.
 * @throws TokenError `credentials_repeated`, `credentials_malformed`, `too_large`
 */
export function bearerToken({ headers, rawHeaders }: BearerRequest): string | null {
  const { authorization } = headers;
  if (!authorization) return null;
  // Node silently keeps the first of several Authorization headers, while a proxy may have read another one.
  if (countOf('authorization', rawHeaders) > 1) throw new TokenError('credentials_repeated');
  const token = BEARER.exec(authorization)?.[1];
  if (token === undefined) throw new TokenError('credentials_malformed');
  if (token.length > MAX_TOKEN_LENGTH) throw new TokenError('too_large');
  return token;
}

/** @param rawHeaders names and values alternate */
function countOf(name: string, rawHeaders: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const header = rawHeaders[index] as string;
    if (header.length === name.length && header.toLowerCase() === name) count++;
  }
  return count;
}
