import { createHash } from 'node:crypto';
import { networkOf } from '#libs/http/application/client-address.js';
import { SCOPES, type Scope } from './login-throttle-rules.js';

/**
 * Returns the keys of the three counters of a login: SHA-256 digests, so that the table holds no emails or addresses.
 * @param emailKey the result of `emailKey()`
 * @param address the client address
 */
export function throttleKeys(emailKey: string, address: string): Record<Scope, Buffer> {
  const network = networkOf(address);
  const parts: Record<Scope, string[]> = { pair: [emailKey, network], address: [network], email: [emailKey] };
  const entries = SCOPES.map((scope) => [scope, digest([scope, ...parts[scope]])] as const);
  return Object.fromEntries(entries) as Record<Scope, Buffer>;
}

export const nameOf = (key: Buffer): string => key.toString('base64');

/** JSON separates the parts unambiguously. */
const digest = (parts: string[]): Buffer => createHash('sha256').update(JSON.stringify(parts)).digest();
