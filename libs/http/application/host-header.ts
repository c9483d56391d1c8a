import type { AddressInfo } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { forbidden, malformed } from '../replies/api-error.js';
import { isLoopbackAddress, isLoopbackHost } from './loopback.js';

/**
 * RFC 9112, section 3.2: HTTP/1.1 without `Host`, or with two, is 400. Node's own check (`requireHostHeader`, which has
 * to be off) writes an answer without a body and lets the second case pass.
 */
export function requireHost(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', ({ raw }, _reply, done) => {
    const hosts = countHosts(raw);
    done(hosts > 1 || (hosts === 0 && raw.httpVersion === '1.1') ? malformed() : undefined);
  });
}

/** 403: a listener on loopback was called by a name of somewhere else. */
export const hostNotAllowed = () =>
  forbidden('host_not_allowed', 'This port answers to loopback names and addresses only, such as localhost.');

/**
 * While the listener is bound to loopback, a `Host` of anything else is refused: a web page reaches it by a name of its own
 * that it makes point to 127.0.0.1 (DNS rebinding), and the browser then lets it read the answers.
 */
export function requireLoopbackHost(fastify: FastifyInstance): void {
  let isExposed = false;
  fastify.addHook('onListen', (done) => {
    isExposed = !isLoopbackAddress((fastify.server.address() as AddressInfo).address);
    done();
  });
  fastify.addHook('onRequest', ({ headers: { host } }, _reply, done) => {
    done(isExposed || host === undefined || isLoopbackHost(host) ? undefined : hostNotAllowed());
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
