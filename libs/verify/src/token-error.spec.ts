import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { printable, TokenError } from './token-error.js';

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

it('has a text without the detail, however it is printed', () => {
  const error = new TokenError('issuer_unknown', 'https://secret.example.com');
  for (const text of [error.message, String(error), error.stack, inspect(error), JSON.stringify(error)]) {
    expect(text).not.toContain('secret');
  }
  expect(error.detail).toBe('https://secret.example.com');
});

it('is a 503 only where nothing is wrong with the token', () => {
  expect(new TokenError('expired', 1)).toMatchObject({ status: 401, retryAfterSeconds: null });
  const unavailable = new TokenError('keys_unavailable', 'kid', { retryAfterSeconds: 7 });
  expect(unavailable).toMatchObject({ status: 503, retryAfterSeconds: 7 });
  expect(new TokenError('authority_unknown')).toMatchObject({ status: 503, retryAfterSeconds: 1 });
});
