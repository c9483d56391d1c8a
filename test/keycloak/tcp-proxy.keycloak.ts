import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { TcpProxy } from '../support/tcp-proxy.js';

const PATH = '/realms/master/protocol/openid-connect/certs';

describe('the proxy in front of a real Keycloak', () => {
  let proxy: TcpProxy;
  const request = (timeoutMs = 10_000) =>
    fetch(proxy.url + PATH, { signal: AbortSignal.timeout(timeoutMs) }).then(async (response) => ({
      status: response.status,
      body: await response.text(),
      retryAfter: response.headers.get('retry-after'),
    }));
  const timed = async (work: Promise<unknown>) => {
    const begun = performance.now();
    await work;
    return performance.now() - begun;
  };

  beforeEach(async () => {
    proxy = await TcpProxy.start(inject('keycloak').url);
  });
  afterEach(() => proxy.close());

  test('forwards requests and records them', async () => {
    expect(await request()).toMatchObject({ status: 200, body: expect.stringContaining('"keys"') });
    expect(proxy.requests).toEqual([`GET ${PATH} HTTP/1.1`]);
  });

  test('refuses connections and resets open ones, until it forwards again', async () => {
    await request();
    expect(proxy.connections).toBe(1);
    await proxy.set({ kind: 'refuse' });
    expect(proxy.connections).toBe(0);
    await expect(request()).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    await proxy.set({ kind: 'pass' });
    expect((await request()).status).toBe(200);
  });

  test('freezes: connections are accepted and nothing is forwarded, until it thaws', async () => {
    await proxy.set({ kind: 'freeze' });
    const answer = request();
    await expect(request(400)).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(proxy.connections).toBeGreaterThan(0);
    expect(proxy.requests).toEqual([]);
    await proxy.set({ kind: 'pass' });
    expect((await answer).status).toBe(200);
  });

  test('forwards requests and drops their responses', async () => {
    await proxy.set({ kind: 'swallow' });
    await expect(request(400)).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(proxy.requests).toHaveLength(1);
  });

  test('delays responses and sends them in small chunks without changing them', async () => {
    const { body } = await request();
    await proxy.set({ kind: 'delay', ms: 300 });
    expect(await timed(request().then((answer) => expect(answer.body).toBe(body)))).toBeGreaterThan(290);
    await proxy.set({ kind: 'drip', bytes: 500, ms: 50 });
    expect(await timed(request().then((answer) => expect(answer.body).toBe(body)))).toBeGreaterThan(200);
  });

  test('answers with a given status and headers', async () => {
    await proxy.set({ kind: 'answer', status: 429, headers: { 'retry-after': '7' } });
    expect(await request()).toEqual({ status: 429, body: '', retryAfter: '7' });
    await proxy.set({ kind: 'pass' });
    expect((await request()).status).toBe(200);
  });

  test('resets open connections and accepts new ones', async () => {
    await proxy.set({ kind: 'freeze' });
    const pending = request();
    while (proxy.connections === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    proxy.disconnect();
    await expect(pending).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    await proxy.set({ kind: 'pass' });
    expect((await request()).status).toBe(200);
  });
});
