import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Logger } from '#libs/observability/logger.js';
import { observeRequest } from '#libs/observability/metrics.js';
import { preparedRequestLog } from '#libs/observability/request-log.js';
import { tracesRequests } from '#libs/observability/tracing.js';
import type { Drain } from '../application/drain.js';
import { SECURITY_HEADERS } from '../application/security-headers.js';

declare module 'fastify' {
  interface FastifyInstance {
    preparedReplies: PreparedReplies;
  }
}

/** A public reply that is the same for every request of its path. */
export interface PreparedReply {
  /** Node sends a string together with the headers, in one write. */
  readonly body: string;
  /** In lower case; with `content-type`, `cache-control` and `etag`. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface PreparedRepliesOptions {
  /** The application's name in metrics. */
  name: string;
  logger: Logger;
  drain: Drain;
  /** Whether CORS adds `Vary: Origin` to every response. */
  hasCors: boolean;
}

interface PreparedRoute {
  reply: () => PreparedReply;
  log: (id: string, duration: number) => void;
  observe: (duration: number) => void;
}

/** A request with one of these gets an answer of its own, or is checked further. */
const SPECIAL_HEADERS = new Set([
  'content-length',
  'expect',
  'if-none-match',
  'origin',
  'transfer-encoding',
  'x-forwarded-proto',
  'x-request-id',
]);

/**
 * Sends replies whose bytes are made once, before Fastify begins with a request: for public GET routes that many programs
 * call. The response, its log line and its metric are the same as those of the route's handler, which gets all other
 * requests of the path (HEAD, a query, `Origin`, …). @see docs/decisions/batched-lookups.md
 */
export class PreparedReplies {
  private readonly byPath = new Map<string, PreparedRoute>();
  /** Names and values in turn, which Node writes fastest. */
  private readonly headers = new WeakMap<PreparedReply, readonly string[]>();

  constructor(private readonly options: PreparedRepliesOptions) {}

  add(path: string, reply: () => PreparedReply): void {
    const { name, logger } = this.options;
    const log = preparedRequestLog(logger, { method: 'GET', route: path, status: 200, principal: null });
    const labels = { app: name, method: 'GET', route: path, status: '200' };
    this.byPath.set(path, { reply, log, observe: (duration) => observeRequest(labels, duration) });
  }

  /** A listener that leaves all other requests to this one. */
  before(listener: RequestListener): RequestListener {
    return (request, response) => {
      if (!this.send(request, response)) listener(request, response);
    };
  }

  private send(request: IncomingMessage, response: ServerResponse): boolean {
    const { method, url = '' } = request;
    const route = method === 'GET' ? this.byPath.get(url) : undefined;
    if (!route || this.options.drain.isDraining || tracesRequests() || !isPlain(request)) return false;
    const startedAt = performance.now();
    const id = randomUUID();
    const reply = route.reply();
    response.writeHead(200, [...this.headersOf(reply), 'x-request-id', id]).end(reply.body);
    const duration = performance.now() - startedAt;
    route.observe(duration);
    route.log(id, duration);
    return true;
  }

  private headersOf(reply: PreparedReply): readonly string[] {
    const known = this.headers.get(reply);
    if (known) return known;
    const made = Object.entries({
      ...SECURITY_HEADERS,
      ...(this.options.hasCors ? { vary: 'Origin' } : {}),
      ...reply.headers,
      'content-length': String(Buffer.byteLength(reply.body)),
    }).flat();
    this.headers.set(reply, made);
    return made;
  }
}

/** @param replies by path; a function returns the current reply */
export function sendPrepared(
  app: NestFastifyApplication,
  replies: Readonly<Record<string, () => PreparedReply>>,
): void {
  const { preparedReplies } = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  for (const [path, reply] of Object.entries(replies)) preparedReplies.add(path, reply);
}

/** HTTP/1.1 with one `Host`, and nothing that changes the response. */
function isPlain({ httpVersion, rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] as string).toLowerCase();
    if (name === 'host') hosts++;
    else if (SPECIAL_HEADERS.has(name)) return false;
  }
  return hosts === 1 && httpVersion === '1.1';
}
