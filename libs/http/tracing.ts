import type { FastifyInstance } from 'fastify';
import type { Environment } from '#libs/config/environment.js';
import { publishVariables } from '#libs/config/published-variables.js';

const SWITCHES = [
  'OTEL_TRACES_EXPORTER',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
];

let traceRequests: ((fastify: FastifyInstance, app: string) => void) | null = null;

/** Whether OpenTelemetry's standard variables ask for traces. */
export const isTracingWanted = (env: Environment): boolean =>
  SWITCHES.some((name) => Boolean(env[name])) &&
  env['OTEL_TRACES_EXPORTER'] !== 'none' &&
  env['OTEL_SDK_DISABLED']?.toLowerCase() !== 'true';

/**
 * Traces of requests, of the queries that they make and of what they ask other services, exported as OpenTelemetry's
 * own variables say. Where those are not set, nothing of it is loaded. Call it before any application is made.
 * @returns what sends the last spans and ends it
 */
export async function startTracing(env: Environment): Promise<() => Promise<void>> {
  if (!isTracingWanted(env)) return async () => {};
  publishVariables(env, 'OTEL_');
  const [{ NodeSDK }, { PgInstrumentation }, { UndiciInstrumentation }, { spanRequests }] = await Promise.all(
    [
      import('@opentelemetry/sdk-node'),
      import('@opentelemetry/instrumentation-pg'),
      import('@opentelemetry/instrumentation-undici'),
      import('./request-spans.js'),
    ],
  );
  const sdk = new NodeSDK({
    serviceName: env['OTEL_SERVICE_NAME'] || 'twinkey',
    // Only within a request: neither the pool's own queries nor the refresh of keys in the background.
    instrumentations: [
      new PgInstrumentation({ requireParentSpan: true }),
      new UndiciInstrumentation({
        requireParentforSpans: true,
        // A query may name a person.
        requestHook: (span, { origin, path }) => {
          span.setAttributes({ 'url.full': origin + path.replace(/\?.*$/s, ''), 'url.query': '' });
        },
      }),
    ],
    // Metrics are Prometheus' matter, logs are on standard output.
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  traceRequests = spanRequests;
  return async () => {
    traceRequests = null;
    // A collector that is away must not keep the process from ending.
    await sdk.shutdown().catch(() => {});
  };
}

/** Gives every request a span, where tracing is on. Call it before any route is added. */
export function followTraces(fastify: FastifyInstance, app: string): void {
  traceRequests?.(fastify, app);
}
