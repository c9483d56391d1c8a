import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { TcpProxy } from '../support/tcp-proxy.js';

const PATH = '/realms/master/protocol/openid-connect/certs';

describe('the proxy before a real Keycloak', () => {
  let proxy: TcpProxy;
  const ask = (timeoutMs = 10_000) =>
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

  test('passes requests on and says which came', async () => {
    expect(await ask()).toMatchObject({ status: 200, body: expect.stringContaining('"keys"') });
    expect(proxy.requests).toEqual([`GET ${PATH} HTTP/1.1`]);
  });

  test('refuses connections, open ones too, until it passes them again', async () => {
    await ask();
    expect(proxy.connections).toBe(1);
    await proxy.set({ kind: 'refuse' });
    expect(proxy.connections).toBe(0);
    await expect(ask()).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    await proxy.set({ kind: 'pass' });
    expect((await ask()).status).toBe(200);
  });

  test('freezes: the connection is taken and nothing comes, until it thaws', async () => {
    await proxy.set({ kind: 'freeze' });
    const answer = ask();
    await expect(ask(400)).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(proxy.connections).toBeGreaterThan(0);
    expect(proxy.requests).toEqual([]);
    await proxy.set({ kind: 'pass' });
    expect((await answer).status).toBe(200);
  });

  test('swallows answers to requests that arrived', async () => {
    await proxy.set({ kind: 'swallow' });
    await expect(ask(400)).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(proxy.requests).toHaveLength(1);
  });

  test('delays and drips answers without changing them', async () => {
    const { body } = await ask();
    await proxy.set({ kind: 'delay', ms: 300 });
    expect(await timed(ask().then((answer) => expect(answer.body).toBe(body)))).toBeGreaterThan(290);
    await proxy.set({ kind: 'drip', bytes: 500, ms: 50 });
    expect(await timed(ask().then((answer) => expect(answer.body).toBe(body)))).toBeGreaterThan(200);
  });

  test('answers by itself with a status and headers', async () => {
    await proxy.set({ kind: 'answer', status: 429, headers: { 'retry-after': '7' } });
    expect(await ask()).toEqual({ status: 429, body: '', retryAfter: '7' });
    await proxy.set({ kind: 'pass' });
    expect((await ask()).status).toBe(200);
  });

  test('resets what is open and takes new connections', async () => {
    await proxy.set({ kind: 'freeze' });
    const cut = ask();
    while (proxy.connections === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    proxy.disconnect();
    await expect(cut).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    await proxy.set({ kind: 'pass' });
    expect((await ask()).status).toBe(200);
  });
});
