import { get } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startMetricsListener } from './metrics-listener.js';

let listener: Awaited<ReturnType<typeof startMetricsListener>>;
beforeAll(async () => {
  listener = await startMetricsListener(0);
});
afterAll(() => listener.close());

const ask = (path: string, method = 'GET') =>
  fetch(new URL(path, listener.url), { method, headers: { 'x-request-id': 'the-id' } });

it('serves the metrics', async () => {
  const response = await ask('/metrics');
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    expect.stringContaining('text/plain'),
  ]);
  expect(await (await ask('/metrics', 'HEAD')).text()).toBe('');
});

it('names the setting if its port is taken', async () => {
  const { port } = new URL(listener.url);
  await expect(startMetricsListener(Number(port))).rejects.toThrow(
    `Port ${port} is taken: stop the program that uses it, or set another port with METRICS_PORT.`,
  );
});

it.each([
  ['/', 'GET', 404, 'not_found'],
  ['/metrics/', 'GET', 404, 'not_found'],
  ['/metrics', 'POST', 405, 'method_not_allowed'],
])('%s %s gets an error in the envelope', async (path, method, status, code) => {
  const response = await ask(path, method);
  expect(response.status).toBe(status);
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(response.headers.get('x-request-id')).toBe('the-id');
  expect(await response.json()).toMatchObject({
    status: 'error',
    code: status,
    data: null,
    errors: [{ code }],
  });
});

it.each([
  ['localhost:9100', 200],
  ['evil.example', 403],
])('accepts only loopback names in Host: %s', async (host, expected) => {
  const status = await new Promise((resolve, reject) => {
    get(listener.url, { headers: { host }, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).once('error', reject);
  });
  expect(status).toBe(expected);
});

it('accepts any name in Host if it listens on another address than loopback', async () => {
  const exposed = await startMetricsListener(0, '0.0.0.0');
  try {
    const { port } = new URL(exposed.url);
    const status = await new Promise((resolve, reject) => {
      const headers = { host: 'prometheus-target.example' };
      get(`http://127.0.0.1:${port}/metrics`, { headers, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).once('error', reject);
    });
    expect(status).toBe(200);
  } finally {
    await exposed.close();
  }
});
