import { createHash } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';
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

/**
 * What counts as one address: an IPv4 address, also where it is written as IPv6 (RFC 4291, section 2.5.5.2), or the
 * /64 of an IPv6 one, as every subscriber has at least that many to himself (RFC 6177).
 */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const groups = groupsOf(address);
  const [seventh = 0, eighth = 0] = groups.slice(6);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return [seventh >> 8, seventh & 255, eighth >> 8, eighth & 255].join('.');
  }
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** The eight groups of a valid IPv6 address, its zone left out. */
function groupsOf(address: string): number[] {
  const [head = '', tail] = address.replace(/%.*/, '').split('::');
  const first = readGroups(head);
  if (tail === undefined) return first;
  const last = readGroups(tail);
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
}

const readGroups = (text: string): number[] =>
  text === ''
    ? []
    : text.split(':').flatMap((group) => (isIPv4(group) ? pairs(group) : [Number.parseInt(group, 16)]));

/** A dotted quad at the end counts as two groups. */
function pairs(quad: string): number[] {
  const [a = 0, b = 0, c = 0, d = 0] = quad.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}
