import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** @typedef {{ path: string, method?: string, token?: string, body?: object }} Request */

/** The bytes of a request. @param {Request} request */
function bytesOf({ path, method = 'GET', token, body }) {
  const text = body ? JSON.stringify(body) : '';
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    ...(token ? [`authorization: Bearer ${token}`] : []),
    ...(body ? ['content-type: application/json', `content-length: ${Buffer.byteLength(text)}`] : []),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${text}`);
}

/** A keep-alive connection that carries one request at a time. It uses far less CPU than a real HTTP client. */
class Connection {
  #received = '';
  #onStatus = null;

  static async open(port) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new Connection(socket);
  }

  constructor(socket) {
    this.socket = socket;
    socket.setEncoding('latin1').on('data', (chunk) => this.#receive(chunk));
    socket.on('error', () => {}).on('close', () => this.#onStatus?.(0));
  }

  /** @returns {Promise<number>} the status; 0 if the connection broke */
  send(bytes) {
    return new Promise((resolve) => {
      this.#onStatus = resolve;
      if (this.socket.destroyed) resolve(0);
      else this.socket.write(bytes);
    });
  }

  #receive(chunk) {
    this.#received += chunk;
    const head = this.#received.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#received)?.[1] ?? 0);
    if (this.#received.length < head + 4 + length) return;
    const status = Number(this.#received.slice(9, 12));
    this.#received = '';
    this.#onStatus?.(status);
  }

  close() {
    this.socket.destroy();
  }
}

/** The result of a load: milliseconds in ascending order, and the number of responses by status. */
function summary(times, statuses, seconds) {
  times.sort((a, b) => a - b);
  return { count: times.length, perSecond: times.length / seconds, times, statuses };
}

/**
 * Sends as many requests as the server can take: each connection sends its next request after a response.
 * @param {Request[]} requests sent in turn
 */
export async function sendAtMaximumRate({ port, requests, connections = 16, seconds }) {
  const bytes = requests.map(bytesOf);
  const times = [];
  const statuses = {};
  let next = 0;
  const start = performance.now();
  const end = start + seconds * 1000;
  const loops = Array.from({ length: connections }, async () => {
    const connection = await Connection.open(port);
    for (let sent = performance.now(); sent < end; sent = performance.now()) {
      const status = await connection.send(bytes[next++ % bytes.length]);
      times.push(performance.now() - sent);
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === 0) break;
    }
    connection.close();
  });
  await Promise.all(loops);
  return summary(times, statuses, (performance.now() - start) / 1000);
}

/**
 * Sends requests at a fixed rate: a late response does not delay the next request, and the time that a request waits for
 * a connection counts as part of its latency.
 */
export async function sendAtFixedRate({ port, requests, perSecond, seconds, connections = 32 }) {
  const bytes = requests.map(bytesOf);
  const times = [];
  const statuses = {};
  const all = await Promise.all(Array.from({ length: connections }, () => Connection.open(port)));
  const free = [...all];
  const waiting = [];
  const work = async (connection, index, due) => {
    const status = await connection.send(bytes[index % bytes.length]);
    times.push(performance.now() - due);
    statuses[status] = (statuses[status] ?? 0) + 1;
    const next = waiting.shift();
    if (next) await work(connection, ...next);
    else free.push(connection);
  };
  const start = performance.now();
  const total = Math.floor(perSecond * seconds);
  const running = [];
  for (let index = 0; index < total; ) {
    const due = start + (index * 1000) / perSecond;
    const ahead = due - performance.now();
    if (ahead > 0.2) {
      await sleep(ahead);
      continue;
    }
    const connection = free.pop();
    // Node's timers are up to a millisecond late: this delay is not the server's.
    const since = Math.max(due, performance.now() - 1);
    if (connection) running.push(work(connection, index, since));
    else waiting.push([index, due]);
    index += 1;
  }
  await Promise.all(running);
  for (const connection of all) connection.close();
  return summary(times, statuses, (performance.now() - start) / 1000);
}

/** Sends all requests at the same time, each on its own connection. @returns {Promise<{ status: number, ms: number }[]>} */
export async function sendAtOnce({ port, requests }) {
  const connections = await Promise.all(requests.map(() => Connection.open(port)));
  const answers = await Promise.all(
    requests.map(async (request, index) => {
      const sent = performance.now();
      const status = await connections[index].send(bytesOf(request));
      return { status, ms: performance.now() - sent };
    }),
  );
  for (const connection of connections) connection.close();
  return answers;
}

/** @param {number[]} sorted */
export const quantile = (sorted, share) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

/** @param {number[]} numbers */
export const median = (numbers) =>
  quantile(
    [...numbers].sort((a, b) => a - b),
    0.5,
  );
