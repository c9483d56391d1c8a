import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** A public reply that is the same for every request of its path. */
export interface PreparedReply {
  /** Node sends a string together with the headers, in one write. */
  readonly body: string;
  /** In lower case; with `content-type`, `cache-control` and `etag`. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Sends replies whose bytes are made once, before guards, pipes and handlers run: for public GET routes that many programs
 * call. All other requests of the path (HEAD, a query, …) reach its handler. Call it before the application listens.
 * @param replies by path; a function returns the current reply
 */
export function sendPrepared(
  app: NestFastifyApplication,
  replies: Readonly<Record<string, () => PreparedReply>>,
): void {
  const byPath = new Map(Object.entries(replies));
  // After the hooks of `http-adapter.ts`, which check `Host` and add the headers of every response.
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (request, reply, done) => {
      const current = request.method === 'GET' ? byPath.get(request.url) : undefined;
      if (current === undefined) return done();
      const { body, headers } = current();
      reply.headers(headers).send(body);
    });
}
