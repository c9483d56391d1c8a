import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Histogram, register } from 'prom-client';
import { matchedRoute } from './matched-route.js';

/** One registry per process: `/metrics` shows all applications of the process. */
export const metrics = register;

const durations = new Histogram({
  name: 'twinkey_http_request_duration_seconds',
  help: 'Response time by application, method, route and status.',
  labelNames: ['app', 'method', 'route', 'status'] as const,
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
});

let source: () => Promise<string> = () => metrics.metrics();

/** Returns the body of `/metrics`. */
export const scrapeMetrics = (): Promise<string> => source();

/** Replaces the source of `/metrics`, for a process that is one of several workers. */
export function setMetricsSource(newSource: () => Promise<string>): void {
  source = newSource;
}

let isCollecting = false;

/** Adds Node's own metrics, once per process. */
export function collectProcessMetrics(): void {
  if (isCollecting) return;
  isCollecting = true;
  collectDefaultMetrics();
}

/**
 * Counts and times every request by its route pattern. Paths would make a time series for each id.
 * @param app the application's name: `identity-provider`, `user-service`, `internal`
 */
export function measureRequests(fastify: FastifyInstance, app: string): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    // It lasts as long as the client listens.
    if (reply.raw.getHeader('content-type') === 'text/event-stream') return done();
    const route = matchedRoute(request).url ?? 'unknown';
    const { method } = request;
    observeRequest({ app, method, route, status: String(reply.statusCode) }, reply.elapsedTime);
    done();
  });
}

/** @param duration in milliseconds */
export const observeRequest = (labels: RequestLabels, duration: number): void =>
  durations.observe(labels, duration / 1000);

type RequestLabels = Readonly<Record<'app' | 'method' | 'route' | 'status', string>>;
