import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Drain } from '#libs/http/application/drain.js';
import { notFound, unavailable } from '#libs/http/replies/api-error.js';
import type { AuthorityPublisher } from './authority-publisher.js';

const EVENT_STREAM = 'text/event-stream';

/**
 * Answers `GET /authority`: an event stream, or one snapshot where the request prefers JSON.
 * @param publisher null where the feed is off
 * @throws ApiError 404 where the feed is off; 503 where the database does not answer, or the process ends
 */
export async function serveFeed(
  publisher: AuthorityPublisher | null,
  drain: Drain,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  if (publisher === null) throw notFound('The authority feed is off: AUTHORITY_FEED_TOKEN is not set.');
  // HEAD has no body, and would never end.
  if (request.method === 'HEAD' || prefersJson(request.headers.accept)) {
    await reply.send(await publisher.snapshot());
    return;
  }
  if (drain.isDraining) throw unavailable();
  const lastEventId = request.headers['last-event-id'];
  await publisher.open(typeof lastEventId === 'string' ? lastEventId : undefined, () => beginStream(reply));
}

/** Writes the headers of a response that this module ends, and not Fastify. */
function beginStream(reply: FastifyReply): ServerResponse {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': EVENT_STREAM,
    'cache-control': 'no-store',
    // Nginx would collect the events.
    'x-accel-buffering': 'no',
  });
  return raw;
}

/** Whether JSON has a higher weight than an event stream (RFC 9110, section 12.5.1). */
function prefersJson(accept = EVENT_STREAM): boolean {
  const weights = new Map(accept.split(',').map(parseRange));
  const json = weights.get('application/json') ?? weights.get('application/*') ?? 0;
  const stream = weights.get(EVENT_STREAM) ?? weights.get('text/*') ?? weights.get('*/*') ?? 0;
  return json > stream || (json === stream && json > 0 && !weights.has(EVENT_STREAM));
}

function parseRange(range: string): [type: string, weight: number] {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
  const weight = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1);
  return [type, Number.isNaN(weight) ? 0 : weight];
}
