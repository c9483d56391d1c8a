import { afterEach, describe, expect, it } from 'vitest';
import { startWireApp, type WireApp } from '../support/wire-app.js';

let app: WireApp | null = null;
afterEach(async () => {
  await app?.close();
  app = null;
});

async function send(trustProxy: false | number | string[], headers: Record<string, string>) {
  app = await startWireApp({ trustProxy });
  const response = await fetch(`${app.url}/address`, { headers });
  const { data } = (await response.json()) as { data: { ip: string; protocol: string } };
  return { ...data, tls: response.headers.get('strict-transport-security') };
}

const FORWARDED = { 'x-forwarded-for': '198.51.100.1, 203.0.113.7', 'x-forwarded-proto': 'https' };

describe('the client address', () => {
  it.each<[string, false | number | string[], string]>([
    ['is the address of the socket if no proxy is trusted', false, '127.0.0.1'],
    ['is the last forwarded one, behind one proxy', 1, '203.0.113.7'],
    ['is the second to last, behind two proxies', 2, '198.51.100.1'],
    ['is the forwarded one, with a proxy on this machine', ['loopback'], '203.0.113.7'],
    ['is the forwarded one, with a proxy in a trusted network', ['127.0.0.0/8'], '203.0.113.7'],
    [
      'is the first untrusted one, behind several trusted proxies',
      ['loopback', '203.0.113.0/24'],
      '198.51.100.1',
    ],
    ['is the address of the socket if that is not trusted', ['10.0.0.0/8'], '127.0.0.1'],
  ])('%s', async (_, trustProxy, ip) => {
    expect((await send(trustProxy, FORWARDED)).ip).toBe(ip);
  });

  it.each(['x-real-ip', 'forwarded', 'x-client-ip', 'cf-connecting-ip', 'true-client-ip'])(
    'never comes from %s',
    async (name) => {
      expect((await send(1, { [name]: '198.51.100.1' })).ip).toBe('127.0.0.1');
    },
  );
});

describe('Strict-Transport-Security', () => {
  it('is sent if a trusted proxy terminates TLS', async () => {
    expect(await send(1, FORWARDED)).toMatchObject({
      protocol: 'https',
      tls: 'max-age=31536000; includeSubDomains',
    });
  });

  it('is not sent if the proxy is not trusted', async () => {
    expect(await send(false, FORWARDED)).toMatchObject({ protocol: 'http', tls: null });
  });
});
