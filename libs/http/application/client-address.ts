import { isIP, isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** `203.0.113.9:4711`, `[2001:db8::1]:4711` or `[2001:db8::1]`: as proxies write an address with its port. */
const WITH_PORT = /^(?:(?<ipv4>[\d.]+):\d{1,5}|\[(?<ipv6>[^\]]*)\](?::\d{1,5})?)$/;

/**
 * The one spelling of an address: without port, brackets and zone, IPv6 as RFC 5952 writes it, and IPv4 as such where
 * it came mapped to IPv6 (RFC 4291, section 2.5.5.2).
 * @returns null for what is no address
 */
export function normalizeAddress(text: string): string | null {
  // Already the only spelling, and by far the most frequent one: every request comes here.
  if (isIPv4(text)) return text;
  const { ipv4, ipv6 } = WITH_PORT.exec(text)?.groups ?? {};
  const address = (ipv4 ?? ipv6 ?? text).replace(/%.*$/s, '');
  return isIP(address) === 0 ? null : ipaddr.process(address).toString();
}

/**
 * What counts as one client: an IPv4 address, or the /64 of an IPv6 one, as every subscriber has at least that many
 * (RFC 6177).
 * @param address a normalized one; anything else is returned as it is
 */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const groups = ipaddr.IPv6.parse(address).parts.slice(0, 4);
  return `${groups.map((group) => group.toString(16)).join(':')}::/64`;
}
