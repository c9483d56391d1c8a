import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startMetricsListener } from '#libs/http/application/metrics-listener.js';
import { exchange, request } from '../support/raw-http.js';
import { startWireApp, type WireApp } from '../support/wire-app.js';

/** Longer than all timeouts on a busy machine: a response can stall again after system buffers have taken a part. */
const GONE_WITHIN_MS = 45_000;

const JSON_BODY = 'Content-Type: application/json';
const HALF_HEAD = 'GET / HTTP/1.1\r\n';
const half = (path: string) =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\n${JSON_BODY}\r\nContent-Length: 20\r\n\r\n{`;

/** A client that reads, and never closes its side. */
async function openStubbornClient(
  url: string,
  text: string,
): Promise<{ socket: Socket; received(): string }> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true });
  let received = '';
  socket
    .on('error', () => {})
    .on('data', (chunk) => {
      received += chunk;
    });
  await once(socket, 'connect');
  socket.write(text);
  return { socket, received: () => received };
}

async function until(isTrue: () => Promise<boolean> | boolean, within = GONE_WITHIN_MS): Promise<boolean> {
  const since = performance.now();
  while (!(await isTrue())) {
    if (performance.now() - since > within) return false;
    await sleep(50);
  }
  return true;
}

describe.concurrent('the server closes its socket, although the client never closes:', {
  timeout: 40_000,
}, () => {
  it.each<[string, string, number | null]>([
    ['half of the headers', HALF_HEAD, 408],
    ['nothing at all', '', 408],
    ['half of a body', half('/echo'), 408],
    ['half of a body for an unknown path', half('/nowhere'), 404],
    ['a body that is too large', half('/echo').replace('20', '200000'), 413],
    ['a request that is not HTTP', 'hello\r\n\r\n', 400],
    ['headers that are too large', request('GET /things', [`X-Large: ${'x'.repeat(33_000)}`]), 431],
    ['a method unknown to Node', request('FETCH /things'), 405],
    ['CONNECT', 'CONNECT other:443 HTTP/1.1\r\nHost: other:443\r\n\r\n', 405],
    ['an upgrade', request('GET /things', ['Upgrade: websocket', 'Connection: Upgrade, close']), 200],
    ['a last request', request('GET /things'), 200],
    ['HTTP/1.0', 'GET /things HTTP/1.0\r\n\r\n', 200],
    ['half of a second request', `${request('GET /things', ['Connection: keep-alive'])}${HALF_HEAD}`, 200],
  ])('%s', async (_, text, status) => {
    const app = await startWireApp();
    const { socket, received } = await openStubbornClient(app.url, text);
    try {
      expect(await until(async () => received() !== '' && (await app.connections()) === 0)).toBe(true);
      expect(received()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    } finally {
      socket.destroy();
      await app.close();
    }
  });

  it('a response that is not read', async () => {
    const app = await startWireApp();
    const { socket } = await openStubbornClient(app.url, request('GET /large', ['Connection: keep-alive']));
    socket.pause();
    try {
      expect(await app.connections()).toBe(1);
      expect(await until(async () => (await app.connections()) === 0)).toBe(true);
    } finally {
      socket.destroy();
      await app.close();
    }
  });

  it.each([
    ['half of the headers', HALF_HEAD],
    ['a request that is not HTTP', 'hello\r\n\r\n'],
    ['CONNECT', 'CONNECT other:443 HTTP/1.1\r\nHost: other:443\r\n\r\n'],
  ])('also on the metrics port: %s', async (_, text) => {
    const listener = await startMetricsListener(0);
    const { socket, received } = await openStubbornClient(listener.url, text);
    // Data for a closed socket gets a reset.
    const reset = new Promise((resolve) => socket.once('close', resolve));
    const sending = setInterval(() => received() !== '' && socket.write('x'), 200);
    try {
      await reset;
      expect(received()).toMatch(/^HTTP\/1\.1 4\d\d /);
    } finally {
      clearInterval(sending);
      socket.destroy();
      await listener.close();
    }
  });
});

describe('a rejected request', () => {
  let app: WireApp;
  beforeEach(async () => {
    app = await startWireApp();
  });
  afterEach(() => app.close());

  it('is not executed when its rest arrives later', { timeout: 60_000 }, async () => {
    const { socket, received } = await openStubbornClient(app.url, half('/echo'));
    await until(() => received() !== '');
    socket.write('"a":"0123456789ab"}');
    await until(async () => (await app.connections()) === 0);
    socket.destroy();
    expect(received().match(/^HTTP/gm)).toEqual(['HTTP']);
    expect(app.log.lines().filter(({ status }) => status === 200)).toEqual([]);
  });

  it('gets no response in the middle of another one', async () => {
    const { socket, received } = await openStubbornClient(
      app.url,
      request('GET /large', ['Connection: keep-alive']),
    );
    socket.pause();
    await once(socket, 'readable');
    socket.write('hello\r\n\r\n');
    socket.resume();
    await until(async () => (await app.connections()) === 0);
    await sleep(100);
    socket.destroy();
    expect(received()).toMatch(/^HTTP\/1\.1 200 /);
    expect(received()).not.toContain('malformed_request');
  });

  it('gets a response that the client can read while it is still sending', async () => {
    const large = request(
      'GET /things',
      Array.from({ length: 200 }, () => `X-Large: ${'x'.repeat(10_000)}`),
    );
    const { answers } = await exchange(app.url, large);
    expect(answers.map(({ status }) => status)).toEqual([431]);
  });
});

describe('a server that closes', () => {
  it.each([
    ['half of the headers', HALF_HEAD],
    ['nothing at all', ''],
    ['half of a body for an unknown path', half('/nowhere')],
    ['half of a body', half('/echo')],
    ['an idle connection', request('GET /things', ['Connection: keep-alive'])],
  ])('does not wait for %s', { timeout: 60_000 }, async (_, text) => {
    const app = await startWireApp();
    const { socket } = await openStubbornClient(app.url, text);
    await until(async () => (await app.connections()) === 1);
    await app.close();
    expect(await app.connections()).toBe(0);
    socket.destroy();
  });

  it('finishes active requests', async () => {
    const app = await startWireApp();
    const { socket, received } = await openStubbornClient(app.url, half('/echo'));
    await until(async () => (await app.connections()) === 1);
    await sleep(100);
    const closed = app.close();
    await sleep(2_000);
    socket.write('"a":"0123456789ab"}');
    await closed;
    socket.destroy();
    expect(received()).toMatch(/^HTTP\/1\.1 200 /);
  });
});
