import { createHash } from 'node:crypto';
import { networkOf } from '#libs/http/application/client-address.js';
import { SCOPES, type Scope } from './login-throttle-rules.js';

/**
 * The names of the three counters that a login touches: SHA-256, so that the table holds neither emails nor addresses.
 * @param emailKey as `emailKey()` makes it
 * @param address the client's
 */
export function throttleKeys(emailKey: string, address: string): Record<Scope, Buffer> {
  const network = networkOf(address);
  const parts: Record<Scope, string[]> = { pair: [emailKey, network], address: [network], email: [emailKey] };
  const entries = SCOPES.map((scope) => [scope, digest([scope, ...parts[scope]])] as const);
  return Object.fromEntries(entries) as Record<Scope, Buffer>;
}

/** The key as text. */
export const nameOf = (key: Buffer): string => key.toString('base64');

/** JSON keeps the parts apart, whatever is in them. */
const digest = (parts: string[]): Buffer => createHash('sha256').update(JSON.stringify(parts)).digest();
