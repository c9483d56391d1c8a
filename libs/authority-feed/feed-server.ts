import type { ServerResponse } from 'node:http';
import type { OnModuleDestroy } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Drain } from '#libs/http/application/drain.js';
import { notFound, unavailable } from '#libs/http/replies/api-error.js';
import type { AuthorityPublisher } from './authority-publisher.js';
import { EVENT_STREAM, prefersJson } from './media-type.js';

/** Answers `GET /authority` of one application. All feeds end as soon as the shutdown begins. */
export class FeedServer implements OnModuleDestroy {
  /** @param publisher null where the feed is off */
  constructor(
    private readonly publisher: AuthorityPublisher | null,
    private readonly drain: Drain,
  ) {
    drain.onBegin(() => publisher?.endFeeds());
  }

  async onModuleDestroy(): Promise<void> {
    await this.publisher?.close();
  }

  /**
   * An event stream, or one snapshot where the request prefers JSON.
   * @throws ApiError 404 where the feed is off; 503 where the database does not answer, or the process shuts down
   */
  async serve(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { publisher } = this;
    if (publisher === null) throw notFound('The authority feed is off: AUTHORITY_FEED_TOKEN is not set.');
    // A stream would never answer a HEAD.
    if (request.method === 'HEAD' || prefersJson(request.headers.accept)) {
      const snapshot = await publisher.snapshot();
      await reply.send(snapshot);
      return;
    }
    if (this.drain.isDraining) throw unavailable();
    const lastEventId = request.headers['last-event-id'];
    const cursor = typeof lastEventId === 'string' ? lastEventId : undefined;
    await publisher.open(cursor, () => beginStream(reply));
  }
}

/** Writes the headers of a response that Fastify does not end. */
function beginStream(reply: FastifyReply): ServerResponse {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': EVENT_STREAM,
    'cache-control': 'no-store',
    // Without it nginx collects the events.
    'x-accel-buffering': 'no',
  });
  return raw;
}
