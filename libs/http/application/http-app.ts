import type { RequestListener } from 'node:http';
import fastifyCors from '@fastify/cors';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Logger, NestLogger } from '#libs/observability/logger.js';
import { measureRequests } from '#libs/observability/metrics.js';
import { logRequests } from '#libs/observability/request-log.js';
import { addTracingHooks } from '#libs/observability/tracing.js';
import { InputGuard } from '../input/input.guard.js';
import { InputPipe } from '../input/input.pipe.js';
import { addEnvelopeHook } from '../replies/envelope.hook.js';
import { ErrorEnvelope } from '../replies/envelope.js';
import { ErrorFilter } from '../replies/error.filter.js';
import { type ErrorTranslator, translateError } from '../replies/error-translation.js';
import { Connections, MAX_HEADER_SIZE } from './connections.js';
import { Drain } from './drain.js';
import { requireHost, requireLoopbackHost } from './host-header.js';
import { addJsonParser, BODY_LIMIT } from './json-body.js';
import { requestIdOf } from './request-id.js';
import { toOriginForm } from './request-target.js';
import { SECURITY_HEADERS, STRICT_TRANSPORT_SECURITY } from './security-headers.js';
import { rejectWrongMethods } from './wrong-methods.js';

export interface HttpAppOptions {
  /** The listener's name in logs and metrics: `identity-provider`, `user-service`, `internal`. */
  name: string;
  logger: Logger;
  trustProxy?: false | number | string[];
  cors?: { origins: string[]; localhost: boolean };
  /** What turns the errors of other libraries (a database's) into answers. */
  translators?: ErrorTranslator[];
  drain?: Drain;
  /** Nobody is asked for credentials: bound to loopback, it answers to loopback names alone. */
  requiresLoopbackHost?: boolean;
}

/**
 * A Nest application on Fastify with everything that all our listeners share: the envelope, errors of every
 * kind in it, request ids, security headers, strict input, one log line a request.
 * It is not listening yet.
 */
export async function createHttpApp(
  module: Type | DynamicModule,
  {
    name,
    logger,
    trustProxy = false,
    cors,
    translators = [],
    drain = new Drain(),
    requiresLoopbackHost: isUnprotected = false,
  }: HttpAppOptions,
): Promise<NestFastifyApplication> {
  const connections = new Connections();
  const adapter = new FastifyAdapter({
    serverFactory: (handler: RequestListener) => connections.createServer(handler),
    // Fastify's own would answer a second time.
    clientErrorHandler: () => {},
    trustProxy: trusted(trustProxy),
    bodyLimit: BODY_LIMIT,
    genReqId: requestIdOf,
    rewriteUrl: toOriginForm,
    routerOptions: { maxParamLength: MAX_HEADER_SIZE },
    // While draining, requests on open connections are still served: `Connection: close` sends them away.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // What the router itself refuses (a path that is no URL) meets no hook and no filter.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      const answer = translateError(error, []);
      reply.headers({ ...SECURITY_HEADERS, 'x-request-id': request.id, 'cache-control': 'no-store' });
      void reply.code(answer.status).send(new ErrorEnvelope(answer));
    },
  });
  const fastify: FastifyInstance = adapter.getInstance();
  addJsonParser(fastify);
  setHeaders(fastify);
  requireHost(fastify);
  if (isUnprotected) requireLoopbackHost(fastify);
  drain.addHooks(fastify, connections);
  if (cors) await allowOrigins(fastify, cors);
  rejectWrongMethods(fastify);
  addTracingHooks(fastify, name);
  logRequests(fastify, logger.child({ app: name }));
  measureRequests(fastify, name);
  addEnvelopeHook(fastify);
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: new NestLogger(logger),
    bodyParser: false,
    abortOnError: false,
    forceCloseConnections: false,
  });
  app.useGlobalFilters(new ErrorFilter(translators, logger));
  app.useGlobalGuards(new InputGuard());
  app.useGlobalPipes(new InputPipe());
  return app;
}

/** Fastify leaves a bare hop count untrusted, since it cannot check the peer: the operator who sets one vouches for it. */
function trusted(
  trustProxy: false | number | string[],
): false | string[] | ((address: string, hop: number) => boolean) {
  return typeof trustProxy === 'number' ? (_address, hop) => hop < trustProxy : trustProxy;
}

/** Written once for every answer, also for those that no route gives. Public answers replace `Cache-Control`. */
function setHeaders(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.headers(SECURITY_HEADERS).header('x-request-id', request.id).header('cache-control', 'no-store');
    if (request.protocol === 'https') reply.header('strict-transport-security', STRICT_TRANSPORT_SECURITY);
    done();
  });
}

const LOCALHOST = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/;

/** Exact origins alone; credentials stay off, since tokens travel in a header. */
async function allowOrigins(
  fastify: FastifyInstance,
  { origins, localhost }: { origins: string[]; localhost: boolean },
) {
  const allowed = new Set(origins);
  await fastify.register(fastifyCors, {
    hook: 'onRequest',
    origin: (origin, decide) =>
      decide(
        null,
        origin !== undefined && (allowed.has(origin) || (localhost && LOCALHOST.test(origin)))
          ? origin
          : false,
      ),
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['Authorization', 'Content-Type', 'If-Match', 'If-None-Match', 'X-Request-Id'],
    exposedHeaders: ['ETag', 'Location', 'Retry-After', 'WWW-Authenticate', 'X-Request-Id'],
    maxAge: 600,
    strictPreflight: false,
  });
}
