import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exchange, request } from '../support/raw-http.js';
import { startWireApp, type WireApp } from '../support/wire-app.js';

let app: WireApp;
beforeAll(async () => {
  app = await startWireApp();
});
afterAll(() => app?.close());

const lines = (...all: string[]) => all.join('\r\n');
const HEAD = ['POST /echo HTTP/1.1', 'Host: localhost', 'Content-Type: application/json'];
/** Must not be handled as a separate request. */
const SMUGGLED = 'GET /address HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** The number of logged requests. */
const countRequests = () => app.log.lines().filter(({ msg }) => msg === 'request').length;

describe('the end of a request is unambiguous:', () => {
  it.each<[string, string]>([
    [
      'a length and chunks',
      lines(...HEAD, 'Content-Length: 6', 'Transfer-Encoding: chunked', '', `0\r\n\r\n${SMUGGLED}`),
    ],
    [
      'chunks and a length',
      lines(...HEAD, 'Transfer-Encoding: chunked', 'Content-Length: 6', '', `0\r\n\r\n${SMUGGLED}`),
    ],
    ['two lengths', lines(...HEAD, 'Content-Length: 2', 'Content-Length: 60', '', `{}${SMUGGLED}`)],
    ['two equal lengths', lines(...HEAD, 'Content-Length: 2', 'Content-Length: 2', '', `{}${SMUGGLED}`)],
    ['a list of lengths', lines(...HEAD, 'Content-Length: 2, 2', '', `{}${SMUGGLED}`)],
    ['a negative length', lines(...HEAD, 'Content-Length: -2', '', `{}${SMUGGLED}`)],
    ['a signed length', lines(...HEAD, 'Content-Length: +2', '', `{}${SMUGGLED}`)],
    ['a hexadecimal length', lines(...HEAD, 'Content-Length: 0x2', '', `{}${SMUGGLED}`)],
    ['a length and a space', lines(...HEAD, 'Content-Length : 2', '', `{}${SMUGGLED}`)],
    ['a huge length', lines(...HEAD, 'Content-Length: 99999999999999999999', '', `{}${SMUGGLED}`)],
    ['an unknown transfer coding', lines(...HEAD, 'Transfer-Encoding: xchunked', '', `0\r\n\r\n${SMUGGLED}`)],
    [
      'chunks and identity',
      lines(...HEAD, 'Transfer-Encoding: chunked, identity', '', `0\r\n\r\n${SMUGGLED}`),
    ],
    ['chunks and a space', lines(...HEAD, 'Transfer-Encoding : chunked', '', `0\r\n\r\n${SMUGGLED}`)],
    [
      'a folded header',
      lines(...HEAD, 'Transfer-Encoding:', ' chunked', 'Content-Length: 2', '', `{}${SMUGGLED}`),
    ],
    [
      'a chunk without a size',
      lines(...HEAD, 'Transfer-Encoding: chunked', '', `x\r\n{}\r\n0\r\n\r\n${SMUGGLED}`),
    ],
    [
      'a chunk longer than its size',
      lines(...HEAD, 'Transfer-Encoding: chunked', '', `1\r\n{}\r\n0\r\n\r\n${SMUGGLED}`),
    ],
    ['bare line feeds', `${HEAD.join('\n')}\nContent-Length: 2\n\n{}${SMUGGLED}`],
    ['bare carriage returns', `${HEAD.join('\r')}\rContent-Length: 2\r\r{}`],
    [
      'a bare line feed in a header',
      lines(...HEAD, 'X-A: b\nContent-Length: 0', 'Content-Length: 2', '', `{}${SMUGGLED}`),
    ],
    ['a NUL in a header', lines(...HEAD, 'X-A: b\0c', 'Content-Length: 2', '', `{}${SMUGGLED}`)],
    ['a NUL in a header’s name', lines(...HEAD, 'X\0A: b', 'Content-Length: 2', '', `{}${SMUGGLED}`)],
    ['two hosts', lines(...HEAD, 'Host: other', 'Content-Length: 2', '', '{}')],
    ['a space in the path', lines('GET /add ress HTTP/1.1', 'Host: localhost', '', '')],
  ])('%s', async (_, text) => {
    const before = countRequests();
    const { answers, closed } = await exchange(app.url, text, { patience: 12_000 });
    expect(answers.map(({ status }) => status)).toEqual([400]);
    expect(Object.keys(JSON.parse(answers[0]?.body as string))).toHaveLength(6);
    expect(answers[0]?.body).not.toContain('127.0.0.1');
    expect(answers[0]?.headers['connection'] === 'close' ? closed : true).toBe(true);
    expect(countRequests() - before).toBeLessThanOrEqual(1);
  });

  it('data after a complete request is the next request', async () => {
    const one = lines(...HEAD, 'Content-Length: 2', '', '{}');
    const last = request('GET /address');
    const { answers, closed } = await exchange(app.url, one + one + last);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(closed).toBe(true);
  });

  it('CONNECT is an unsupported method, and the connection is closed', async () => {
    const text = lines('CONNECT other:443 HTTP/1.1', 'Host: other:443', 'X-Request-Id: tunnel', '', 'hello');
    const { answers, closed } = await exchange(app.url, text);
    expect(answers.map(({ status, headers }) => [status, headers['x-request-id']])).toEqual([
      [405, 'tunnel'],
    ]);
    expect(closed).toBe(true);
  });

  it('a CONNECT whose client disconnects before the response does no harm', async () => {
    for (let round = 0; round < 20; round += 1) {
      const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
      await once(socket, 'connect');
      socket.write('CONNECT other:443 HTTP/1.1\r\nHost: other:443\r\n\r\n');
      socket.resetAndDestroy();
    }
    await sleep(100);
    expect((await exchange(app.url, request('GET /address'))).answers[0]?.status).toBe(200);
  });

  it('HTTP/1.0, which old probes use, needs no Host', async () => {
    const { answers, closed } = await exchange(app.url, 'GET /address HTTP/1.0\r\n\r\n');
    expect([answers.map(({ status }) => status), closed]).toEqual([[200], true]);
  });

  it('a client that disconnects during a body causes no error log', async () => {
    for (const body of ['', '{', '{"a":1}']) {
      const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
      await once(socket, 'connect');
      socket.write(lines(...HEAD, 'Content-Length: 20', '', body));
      await sleep(50);
      socket.resetAndDestroy();
    }
    expect((await fetch(`${app.url}/things`)).status).toBe(200);
    expect(app.log.lines().filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  });

  it('chunks are joined', async () => {
    const chunked = lines(
      ...HEAD,
      'Transfer-Encoding: chunked',
      'Connection: close',
      '',
      '4\r\n{"a"\r\n3\r\n:1}\r\n0\r\n\r\n',
    );
    const { answers } = await exchange(app.url, chunked);
    expect(JSON.parse(answers[0]?.body as string).data.said).toEqual({ a: 1 });
  });

  it('too many chunks are 413', async () => {
    const piece = `1000\r\n${' '.repeat(4_096)}\r\n`;
    const { answers } = await exchange(app.url, [
      lines(...HEAD, 'Transfer-Encoding: chunked', '', ''),
      ...Array.from({ length: 30 }, () => piece),
    ]);
    expect(answers[0]?.status).toBe(413);
  });

  it('Expect: 100-continue gets a response before the body', async () => {
    const head = lines(...HEAD, 'Content-Length: 2', 'Expect: 100-continue', 'Connection: close', '', '');
    const { answers } = await exchange(app.url, [head, '{}'], { pause: 100 });
    expect(answers.map(({ status }) => status)).toEqual([100, 200]);
  });

  it.each([
    'Expect: something',
    'Upgrade: websocket\r\nConnection: Upgrade',
    'Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings',
  ])('other expectations and upgrades are ignored: %j', async (header) => {
    const { answers } = await exchange(app.url, request('GET /address', [header]));
    expect(answers.map(({ status }) => status)).toEqual([200]);
    expect(Object.keys(JSON.parse(answers[0]?.body as string))).toHaveLength(6);
  });
});

describe.concurrent('a slow client is disconnected within 15 s:', { timeout: 30_000 }, () => {
  const slow = (pieces: string[], pause: number) =>
    exchange(app.url, pieces, { patience: 16_000, quiet: 16_000, pause });

  it('endless headers', async () => {
    const drip = [
      ...'GET /things HTTP/1.1\r\nHost: localhost\r\nX-A: '.split(''),
      ...'x'.repeat(40).split(''),
    ];
    const { answers, closed, after } = await slow(drip, 400);
    expect([closed, answers.map(({ status }) => status)]).toEqual([true, [408]]);
    expect(JSON.parse(answers[0]?.body as string).errors[0].code).toBe('request_timeout');
    expect(after).toBeLessThan(15_000);
  });

  it('a body that never arrives', async () => {
    const { answers, closed, after } = await slow([lines(...HEAD, 'Content-Length: 20', '', '{')], 0);
    expect([closed, answers.map(({ status }) => status)]).toEqual([true, [408]]);
    expect(after).toBeLessThan(15_000);
  });

  it('a body that arrives slowly', async () => {
    const drip = [lines(...HEAD, 'Content-Length: 1000', '', '{'), ...' '.repeat(60).split('')];
    const { closed, after } = await slow(drip, 250);
    expect([closed, after < 15_000]).toEqual([true, true]);
  });

  it('a connection without data', async () => {
    const { closed, after } = await slow([''], 0);
    expect([closed, after < 15_000]).toEqual([true, true]);
  });

  it('while other clients are served', async () => {
    const idle = Array.from({ length: 500 }, () => {
      const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
      socket.on('error', () => {});
      socket.write('GET / HTTP/1.1\r\nHost');
      return socket;
    });
    const before = performance.now();
    expect((await fetch(`${app.url}/things`)).status).toBe(200);
    expect(performance.now() - before).toBeLessThan(3_000);
    for (const socket of idle) socket.destroy();
  });
});
