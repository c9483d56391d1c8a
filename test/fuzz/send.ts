import { Agent, request } from 'node:http';
import { expect } from 'vitest';

/** What a test sends: text and bytes as they are, past the repairs that `fetch` makes. */
export interface Sent {
  method: string;
  /** Percent-encoded, never normalised: `/users/%2E%2E`. */
  path: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

export interface Received {
  status: number;
  /** The body as JSON has it. */
  body: { data: never; errors: { field: string | null; code: string }[] };
}

/** Answers slower than this (ms) are refused, where they stay so: other tests run on the same processors. */
const SLOW_MS = 1_000;
const TRIES = 3;

const KEYS = ['status', 'code', 'message', 'data', 'errors', 'meta'];

/** A client of one listener; every answer must be sound: 2xx or 4xx, in the envelope, and soon. */
export class Sender {
  private readonly agent = new Agent({ keepAlive: true });

  constructor(
    readonly url: string,
    readonly token: string | null,
  ) {}

  async send(sent: Sent): Promise<Received> {
    let answer = await this.exchange(sent);
    for (let tries = 1; answer.ms > SLOW_MS && tries < TRIES; tries++) answer = await this.exchange(sent);
    const about = JSON.stringify({ ...sent, body: sent.body?.slice(0, 300).toString(), answer });
    expect(answer.ms, about).toBeLessThan(SLOW_MS);
    expect(answer.status, about).toBeGreaterThanOrEqual(200);
    expect(answer.status, about).toBeLessThan(500);
    if (answer.status === 304) return { status: 304, body: undefined as never };
    const body = JSON.parse(answer.text);
    expect(Object.keys(body), about).toEqual(KEYS);
    expect(body.code, about).toBe(answer.status);
    if (answer.status >= 400) {
      expect(body, about).toMatchObject({ status: 'error', data: null, meta: null });
      expect(body.errors[0].code, about).toMatch(/^[a-z_]+$/);
    } else {
      expect(body, about).toMatchObject({ status: 'success', errors: null });
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
