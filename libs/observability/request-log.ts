import type { FastifyInstance } from 'fastify';
import type { Logger } from './logger.js';
import { matchedRoute } from './matched-route.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller, for the log: `<issuer>:<sub>`, or null. The access guard sets it. */
    principalName: string | null;
  }
}

/** Logs one line per request, without query and body. */
export function logRequests(fastify: FastifyInstance, logger: Logger): void {
  fastify.decorateRequest('principalName', null);
  // None of these fields can have a secret. Redaction would take a third of the time of a small request.
  const lines = logger.child({}, { redact: [] });
  fastify.addHook('onResponse', (request, reply, done) => {
    lines.info(
      {
        request_id: request.id,
        method: request.method,
        route: matchedRoute(request).url ?? null,
        status: reply.statusCode,
        duration_ms: Math.round(reply.elapsedTime * 100) / 100,
        principal: request.principalName,
      },
      'request',
    );
    done();
  });
}
