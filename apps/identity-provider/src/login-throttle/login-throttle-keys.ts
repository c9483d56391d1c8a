import { createHash } from 'node:crypto';
import { networkOf } from '#libs/http/application/client-address.js';

/** The counted scopes: one email from one address, one address for any email, one email from any address. */
export const SCOPES = ['pair', 'address', 'email'] as const;
export type Scope = (typeof SCOPES)[number];

export const forEachScope = <T>(make: (scope: Scope, index: number) => T): Record<Scope, T> =>
  Object.fromEntries(SCOPES.map((scope, index) => [scope, make(scope, index)])) as Record<Scope, T>;

export type ThrottleKeys = Record<Scope, Buffer>;

/**
 * Returns the keys of the three counters of a login: SHA-256 digests, so that the table holds no emails or addresses.
 * @param emailKey the result of `textKey()`
 * @param address the client address
 */
export function throttleKeys(emailKey: string, address: string): ThrottleKeys {
  const network = networkOf(address);
  const parts: Record<Scope, string[]> = { pair: [emailKey, network], address: [network], email: [emailKey] };
  return forEachScope((scope) => digest([scope, ...parts[scope]]));
}

export const nameOf = (key: Buffer): string => key.toString('base64');

/** JSON separates the parts unambiguously. */
const digest = (parts: string[]): Buffer => createHash('sha256').update(JSON.stringify(parts)).digest();
