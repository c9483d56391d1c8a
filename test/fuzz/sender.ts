import { Agent, request } from 'node:http';
import { expect } from 'vitest';

/** A request whose text and bytes are sent unchanged, without the corrections of `fetch`. */
export interface Sent {
  method: string;
  /** Percent-encoded and not normalised: `/users/%2E%2E`. */
  path: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

export interface Received {
  status: number;
  /** The parsed body. */
  body: { data: never; errors: { field: string | null; code: string }[] };
}

/** A response that is slower in every attempt fails the test. Several attempts, since other tests use the same CPU. */
const SLOW_MS = 1_000;
const ATTEMPTS = 3;

const KEYS = ['status', 'code', 'message', 'data', 'errors', 'meta'];

/** A client of one listener. Every response must be valid: 2xx or 4xx, in the envelope, and fast. */
export class Sender {
  private readonly agent = new Agent({ keepAlive: true });

  constructor(
    readonly url: string,
    readonly token: string | null,
  ) {}

  async send(sent: Sent): Promise<Received> {
    let answer = await this.exchange(sent);
    for (let attempt = 1; answer.ms > SLOW_MS && attempt < ATTEMPTS; attempt++)
      answer = await this.exchange(sent);
    const context = JSON.stringify({ ...sent, body: sent.body?.slice(0, 300).toString(), answer });
    expect(answer.ms, context).toBeLessThan(SLOW_MS);
    expect(answer.status, context).toBeGreaterThanOrEqual(200);
    expect(answer.status, context).toBeLessThan(500);
    if (answer.status === 304) return { status: 304, body: undefined as never };
    const body = JSON.parse(answer.text);
    expect(Object.keys(body), context).toEqual(KEYS);
    expect(body.code, context).toBe(answer.status);
    if (answer.status >= 400) {
      expect(body, context).toMatchObject({ status: 'error', data: null, meta: null });
      expect(body.errors[0].code, context).toMatch(/^[a-z_]+$/);
    } else {
      expect(body, context).toMatchObject({ status: 'success', errors: null });
    }
    return { status: answer.status, body };
  }

  close(): void {
    this.agent.destroy();
  }

  private exchange({ method, path, headers = {}, body }: Sent) {
    const since = performance.now();
    return new Promise<{ status: number; text: string; ms: number }>((resolve, reject) => {
      const { hostname, port } = new URL(this.url);
      const bytes = body === undefined ? undefined : Buffer.from(body as string);
      const outgoing = request(
        {
          ...{ hostname, port, method, path, agent: this.agent },
          headers: {
            ...(this.token === null ? {} : { authorization: `Bearer ${this.token}` }),
            ...(bytes ? { 'content-type': 'application/json', 'content-length': bytes.length } : {}),
            ...headers,
          },
        },
        (incoming) => {
          let text = '';
          incoming.setEncoding('utf8');
          incoming.on('data', (chunk) => {
            text += chunk;
          });
          incoming.on('error', reject);
          incoming.on('end', () => {
            resolve({ status: incoming.statusCode ?? 0, text, ms: performance.now() - since });
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(bytes);
    });
  }
}
