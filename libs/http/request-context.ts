import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What a log line tells of the request that it belongs to. */
export interface RequestContext {
  readonly requestId: string;
}

/** Set around each request's handling, so that every line logged meanwhile carries the request's id. */
export const requestContext = new AsyncLocalStorage<RequestContext>();

const ACCEPTABLE = /^[A-Za-z0-9._-]{1,128}$/;

/** The caller's `X-Request-Id` where it is harmless in a log and in a header, else one of our own. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && ACCEPTABLE.test(given) ? given : randomUUID();
}
