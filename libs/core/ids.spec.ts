import { describe, expect, it } from 'vitest';
import { textKey } from './ids.js';

describe('textKey', () => {
  it.each([
    ['  A@Example.COM \n', 'a@example.com'],
    ['Zoe\u0308@example.com', 'zo\u00eb@example.com'],
    ['ZO\u00cb@EXAMPLE.COM', 'zo\u00eb@example.com'],
  ])('%j compares as %j', (text, key) => {
    expect(textKey(text)).toBe(key);
  });

  it('keeps different characters that look alike different', () => {
    expect(textKey('\u0430dmin@example.com')).not.toBe(textKey('admin@example.com'));
    expect(textKey('\u0131@example.com')).not.toBe(textKey('i@example.com'));
    expect(textKey('\uff41@example.com')).not.toBe(textKey('a@example.com'));
  });

  it('of a key returns the same key', () => {
    for (let code = 0; code <= 0xffff; code++) {
      const key = textKey(String.fromCharCode(code));
      if (textKey(key) !== key) expect.fail(`U+${code.toString(16)}`);
    }
  });
});
