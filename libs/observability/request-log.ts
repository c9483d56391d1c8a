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
export interface LoggedRequest {
  id: string;
  method: string;
  route: string | null;
  status: number;
  /** In milliseconds. */
  duration: number;
  principal: string | null;
}

export type LogRequest = (request: LoggedRequest) => void;

/** One line for each request. Redaction would take a third of the time of a small request. */
export function requestLog(logger: Logger): LogRequest {
  const lines = logger.child({}, { redact: [] });
  return ({ id, method, route, status, duration, principal }) => {
    const duration_ms = inHundredths(duration);
    lines.info({ request_id: id, method, route, status, duration_ms, principal }, 'request');
  };
}

/**
 * For requests that differ in id and duration only: the rest of their lines is made once.
 * @returns logs a request by its id and duration (ms)
 */
export function preparedRequestLog(
  logger: Logger,
  constants: Omit<LoggedRequest, 'id' | 'duration'>,
): (id: string, duration: number) => void {
  const lines = logger.child(constants, { redact: [] });
  return (id, duration) => lines.info({ request_id: id, duration_ms: inHundredths(duration) }, 'request');
}

const inHundredths = (duration: number): number => Math.round(duration * 100) / 100;

/** Logs every request, without query and body. */
export function logRequests(fastify: FastifyInstance, log: LogRequest): void {
  fastify.decorateRequest('principalName', null);
  fastify.addHook('onResponse', (request, reply, done) => {
    log({
      id: request.id,
      method: request.method,
      route: matchedRoute(request).url ?? null,
      status: reply.statusCode,
      duration: reply.elapsedTime,
      principal: request.principalName,
    });
    done();
  });
}
