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
export const isTracingEnabled = (env: Environment): boolean =>
  SWITCHES.some((name) => Boolean(env[name])) &&
  env['OTEL_TRACES_EXPORTER'] !== 'none' &&
  env['OTEL_SDK_DISABLED']?.toLowerCase() !== 'true';

/**
 * Traces of requests, of the queries that they make and of what they ask other services, exported as OpenTelemetry's
 * own variables say. Where those are not set, nothing of it is loaded. Call it before any application is made.
 * @returns what sends the last spans and ends it
 */
export async function startTracing(env: Environment): Promise<() => Promise<void>> {
  if (!isTracingEnabled(env)) return async () => {};
  publishVariables(env, 'OTEL_');
  const [
    { registerInstrumentations },
    { PgInstrumentation },
    { UndiciInstrumentation },
    { createTracerProvider },
    { addRequestSpans },
  ] = await Promise.all([
    import('@opentelemetry/instrumentation'),
    import('@opentelemetry/instrumentation-pg'),
    import('@opentelemetry/instrumentation-undici'),
    import('./tracer-provider.js'),
    import('./request-spans.js'),
  ]);
  const provider = await createTracerProvider(env);
  provider.register();
  registerInstrumentations({
    tracerProvider: provider,
    // Only within a request: neither the pool's own queries nor the background refresh of keys.
    instrumentations: [
      new PgInstrumentation({ requireParentSpan: true }),
      new UndiciInstrumentation({
        requireParentforSpans: true,
        // A query string may contain a name.
        requestHook: (span, { origin, path }) => {
          span.setAttributes({ 'url.full': origin + path.replace(/\?.*$/s, ''), 'url.query': '' });
        },
      }),
    ],
  });
  traceRequests = addRequestSpans;
  return async () => {
    traceRequests = null;
    // A collector that is away must not keep the process from ending.
    await provider.shutdown().catch(() => {});
  };
}

/** Gives every request a span, where tracing is on. Call it before any route is added. */
export function addTracingHooks(fastify: FastifyInstance, app: string): void {
  traceRequests?.(fastify, app);
}
