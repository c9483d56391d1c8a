import { verify } from 'node:crypto';
import { TokenError } from '../token-error.js';
import type { UnverifiedToken } from './unverified-token.js';

/**
 * Verifies the RS256 signature (RFC 7518, section 3.3), synchronously: an asynchronous verification waits for libuv's
 * thread pool, which other work of the process can fill.
 * @throws TokenError `signature`
 */
export function assertSigned({ raw, key }: Pick<UnverifiedToken, 'raw' | 'key'>): void {
  const end = raw.lastIndexOf('.');
  const signature = Buffer.from(raw.slice(end + 1), 'base64url');
  if (!verify('sha256', Buffer.from(raw.slice(0, end)), key, signature)) throw new TokenError('signature');
}
