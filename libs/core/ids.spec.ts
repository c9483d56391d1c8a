import { describe, expect, it } from 'vitest';
import { textKey } from './ids.js';

describe('a text key', () => {
  it.each([
    ['  A@Example.COM \n', 'a@example.com'],
    ['Zoe\u0308@example.com', 'zo\u00eb@example.com'],
    ['ZO\u00cb@EXAMPLE.COM', 'zo\u00eb@example.com'],
  ])('%j compares as %j', (text, key) => {
    expect(textKey(text)).toBe(key);
  });

  it('of a key returns the same key', () => {
    for (let code = 0; code <= 0xffff; code++) {
      const key = textKey(String.fromCharCode(code));
      if (textKey(key) !== key) expect.fail(`U+${code.toString(16)}`);
    }
  });

  it.each([
    ['a different case', 'ADA@Example.COM', 'ada@example.com'],
    ['surrounding white space', '\t ada@example.com ', 'ada@example.com'],
    ['a decomposed letter', 'zoe\u0308@example.com', 'zo\u00eb@example.com'],
    ['a decomposed capital', 'ZOE\u0308@example.com', 'zo\u00eb@example.com'],
  ])('is the same with %s', (_, one, other) => {
    expect(textKey(one)).toBe(textKey(other));
  });

  it.each([
    ['a dotless i', 'adm\u0131n@example.com', 'admin@example.com'],
    ['a Cyrillic look-alike', '\u0430dmin@example.com', 'admin@example.com'],
    ['a full-width letter', '\uff41dmin@example.com', 'admin@example.com'],
    ['a plus tag', 'admin+x@example.com', 'admin@example.com'],
  ])('is a different one with %s', (_, one, other) => {
    expect(textKey(one)).not.toBe(textKey(other));
  });
});
