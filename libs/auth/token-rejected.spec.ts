import { expect, it } from 'vitest';
import { printable } from './token-rejected.js';

it('escapes whatever could forge a line or speak to a terminal', () => {
  const hostile = 'a\r\nlevel=error\u001b[2J\0\u0085\u009b\u2028\u202e\ud800é';
  expect(printable(hostile)).toBe(
    'a\\u000d\\u000alevel=error\\u001b[2J\\u0000\\u0085\\u009b\\u2028\\u202e\\ud800\\u00e9',
  );
});

it('shortens what is long', () => {
  expect(printable('k'.repeat(4_000))).toBe(`${'k'.repeat(100)}...(4000)`);
});

it.each([
  [undefined, 'undefined'],
  [null, 'null'],
  [['a\n'], '["a\\n"]'],
  [{ a: 1 }, '{"a":1}'],
])('prints %j', (value, printed) => {
  expect(printable(value)).toBe(printed);
});
