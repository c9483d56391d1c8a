import { describe, expect, it } from 'vitest';
import { networkOf, throttleKeys } from './login-throttle-keys.js';

describe('what counts as one address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['0:0:0:0:0:FFFF:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002:ffff::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
    ['not an address', 'not an address'],
    ['', ''],
  ])('%s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

describe("the counters' names", () => {
  const names = (email: string, address: string) =>
    Object.values(throttleKeys(email, address)).map((key) => key.toString('hex'));

  it('are 32 bytes each, and tell neither email nor address', () => {
    for (const key of Object.values(throttleKeys('ada@example.com', '192.0.2.7')))
      expect(key).toHaveLength(32);
  });

  it('are the same for the same email and address, and for addresses of one network', () => {
    expect(names('ada@example.com', '2001:db8::1')).toEqual(names('ada@example.com', '2001:db8::2'));
  });

  it('differ by scope, email and address, whatever stands in them', () => {
    const all = [...names('a', 'b'), ...names('b', 'a'), ...names('x","y', 'z'), ...names('x', 'y","z')];
    expect(new Set(all).size).toBe(all.length);
  });
});
