import { expect, it } from 'vitest';
import { printable } from './token-rejected.js';

it('escapes characters that could forge a log line or control a terminal', () => {
  const hostile = 'a\r\nlevel=error\u001b[2J\0\u0085\u009b\u2028\u202e\ud800é';
  expect(printable(hostile)).toBe(
    'a\\u000d\\u000alevel=error\\u001b[2J\\u0000\\u0085\\u009b\\u2028\\u202e\\ud800\\u00e9',
  );
});

it('shortens long texts', () => {
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
