import { describe, expect, it } from 'vitest';
import { networkOf, normalizeAddress } from './client-address.js';

describe('the one spelling of an address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['203.0.113.9:4711', '203.0.113.9'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[::ffff:192.0.2.7]:80', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['0:0:0:0:0:FFFF:192.0.2.7', '192.0.2.7'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:0db8:0001:0002:ffff::1', '2001:db8:1:2:ffff::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['[fe80::1%25eth0]:1', 'fe80::1'],
    ['::1', '::1'],
    // Eight groups without brackets: the last one is no port.
    ['2001:db8::1:4711', '2001:db8::1:4711'],
  ])('of %s is %s', (text, address) => {
    expect(normalizeAddress(text)).toBe(address);
  });

  it.each([
    '',
    'unknown',
    '_hidden',
    '192.0.2',
    '192.0.2.07',
    '0x7f.0.0.1',
    '2130706433',
    '192.0.2.7:',
    '192.0.2.7:http',
    '192.0.2.7:123456',
    '192.0.2.7:1:2',
    '[192.0.2.7',
    '[2001:db8::1',
    '[2001:db8::1]x',
    '[]',
    '[]:80',
    '1:2:3:4:5:6:7:8:9',
    'for=192.0.2.7',
    '"[2001:db8::1]:4711"',
    '192.0.2.7\u0000',
    '%eth0',
  ])('of %j does not exist', (text) => {
    expect(normalizeAddress(text)).toBeNull();
  });
});

describe('what counts as one client', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['64:ff9b::c000:207', '64:ff9b:0:0::/64'],
    ['', ''],
  ])('%s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
