import {
  detectResources,
  envDetector,
  hostDetector,
  processDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ConsoleSpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-node';
import type { Environment } from '#libs/config/environment.js';

/**
 * Creates a tracer provider from OpenTelemetry's standard variables. The packages read sampler, limits, batching, endpoint
 * and headers; exporter and protocol are selected here.
 * @throws Error if the exporter or the protocol is not supported
 */
export async function createTracerProvider(env: Environment): Promise<NodeTracerProvider> {
  const exporter = await createExporter(env);
  return new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': env['OTEL_SERVICE_NAME'] || 'twinkey' }).merge(
      detectResources({ detectors: [envDetector, processDetector, hostDetector] }),
    ),
    spanProcessors: [new QuietSpanProcessor(exporter)],
  });
}

/** Sends spans without the messages of errors, which can have values. The code and the type of an error stay. */
export class QuietSpanProcessor extends BatchSpanProcessor {
  override onEnd(span: ReadableSpan): void {
    delete span.status.message;
    for (const { attributes } of span.events) {
      delete attributes?.['exception.message'];
      delete attributes?.['exception.stacktrace'];
    }
    super.onEnd(span);
  }
}

async function createExporter(env: Environment): Promise<SpanExporter> {
  const name = env['OTEL_TRACES_EXPORTER'] || 'otlp';
  if (name === 'console') return new ConsoleSpanExporter();
  if (name !== 'otlp') throw new Error('OTEL_TRACES_EXPORTER: use otlp, console or none.');
  const protocol =
    env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] || env['OTEL_EXPORTER_OTLP_PROTOCOL'] || 'http/protobuf';
  switch (protocol) {
    case 'http/protobuf':
      return new (await import('@opentelemetry/exporter-trace-otlp-proto')).OTLPTraceExporter();
    case 'http/json':
      return new (await import('@opentelemetry/exporter-trace-otlp-http')).OTLPTraceExporter();
    default:
      throw new Error('OTEL_EXPORTER_OTLP_PROTOCOL: use http/protobuf or http/json.');
  }
}
