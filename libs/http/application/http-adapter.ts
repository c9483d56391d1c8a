import type { RequestListener } from 'node:http';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '#libs/observability/logger.js';
import { measureRequests } from '#libs/observability/metrics.js';
import { logRequests } from '#libs/observability/request-log.js';
import { addTracingHooks } from '#libs/observability/tracing.js';
import { addEnvelopeHook } from '../replies/envelope.hook.js';
import { ErrorEnvelope } from '../replies/envelope.js';
import { translateError } from '../replies/error-translation.js';
import { PreparedReplies } from '../replies/prepared-replies.js';
import { Connections, MAX_HEADER_SIZE } from './connections.js';
import { addCors, type CorsOptions } from './cors.js';
import { Drain } from './drain.js';
import { addFormParser } from './form-body.js';
import { requireHost, requireLoopbackHost } from './host-header.js';
import { addJsonParser, BODY_LIMIT } from './json-body.js';
import { requestIdOf } from './request-id.js';
import { toOriginForm } from './request-target.js';
import { SECURITY_HEADERS, STRICT_TRANSPORT_SECURITY } from './security-headers.js';
import { normalizeClientAddress, proxyTrust, type TrustProxy } from './trust-proxy.js';
import { rejectWrongMethods } from './wrong-methods.js';

export interface HttpAdapterOptions {
  /** The application's name in logs and metrics: `identity-provider`, `user-service`, `internal`. */
  name: string;
  logger: Logger;
  trustProxy?: TrustProxy;
  cors?: CorsOptions;
  drain?: Drain;
  /** If the port is bound to loopback, it accepts only loopback names in `Host`. For ports without authentication. */
  requiresLoopbackHost?: boolean;
}

/** The Fastify server of all applications: envelope, request ids, security headers, strict JSON, logs and metrics. */
export async function createHttpAdapter({
  name,
  logger,
  trustProxy = false,
  cors,
  drain = new Drain(),
  requiresLoopbackHost = false,
}: HttpAdapterOptions): Promise<FastifyAdapter> {
  const connections = new Connections();
  const appLogger = logger.child({ app: name });
  const preparedReplies = new PreparedReplies({
    name,
    logger: appLogger,
    drain,
    hasCors: cors !== undefined,
  });
  const adapter = new FastifyAdapter({
    serverFactory: (handler: RequestListener) =>
      // Prepared replies do not check more of `Host` than its number.
      connections.createServer(requiresLoopbackHost ? handler : preparedReplies.before(handler)),
    // `Connections` responds to client errors already.
    clientErrorHandler: () => {},
    trustProxy: proxyTrust(trustProxy),
    bodyLimit: BODY_LIMIT,
    genReqId: requestIdOf,
    rewriteUrl: toOriginForm,
    routerOptions: { maxParamLength: MAX_HEADER_SIZE },
    // Requests on open connections are still served while draining.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // No hook and no filter runs for an error of the router itself, such as a malformed path.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      const apiError = translateError(error, []);
      reply.headers({ ...SECURITY_HEADERS, 'x-request-id': request.id, 'cache-control': 'no-store' });
      void reply.code(apiError.status).send(new ErrorEnvelope(apiError));
    },
  });
  const fastify: FastifyInstance = adapter.getInstance();
  fastify.decorate('preparedReplies', preparedReplies);
  fastify.decorateRequest('cachedRoute', null);
  addJsonParser(fastify);
  addFormParser(fastify);
  normalizeClientAddress(fastify);
  addHeaders(fastify);
  requireHost(fastify);
  if (requiresLoopbackHost) requireLoopbackHost(fastify);
  drain.addHooks(fastify, connections);
  if (cors) await addCors(fastify, cors);
  rejectWrongMethods(fastify);
  addTracingHooks(fastify, name);
  logRequests(fastify, appLogger);
  measureRequests(fastify, name);
  addEnvelopeHook(fastify);
  return adapter;
}

/** Adds the headers of every response, also if no route matches. Public responses replace `Cache-Control`. */
function addHeaders(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.headers(SECURITY_HEADERS).header('x-request-id', request.id).header('cache-control', 'no-store');
    if (request.protocol === 'https') reply.header('strict-transport-security', STRICT_TRANSPORT_SECURITY);
    done();
  });
}
