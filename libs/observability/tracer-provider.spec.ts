import { SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { expect, it } from 'vitest';
import { QuietSpanProcessor } from './tracer-provider.js';

it('sends errors without their messages', async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({ spanProcessors: [new QuietSpanProcessor(exporter)] });
  const span = provider.getTracer('test').startSpan('pg.query');
  span.setStatus({
    code: SpanStatusCode.ERROR,
    message: 'invalid input syntax for type integer: "ada@example.com"',
  });
  span.recordException(new Error('a secret'));
  span.end();
  await provider.forceFlush();
  const [sent] = exporter.getFinishedSpans();
  expect(sent?.status).toEqual({ code: SpanStatusCode.ERROR });
  expect(sent?.events.map(({ name, attributes }) => ({ name, attributes }))).toEqual([
    { name: 'exception', attributes: { 'exception.type': 'Error' } },
  ]);
  await provider.shutdown();
});
