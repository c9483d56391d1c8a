import { type Agent, request as httpRequest } from 'node:http';

export interface Call {
  /** For the tally: `PUT /users/me`. */
  name: string;
  method?: string;
  url: string;
  token?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** What became of a call. Times are of `performance.now()`, in milliseconds. */
export interface Outcome {
  name: string;
  startedAt: number;
  endedAt: number;
  /** Null where no whole answer came. */
  status: number | null;
  /** `ECONNRESET`, … where no answer came. */
  error: string | null;
  retryAfter: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: what a test reads of an answer it also asserts
  body: any;
}

/** A client that hears nothing for so long calls it a hang. */
const PATIENCE_MS = 15_000;

/** Sends one request and never rejects: a failure is an outcome like any other. */
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
        // Without one, each request has a connection of its own.
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
            body: parsed(answer),
          }),
        );
      },
    );
    outgoing.once('error', fail);
    outgoing.setTimeout(PATIENCE_MS, () => outgoing.destroy(Object.assign(new Error(), { code: 'HANG' })));
    outgoing.end(text);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export const isSuccess = ({ status }: Outcome): boolean => status !== null && status >= 200 && status < 300;

/** `GET /users 503 overloaded ×12, GET /users ECONNRESET ×1`: for the table, and for the message of an assertion. */
export function tally(outcomes: Outcome[]): string {
  const counts = new Map<string, number>();
  for (const { name, status, error, body } of outcomes) {
    const reason = status !== null && status >= 500 ? ` ${body?.errors?.[0]?.code ?? 'not ours'}` : '';
    const key = `${name} ${status ?? error}${reason}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, count]) => `${key} ×${count}`).join(', ');
}

/** The slowest (ms). */
export const slowest = (outcomes: Outcome[]): number =>
  Math.round(Math.max(0, ...outcomes.map(({ startedAt, endedAt }) => endedAt - startedAt)));
