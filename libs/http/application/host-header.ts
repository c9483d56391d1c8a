import type { AddressInfo } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { forbidden, malformed } from '../replies/api-error.js';
import { isLoopbackAddress, isLoopbackHost } from './loopback.js';

/**
 * Rejects HTTP/1.1 requests without `Host`, and requests with two (RFC 9112, section 3.2). Node's own check
 * (`requireHostHeader`) is off: it responds without a body, and accepts two.
 */
export function requireHost(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', ({ raw }, _reply, done) => {
    const hosts = countHosts(raw);
    done(hosts > 1 || (hosts === 0 && raw.httpVersion === '1.1') ? malformed() : undefined);
  });
}

/** 403: `Host` is not a loopback name or address. */
export const hostNotAllowed = () =>
  forbidden('host_not_allowed', 'Use a loopback name or address, such as localhost, to call this port.');

/**
 * If the listener is bound to loopback, rejects any other `Host`. Otherwise a web page could call it under a domain name
 * that resolves to 127.0.0.1 (DNS rebinding), and read the responses.
 */
export function requireLoopbackHost(fastify: FastifyInstance): void {
  let isExposed = false;
  fastify.addHook('onListen', (done) => {
    isExposed = !isLoopbackAddress((fastify.server.address() as AddressInfo).address);
    done();
  });
  // Callers send the same `Host` over and over.
  let lastAllowed: string | undefined;
  fastify.addHook('onRequest', ({ headers: { host } }, _reply, done) => {
    if (isExposed || host === lastAllowed) return done();
    if (host !== undefined && !isLoopbackHost(host)) return done(hostNotAllowed());
    lastAllowed = host;
    done();
  });
}

function countHosts({ rawHeaders }: FastifyRequest['raw']): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') count++;
  }
  return count;
}
