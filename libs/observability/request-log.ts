import type { FastifyInstance } from 'fastify';
import type { Logger } from './logger.js';
import { matchedRoute } from './matched-route.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller, for the log: `<issuer>:<sub>`, or null. The access guard sets it. */
    principalName: string | null;
  }
}

/** What is logged of a request. None of it can have a secret. */
interface LoggedRequest {
  request_id: string;
  method: string;
  route: string | null;
  status: number;
  duration_ms: number;
  principal: string | null;
}

/**
 * For requests that differ in id and duration only: the rest of their lines is made once.
 * @returns logs a request by its id and duration (ms)
 */
export function preparedRequestLog(
  logger: Logger,
  constants: Omit<LoggedRequest, 'request_id' | 'duration_ms'>,
): (id: string, duration: number) => void {
  const lines = logger.child(constants, { redact: [] });
  return (id, duration) => lines.info({ request_id: id, duration_ms: inHundredths(duration) }, 'request');
}

const inHundredths = (duration: number): number => Math.round(duration * 100) / 100;

/** Logs every request in one line, without query and body. Redaction would take a third of the time of a small request. */
export function logRequests(fastify: FastifyInstance, logger: Logger): void {
  const lines = logger.child({}, { redact: [] });
  fastify.decorateRequest('principalName', null);
  fastify.addHook('onResponse', (request, reply, done) => {
    const logged: LoggedRequest = {
      request_id: request.id,
      method: request.method,
      route: matchedRoute(request).url ?? null,
      status: reply.statusCode,
      duration_ms: inHundredths(reply.elapsedTime),
      principal: request.principalName,
    };
    lines.info(logged, 'request');
    done();
  });
}
