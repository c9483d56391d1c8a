import { SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { expect, it } from 'vitest';
import { QuietSpanProcessor } from './tracer-provider.js';

it('sends the status of an error without its message', async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({ spanProcessors: [new QuietSpanProcessor(exporter)] });
  const span = provider.getTracer('test').startSpan('pg.query');
  span.setStatus({
    code: SpanStatusCode.ERROR,
    message: 'invalid input syntax for type integer: "ada@example.com"',
  });
  span.end();
  await provider.forceFlush();
  const spans = exporter.getFinishedSpans();
  expect(spans.map(({ name, status }) => ({ name, status }))).toEqual([
    { name: 'pg.query', status: { code: SpanStatusCode.ERROR } },
  ]);
  await provider.shutdown();
});
