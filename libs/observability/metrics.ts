import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Histogram, register } from 'prom-client';

/** One registry a process: whatever runs in it shows on one `/metrics`. */
export const metrics = register;

const durations = new Histogram({
  name: 'twinkey_http_request_duration_seconds',
  help: 'Time to answer, by listener, method, route and status.',
  labelNames: ['app', 'method', 'route', 'status'] as const,
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
});

let scraped: () => Promise<string> = () => metrics.metrics();

/** What `/metrics` answers: for all that runs in this process. */
export const scrapeMetrics = (): Promise<string> => scraped();

/** Where this process is one of several behind the same ports: whom to ask instead, for all of them. */
export function setMetricsSource(source: () => Promise<string>): void {
  scraped = source;
}

let collecting = false;

/** Node's own figures, once a process. */
export function collectProcessMetrics(): void {
  if (collecting) return;
  collecting = true;
  collectDefaultMetrics();
}

/**
 * Counts and times every request by its route's pattern: a path as it came would make a series of each id.
 * @param app the listener's name: `identity-provider`, `user-service`, `internal`
 */
export function measureRequests(fastify: FastifyInstance, app: string): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    durations.labels(app, request.method, route, String(reply.statusCode)).observe(reply.elapsedTime / 1000);
    done();
  });
}
