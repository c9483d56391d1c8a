import { type Agent, request as httpRequest } from 'node:http';

export interface Call {
  /** Name for the tally: `PUT /users/me`. */
  name: string;
  method?: string;
  url: string;
  token?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** The result of a call. Times are values of `performance.now()`. */
export interface Outcome {
  name: string;
  startedAt: number;
  endedAt: number;
  /** Null without a complete response. */
  status: number | null;
  /** `ECONNRESET`, … without a response. */
  error: string | null;
  retryAfter: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: tests assert what they read
  body: any;
}

/** A request without a response after this time counts as hanging. */
const TIMEOUT_MS = 15_000;

/** Sends one request. It never rejects: a failure is an outcome too. */
export function send(
  { name, method = 'GET', url, token, body, headers = {} }: Call,
  agent?: Agent,
): Promise<Outcome> {
  const startedAt = performance.now();
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve) => {
    const end = (found: Pick<Outcome, 'status' | 'error' | 'retryAfter' | 'body'>) =>
      resolve({ name, startedAt, endedAt: performance.now(), ...found });
    const fail = (error: NodeJS.ErrnoException) =>
      end({ status: null, error: error.code ?? error.message, retryAfter: null, body: null });
    const outgoing = httpRequest(
      url,
      {
        method,
        // Without an agent, each request has a new connection.
        agent: agent ?? false,
        headers: {
          ...(token ? { authorization: `Bearer ${token}` } : {}),
          ...(text === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
          ...headers,
        },
      },
      (response) => {
        let answer = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          answer += chunk;
        });
        response.once('error', fail);
        response.once('end', () =>
          end({
            status: response.statusCode ?? null,
            error: null,
            retryAfter: response.headers['retry-after'] ?? null,
            body: parseIfJson(answer),
          }),
        );
      },
    );
    outgoing.once('error', fail);
    outgoing.setTimeout(TIMEOUT_MS, () => outgoing.destroy(Object.assign(new Error(), { code: 'HANG' })));
    outgoing.end(text);
  });
}

function parseIfJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export const isSuccess = ({ status }: Outcome): boolean => status !== null && status >= 200 && status < 300;

/** `GET /users 503 overloaded ×12, GET /users ECONNRESET ×1`, for the report and for messages of assertions. */
export function tally(outcomes: Outcome[]): string {
  const counts = new Map<string, number>();
  for (const { name, status, error, body } of outcomes) {
    const reason = status !== null && status >= 500 ? ` ${body?.errors?.[0]?.code ?? 'unknown code'}` : '';
    const key = `${name} ${status ?? error}${reason}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, count]) => `${key} ×${count}`).join(', ');
}

/** The longest duration in milliseconds. */
export const slowest = (outcomes: Outcome[]): number =>
  Math.round(Math.max(0, ...outcomes.map(({ startedAt, endedAt }) => endedAt - startedAt)));
