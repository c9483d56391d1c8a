import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ErrorEnvelope, Reply, successEnvelope } from './envelope.js';
import { isUnmodified } from './etag.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The envelope's message of a success (`@Replies`). */
    message?: string;
  }
}

/** Puts what handlers return into the envelope; text and bytes, whose form a standard fixes, pass as they are. */
export function addEnvelopeHook(fastify: FastifyInstance): void {
  fastify.addHook('preSerialization', (request, reply, payload, done) => {
    done(null, payload instanceof ErrorEnvelope ? payload : enclose(request, reply, payload));
  });
  fastify.addHook('onSend', (request, reply, payload, done) => {
    const etag = reply.getHeader('etag');
    if (
      typeof etag !== 'string' ||
      reply.statusCode !== 200 ||
      !isUnmodified(request.headers['if-none-match'], etag)
    ) {
      return done(null, payload);
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return done(null, payload);
    reply.code(304).removeHeader('content-type').removeHeader('content-length');
    done(null, null);
  });
}

function enclose(request: FastifyRequest, reply: FastifyReply, payload: unknown) {
  const message = request.routeOptions.config.message ?? 'OK';
  if (!(payload instanceof Reply)) return successEnvelope(reply.statusCode, message, payload, null);
  if (payload.etag !== null) reply.header('etag', payload.etag);
  // Relative, as RFC 9110 (section 10.2.2) allows: the `Host` header never enters it.
  if (payload.createdId !== null)
    reply.header('location', `${request.routeOptions.url}/${payload.createdId}`);
  return successEnvelope(reply.statusCode, message, payload.data, payload.meta);
}
