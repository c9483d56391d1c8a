import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** One answer as it came over the wire. */
export interface RawAnswer {
  status: number;
  /** The last one, where a name came twice; see `count`. */
  headers: Record<string, string>;
  /** How often a header came. */
  count(name: string): number;
  body: string;
}

export interface Exchange {
  answers: RawAnswer[];
  /** Whether the server ended the connection, and after how long (ms). */
  closed: boolean;
  after: number;
}

export interface ExchangeOptions {
  /** How long to listen for more, in milliseconds, once something has come; the whole patience without an answer. */
  quiet?: number;
  patience?: number;
  /** Sent in pieces, this long (ms) apart. */
  pause?: number;
}

/**
 * Sends bytes that no HTTP client would send, and reads whatever comes back until the server ends the connection or
 * says nothing more.
 */
export async function exchange(
  url: string,
  pieces: string | (string | Buffer)[],
  { quiet = 300, patience = 5_000, pause = 0 }: ExchangeOptions = {},
): Promise<Exchange> {
  const { hostname, port } = new URL(url);
  const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true });
  const since = performance.now();
  let received = Buffer.alloc(0);
  let lastHeard = since;
  let closed = false;
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    lastHeard = performance.now();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    closed = true;
  });
  void (async () => {
    for (const piece of [pieces].flat()) {
      if (closed) return;
      socket.write(piece as string, 'latin1');
      if (pause > 0) await sleep(pause);
    }
  })();
  const isOver = () =>
    closed ||
    performance.now() - since > patience ||
    (received.length > 0 && performance.now() - lastHeard > quiet);
  while (!isOver()) await sleep(10);
  const after = performance.now() - since;
  const ended = closed;
  socket.destroy();
  const isHead = [pieces].flat().join('').startsWith('HEAD ');
  return { answers: readAnswers(received, isHead), closed: ended, after };
}

/** A request with a `Host`, its lines joined by CRLF; the last one of its connection, unless a header says otherwise. */
export function request(line: string, headers: readonly string[] = [], body = ''): string {
  const own = headers.some((header) => /^connection:/i.test(header)) ? [] : ['Connection: close'];
  return [`${line} HTTP/1.1`, 'Host: localhost', ...own, ...headers, '', body].join('\r\n');
}

/** @param isHead an answer then tells a length and has no body, as a 304 does */
function readAnswers(bytes: Buffer, isHead: boolean): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) throw new Error(`Not an answer: ${rest.toString('latin1').slice(0, 100)}`);
    const [first = '', ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
    const pairs = lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    });
    const headers = Object.fromEntries(pairs);
    const length = Number(headers['content-length'] ?? 0);
    const hasBody = rest.length >= end + 4 + length;
    if (!hasBody && !isHead && status !== 304) throw new Error('An answer that was cut off.');
    const body = rest.subarray(end + 4, end + 4 + length).toString();
    answers.push({ status, headers, count: (name) => pairs.filter(([each]) => each === name).length, body });
    rest = rest.subarray(end + 4 + length);
  }
  return answers;
}
