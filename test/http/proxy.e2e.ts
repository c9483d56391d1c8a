import { afterEach, describe, expect, it } from 'vitest';
import { startWireApp, type WireApp } from '../support/wire-app.js';

let app: WireApp | null = null;
afterEach(async () => {
  await app?.close();
  app = null;
});

async function addressSeen(trustProxy: false | number | string[], headers: Record<string, string>) {
  app = await startWireApp({ trustProxy });
  const response = await fetch(`${app.url}/address`, { headers });
  const { data } = (await response.json()) as { data: { ip: string; protocol: string } };
  return { ...data, tls: response.headers.get('strict-transport-security') };
}

const FORWARDED = { 'x-forwarded-for': '198.51.100.1, 203.0.113.7', 'x-forwarded-proto': 'https' };

describe('the address of a client', () => {
  it.each<[string, false | number | string[], string]>([
    ['is the socket’s if no proxy is trusted', false, '127.0.0.1'],
    ['is the last forwarded one, behind one proxy', 1, '203.0.113.7'],
    ['is the last but one, behind two proxies', 2, '198.51.100.1'],
    ['comes from a proxy on this machine', ['loopback'], '203.0.113.7'],
    ['comes from a proxy in a trusted network', ['127.0.0.0/8'], '203.0.113.7'],
    ['comes from a chain of trusted proxies', ['loopback', '203.0.113.0/24'], '198.51.100.1'],
    ['is the socket’s if the sender is not trusted', ['10.0.0.0/8'], '127.0.0.1'],
  ])('%s', async (_, trustProxy, ip) => {
    expect((await addressSeen(trustProxy, FORWARDED)).ip).toBe(ip);
  });

  it.each<[string, false | number | string[], string, string]>([
    ['is told with a port', 1, '203.0.113.9:4711', '203.0.113.9'],
    ['is told with brackets and a port', 1, '[2001:DB8::1]:4711', '2001:db8::1'],
    ['is told with a zone', 1, 'fe80::1%eth0', 'fe80::1'],
    ['is IPv4, told as IPv6', 1, '::ffff:203.0.113.9', '203.0.113.9'],
    ['is told with ports behind two proxies', 2, '198.51.100.1:1, 203.0.113.7:2', '198.51.100.1'],
    [
      'is told with ports by trusted networks',
      ['loopback', '203.0.113.0/24'],
      '198.51.100.1:1, 203.0.113.7:2',
      '198.51.100.1',
    ],
    [
      'is told by a trusted proxy with IPv6 and a port',
      ['loopback', '2001:db8::/32'],
      '198.51.100.1, [2001:db8::7]:2',
      '198.51.100.1',
    ],
    [
      'is told by a trusted proxy as mapped IPv4',
      ['loopback', '203.0.113.7'],
      '198.51.100.1, ::ffff:203.0.113.7',
      '198.51.100.1',
    ],
    [
      'is told by a trusted mapped network',
      ['loopback', '::ffff:203.0.113.0/120'],
      '198.51.100.1, 203.0.113.7',
      '198.51.100.1',
    ],
    ['is the proxy’s own in place of garbage', 1, '198.51.100.1, unknown', '127.0.0.1'],
    ['is the nearest proxy’s own in place of garbage', 2, 'unknown, 203.0.113.7:2', '203.0.113.7'],
    ['is counted past garbage', 2, '198.51.100.1, unknown', '198.51.100.1'],
    ['is never what stands behind garbage, by networks', ['loopback'], '198.51.100.1, unknown', '127.0.0.1'],
    ['is the nearest one where there are fewer than hops', 3, '203.0.113.7:2', '203.0.113.7'],
  ])('%s', async (_, trustProxy, told, ip) => {
    expect((await addressSeen(trustProxy, { 'x-forwarded-for': told })).ip).toBe(ip);
  });

  it('is IPv4 on a listener of localhost', async () => {
    app = await startWireApp({}, 'localhost');
    const response = await fetch(`http://127.0.0.1:${new URL(app.url).port}/address`);
    expect(await response.json()).toMatchObject({ data: { ip: '127.0.0.1' } });
  });

  it('is IPv4 as such on a listener for both families', async () => {
    app = await startWireApp({}, '::');
    const response = await fetch(`http://127.0.0.1:${new URL(app.url).port}/address`);
    expect(await response.json()).toMatchObject({ data: { ip: '127.0.0.1' } });
  });

  it.each(['x-real-ip', 'forwarded', 'x-client-ip', 'cf-connecting-ip', 'true-client-ip'])(
    'is never taken from %s',
    async (name) => {
      expect((await addressSeen(1, { [name]: '198.51.100.1' })).ip).toBe('127.0.0.1');
    },
  );
});

describe('Strict-Transport-Security', () => {
  it('is sent if a trusted proxy terminated TLS', async () => {
    expect(await addressSeen(1, FORWARDED)).toMatchObject({
      protocol: 'https',
      tls: 'max-age=31536000; includeSubDomains',
    });
  });

  it('is not sent if the proxy is not trusted', async () => {
    expect(await addressSeen(false, FORWARDED)).toMatchObject({ protocol: 'http', tls: null });
  });
});
