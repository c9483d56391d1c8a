import type { FastifyInstance, FastifyRequest } from 'fastify';
import { malformed } from './api-error.js';

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

function countHosts({ rawHeaders }: FastifyRequest['raw']): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') count++;
  }
  return count;
}
