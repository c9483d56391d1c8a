import { afterAll, beforeAll, expect, it } from 'vitest';
import { exchange, request } from '../support/raw-http.js';
import { startWireApp, type WireApp } from '../support/wire-app.js';

let app: WireApp;
beforeAll(async () => {
  app = await startWireApp();
});
afterAll(() => app?.close());

/** Text that could end a line, start another, control a terminal, or look like a log entry. */
const FORGED = '{"level":"error","msg":"forged"}';
const HOSTILE = [
  '\r\n',
  '\n',
  '\u2028',
  '\u2029',
  '\u0085',
  '\x1b[31m',
  '\x1b]0;title\x07',
  '\0',
  '\x7f',
  '‮',
].map((break_) => `x${break_}${FORGED}`);

it('every line is one event for any content of a request', async () => {
  const latin = (text: string) => Buffer.from(text).toString('latin1');
  for (const text of HOSTILE) {
    const body = JSON.stringify({ name: text, [text]: text });
    const length = `Content-Length: ${Buffer.byteLength(body)}`;
    const harmless = latin(text.replace(/[\0\r\n]/g, ' '));
    await exchange(app.url, request('POST /things', ['Content-Type: application/json', length], latin(body)));
    await exchange(app.url, request(`GET /things/${encodeURIComponent(text)}`));
    await exchange(app.url, request(`GET /things?${encodeURIComponent(text)}=1`));
    await exchange(app.url, request('GET /things', [`X-Request-Id: ${harmless}`, `User-Agent: ${harmless}`]));
    await exchange(app.url, request('GET /failures/error', [`Referer: ${harmless}`, `Origin: ${harmless}`]));
    await exchange(app.url, request('GET /things', [`Authorization: Bearer ${harmless}`]));
    await exchange(app.url, text);
  }
  const lines = app.log.lines();
  expect(lines.filter(({ msg }) => msg === 'request').length).toBeGreaterThanOrEqual(
    6 * (HOSTILE.length - 2),
  );
  expect(lines.filter(({ msg }) => msg === 'forged')).toEqual([]);
  for (const line of lines.filter(({ msg }) => msg === 'request')) {
    expect(Object.keys(line).sort()).toEqual(
      [
        'app',
        'duration_ms',
        'level',
        'method',
        'msg',
        'principal',
        'request_id',
        'route',
        'status',
        'time',
      ].sort(),
    );
    expect(line['request_id']).toMatch(/^[A-Za-z0-9._-]{1,128}$/);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the test searches for them
  expect(app.log.text()).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
});

it('a line has the route instead of the path, and neither query nor body', async () => {
  await fetch(`${app.url}/things?limit=4711-in-query`, { headers: { 'x-request-id': 'a-query' } });
  await fetch(`${app.url}/things/4711-in-path`, { headers: { 'x-request-id': 'a-path' } });
  await fetch(`${app.url}/4711-nowhere`, { headers: { 'x-request-id': 'nowhere' } });
  const routeOf = (id: string) => app.log.lines().find((line) => line['request_id'] === id)?.['route'];
  expect([routeOf('a-query'), routeOf('a-path'), routeOf('nowhere')]).toEqual([
    '/things',
    '/things/:id',
    null,
  ]);
  expect(app.log.text()).not.toMatch(/4711-(in|nowhere)/);
});

it('every line of a request has its id', async () => {
  await fetch(`${app.url}/failures/error`, { headers: { 'x-request-id': 'the-one' } });
  const lines = app.log.lines().filter((line) => line['request_id'] === 'the-one');
  expect(lines.map(({ msg }) => msg)).toEqual(['request failed', 'request']);
});
