import { BlockList, isIP } from 'node:net';

const addresses = new BlockList();
addresses.addSubnet('127.0.0.0', 8, 'ipv4');
addresses.addAddress('::1', 'ipv6');

/** Checks for 127.0.0.0/8 and ::1, also for IPv4 addresses mapped to IPv6. */
export function isLoopbackAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && addresses.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** RFC 6761, section 6.3: `localhost.` and all names below it are loopback names; resolvers do not send them to DNS. */
const LOOPBACK_NAME = /^(?:[a-z0-9_-]+\.)*localhost\.?$/i;
const HOST = /^(?:\[(?<ipv6>[^\]]+)\]|(?<name>[^:]+))(?::\d*)?$/;

/** @param host the `Host` header of a request, with or without a port */
export function isLoopbackHost(host: string): boolean {
  const { ipv6, name = '' } = HOST.exec(host)?.groups ?? {};
  if (ipv6 !== undefined) return isIP(ipv6) === 6 && isLoopbackAddress(ipv6);
  return isLoopbackAddress(name) || LOOPBACK_NAME.test(name);
}
