import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { matchedRoute } from '#libs/observability/matched-route.js';
import { ErrorEnvelope, successEnvelope } from './envelope.js';
import { isUnmodified, Reply } from './replies.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The envelope's message on success (`@Replies`). */
    message?: string;
  }
}

/** Wraps the return values of handlers in the envelope. Strings and buffers are sent unchanged. */
export function addEnvelopeHook(fastify: FastifyInstance): void {
  fastify.addHook('preSerialization', (request, reply, payload, done) => {
    done(null, payload instanceof ErrorEnvelope ? payload : wrap(request, reply, payload));
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

function wrap(request: FastifyRequest, reply: FastifyReply, payload: unknown) {
  const message = matchedRoute(request).config.message ?? 'OK';
  if (!(payload instanceof Reply)) return successEnvelope(reply.statusCode, message, payload, null);
  if (payload.etag !== null) reply.header('etag', payload.etag);
  // A relative reference (RFC 9110, section 10.2.2), so that it does not depend on the `Host` header.
  if (payload.createdId !== null)
    reply.header('location', `${matchedRoute(request).url}/${payload.createdId}`);
  return successEnvelope(reply.statusCode, message, payload.data, payload.meta);
}
