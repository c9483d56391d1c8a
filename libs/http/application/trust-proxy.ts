import { BlockList, isIPv4 } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { normalizeAddress } from './client-address.js';

/** Off, a number of hops, or `loopback`, addresses and networks. */
export type TrustProxy = false | number | readonly string[];

/**
 * For Fastify's `trustProxy`: whether what this address says of the one before it is believed.
 * Fastify leaves a bare hop count untrusted, since it cannot check the peer: the operator who sets one vouches for it.
 */
export function proxyTrust(trustProxy: TrustProxy): false | ((address: string, hop: number) => boolean) {
  if (trustProxy === false) return false;
  if (typeof trustProxy === 'number') return (_address, hop) => hop < trustProxy;
  const trusted = new BlockList();
  for (const entry of trustProxy.flatMap((each) => (each === 'loopback' ? LOOPBACK : each))) {
    const [address = '', prefix] = entry.split('/');
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    trusted.addSubnet(address, Number(prefix ?? (family === 'ipv4' ? 32 : 128)), family);
  }
  return (address) => {
    const normalized = normalizeAddress(address ?? '');
    // An IPv4 address that is written as IPv6 is compared with both kinds of entries.
    return (
      normalized !== null && trusted.check(isIPv4(normalized) ? `::ffff:${normalized}` : normalized, 'ipv6')
    );
  };
}

const LOOPBACK = ['127.0.0.0/8', '::1'];

/**
 * Makes `request.ip` the normalized address of the client, for everything that asks for it. What a trusted proxy sends
 * in place of an address counts as the proxy's own. Call it before any hook that reads `request.ip`.
 */
export function normalizeClientAddress(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { ip } = request;
    const address = normalizeAddress(ip ?? '') ?? nearestAddress(request.ips);
    if (address && address !== ip) Object.defineProperty(request, 'ip', { value: address });
    done();
  });
}

/** The last address that is one: `ips` begins with the socket's and ends with the client's. */
const nearestAddress = (ips: readonly string[] = []): string | null | undefined =>
  ips.map((each) => normalizeAddress(each ?? '')).findLast((each) => each !== null);
