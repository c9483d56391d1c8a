import type { FastifyInstance } from 'fastify';
import { type Environment, publishVariables } from '#libs/config/environment.js';

const SWITCHES = [
  'OTEL_TRACES_EXPORTER',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
];

let traceRequests: ((fastify: FastifyInstance, app: string) => void) | null = null;

/** Whether OpenTelemetry's standard variables enable tracing. */
export const isTracingEnabled = (env: Environment): boolean =>
  SWITCHES.some((name) => Boolean(env[name])) &&
  env['OTEL_TRACES_EXPORTER'] !== 'none' &&
  env['OTEL_SDK_DISABLED']?.toLowerCase() !== 'true';

/**
 * Traces requests, their database queries, and their calls of other services. OpenTelemetry's standard variables configure
 * it; without them, no OpenTelemetry package is loaded. Call it before an application is created.
 * @returns a function that sends the last spans and stops tracing
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
    // Only within requests: not for queries of the pool, or background refreshes of keys.
    instrumentations: [
      new PgInstrumentation({ requireParentSpan: true }),
      new UndiciInstrumentation({
        requireParentforSpans: true,
        // A query string can contain a name.
        requestHook: (span, { origin, path }) => {
          span.setAttributes({ 'url.full': origin + path.replace(/\?.*$/s, ''), 'url.query': '' });
        },
      }),
    ],
  });
  traceRequests = addRequestSpans;
  return async () => {
    traceRequests = null;
    // An unavailable collector must not keep the process running.
    await provider.shutdown().catch(() => {});
  };
}

export const tracesRequests = (): boolean => traceRequests !== null;

/** Creates a span for every request if tracing is enabled. Call it before a route is added. */
export function addTracingHooks(fastify: FastifyInstance, app: string): void {
  traceRequests?.(fastify, app);
}
