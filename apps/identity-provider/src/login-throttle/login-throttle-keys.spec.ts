import { describe, expect, it } from 'vitest';
import { throttleKeys } from './login-throttle-keys.js';

describe('counter keys', () => {
  const names = (email: string, address: string) =>
    Object.values(throttleKeys(email, address)).map((key) => key.toString('hex'));

  it('have 32 bytes and contain neither email nor address', () => {
    for (const key of Object.values(throttleKeys('ada@example.com', '192.0.2.7')))
      expect(key).toHaveLength(32);
  });

  it('are the same for the same email and address, and for addresses of one network', () => {
    expect(names('ada@example.com', '2001:db8::1')).toEqual(names('ada@example.com', '2001:db8::2'));
  });

  it('differ by scope, email and address, also if these contain separators', () => {
    const all = [...names('a', 'b'), ...names('b', 'a'), ...names('x","y', 'z'), ...names('x', 'y","z')];
    expect(new Set(all).size).toBe(all.length);
  });
});
