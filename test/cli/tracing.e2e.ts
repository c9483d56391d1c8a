import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePorts } from '../support/free-ports.js';
import { createEmptyDatabase, type TestDatabase } from '../support/postgres.js';
import { CliCheckout, type Variables } from './cli-checkout.js';

const STARTED = 'Ctrl-C stops it.';

interface ReceivedSpan {
  name: string;
  kind: number;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  attributes: { key: string; value: { stringValue?: string; intValue?: number } }[];
}

/** A collector for OTLP/HTTP: `POST /v1/traces` with JSON bodies. */
class Collector {
  readonly paths = new Set<string>();
  readonly spans: ReceivedSpan[] = [];
  private readonly server: Server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    this.paths.add(request.url ?? '');
    for (const { scopeSpans } of JSON.parse(body.toString()).resourceSpans) {
      for (const { spans } of scopeSpans) this.spans.push(...spans);
    }
    response.setHeader('content-type', 'application/json').end('{}');
  });

  async listen(): Promise<string> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${(this.server.address() as { port: number }).port}`;
  }

  async received(name: string): Promise<ReceivedSpan> {
    for (let waited = 0; waited < 15_000; waited += 50) {
      const span = this.spans.find((candidate) => candidate.name === name);
      if (span) return span;
      await sleep(50);
    }
    throw new Error(`No span ${name} among ${this.spans.map((span) => span.name).join(', ')}`);
  }

  close(): void {
    this.server.close().closeAllConnections();
  }
}

const attribute = ({ attributes }: ReceivedSpan, name: string) =>
  Object.values(attributes.find(({ key }) => key === name)?.value ?? {})[0];

let built: CliCheckout;
beforeAll(async () => {
  built = await CliCheckout.make();
});
afterAll(() => built.close());

describe('traces', () => {
  let database: TestDatabase;
  let collector: Collector;
  let env: Variables;
  beforeEach(async () => {
    database = await createEmptyDatabase();
    collector = new Collector();
    env = {
      ...(await freePorts()),
      BCRYPT_COST: '10',
      DATABASE_URL: database.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '200',
    };
  });
  afterEach(async () => {
    collector.close();
    await database.close();
  });

  const lookUp = (headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${env['USER_SERVICE_INTERNAL_PORT']}/users/username/nobody`, { headers });

  it('contain route, status, database queries and the trace id of the caller', async () => {
    env['OTEL_EXPORTER_OTLP_ENDPOINT'] = await collector.listen();
    const running = built.start(['run'], env);
    await running.untilPrinted(STARTED);
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const answer = await lookUp({
      traceparent: `00-${traceId}-b7ad6b7169203331-01`,
      'x-request-id': 'traced',
    });
    expect(answer.status).toBe(404);
    const span = await collector.received('GET /users/username/:username');
    expect([...collector.paths]).toEqual(['/v1/traces']);
    expect(span).toMatchObject({ kind: 2, traceId, parentSpanId: 'b7ad6b7169203331' });
    expect(attribute(span, 'http.route')).toBe('/users/username/:username');
    expect(attribute(span, 'http.response.status_code')).toBe(404);
    expect(attribute(span, 'twinkey.app')).toBe('internal');
    expect(attribute(span, 'twinkey.request_id')).toBe('traced');
    const queries = collector.spans.filter(({ parentSpanId }) => parentSpanId === span.spanId);
    const texts = queries.map((query) => attribute(query, 'db.query.text'));
    expect(texts).toContainEqual(expect.stringContaining('FROM users.identities i'));
    // Usernames and emails are not sent to the collector.
    expect(JSON.stringify(collector.spans)).not.toContain('nobody');
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
  }, 60_000);

  it('are not sent if the exporter is none', async () => {
    env['OTEL_EXPORTER_OTLP_ENDPOINT'] = await collector.listen();
    env['OTEL_TRACES_EXPORTER'] = 'none';
    const running = built.start(['run'], env);
    await running.untilPrinted(STARTED);
    await lookUp();
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
    expect([...collector.paths]).toEqual([]);
  }, 60_000);

  it('do not prevent the process from ending if the collector is unreachable', async () => {
    env['OTEL_EXPORTER_OTLP_ENDPOINT'] = 'http://127.0.0.1:9';
    const running = built.start(['run'], env);
    await running.untilPrinted(STARTED);
    await lookUp();
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
  }, 60_000);
});
