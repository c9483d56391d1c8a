import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** One response as received. */
export interface RawAnswer {
  status: number;
  /** The last value of each name; see `count`. */
  headers: Record<string, string>;
  /** How many times a header was received. */
  count(name: string): number;
  body: string;
}

export interface Exchange {
  answers: RawAnswer[];
  /** Whether the server closed the connection. */
  closed: boolean;
  durationMs: number;
}

export interface ExchangeOptions {
  /** How long to wait for more data after the last data. */
  idleMs?: number;
  /** How long to wait in total. */
  timeoutMs?: number;
  /** Time between the pieces of the request. */
  pauseMs?: number;
}

/**
 * Sends bytes that no HTTP client would send, and reads the responses until the server closes the connection or sends
 * nothing more.
 */
export async function exchange(
  url: string,
  pieces: string | (string | Buffer)[],
  { idleMs = 300, timeoutMs = 5_000, pauseMs = 0 }: ExchangeOptions = {},
): Promise<Exchange> {
  const { hostname, port } = new URL(url);
  const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true });
  const since = performance.now();
  let received = Buffer.alloc(0);
  let lastDataAt = since;
  let closed = false;
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    lastDataAt = performance.now();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    closed = true;
  });
  void (async () => {
    for (const piece of [pieces].flat()) {
      if (closed) return;
      socket.write(piece as string, 'latin1');
      if (pauseMs > 0) await sleep(pauseMs);
    }
  })();
  const isOver = () =>
    closed ||
    performance.now() - since > timeoutMs ||
    (received.length > 0 && performance.now() - lastDataAt > idleMs);
  while (!isOver()) await sleep(10);
  const durationMs = performance.now() - since;
  const wasClosed = closed;
  socket.destroy();
  const isHead = [pieces].flat().join('').startsWith('HEAD ');
  return { answers: readAnswers(received, isHead), closed: wasClosed, durationMs };
}

/** A request with a `Host` header, its lines joined by CRLF, and `Connection: close` unless a header sets another value. */
export function request(line: string, headers: readonly string[] = [], body = ''): string {
  const own = headers.some((header) => /^connection:/i.test(header)) ? [] : ['Connection: close'];
  return [`${line} HTTP/1.1`, 'Host: localhost', ...own, ...headers, '', body].join('\r\n');
}

/** @param isHead responses to HEAD have a length and no body, like a 304 */
function readAnswers(bytes: Buffer, isHead: boolean): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) throw new Error(`Not an HTTP response: ${rest.toString('latin1').slice(0, 100)}`);
    const [first = '', ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
    const pairs = lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    });
    const headers = Object.fromEntries(pairs);
    const length = Number(headers['content-length'] ?? 0);
    const hasBody = rest.length >= end + 4 + length;
    if (!hasBody && !isHead && status !== 304) throw new Error('The response is incomplete.');
    const body = rest.subarray(end + 4, end + 4 + length).toString();
    answers.push({ status, headers, count: (name) => pairs.filter(([each]) => each === name).length, body });
    rest = rest.subarray(end + 4 + length);
  }
  return answers;
}
