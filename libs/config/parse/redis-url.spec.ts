import { describe, expect, it } from 'vitest';
import { InvalidValue } from '../settings-error.js';
import { redisPasswordsIn, redisUrl } from './redis-url.js';

describe('redisUrl', () => {
  it.each([
    'redis://localhost',
    'redis://127.0.0.1:6379/2',
    'rediss://user:p%40ss@redis.example.com:6380',
    'redis://:secret@[::1]:6379/',
  ])('takes %s', (url) => {
    expect(redisUrl(url)).toBe(url);
  });

  it.each(['', 'localhost:6379', 'http://localhost', 'redis://', 'redis://a/b', 'redis://a b'])(
    'refuses %s',
    (url) => {
      expect(() => redisUrl(url)).toThrow(InvalidValue);
    },
  );

  it.each(['redis://:p@ss/w:o@host', 'redis://u:a#b@host', 'redis://u:a?b@host', 'redis://u:100%@host'])(
    'asks to percent-encode the password in %s, and does not show it',
    (url) => {
      expect(() => redisUrl(url)).toThrow(/^has unescaped special characters/);
    },
  );
});

it('finds the password', () => {
  expect(redisPasswordsIn('redis://:p%40ss@host')).toEqual(['p@ss']);
  expect(redisPasswordsIn('redis://host')).toEqual([]);
});
