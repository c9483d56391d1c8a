import { context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/**
 * Creates a span for each request with hooks, because patching modules at load time is fragile with ES modules. Names and
 * attributes follow OpenTelemetry's conventions for HTTP servers, without the path, because it contains ids.
 */
export function addRequestSpans(fastify: FastifyInstance, app: string): void {
  const tracer = trace.getTracer('twinkey');
  const spans = new WeakMap<FastifyRequest, Span>();
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { method, headers, routeOptions } = request;
    const route = routeOptions.url;
    const attributes = {
      'http.request.method': method,
      'twinkey.app': app,
      'twinkey.request_id': request.id,
      ...(route === undefined ? {} : { 'http.route': route }),
    };
    const parent = propagation.extract(context.active(), headers);
    const name = route === undefined ? method : `${method} ${route}`;
    spans.set(request, tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent));
    done();
  });
  // After the body has arrived: its events run outside the asynchronous context of the request.
  fastify.addHook('preValidation', (request, _reply, done) => {
    const span = spans.get(request);
    if (span) context.with(trace.setSpan(context.active(), span), done);
    else done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const span = spans.get(request);
    span?.setAttribute('http.response.status_code', reply.statusCode);
    if (reply.statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
    span?.end();
    done();
  });
  // The client disconnected before the response.
  fastify.addHook('onRequestAbort', (request, done) => {
    spans.get(request)?.end();
    done();
  });
}
