import { describe, expect, it } from 'vitest';
import { InvalidValue } from '../settings-error.js';
import { days, flag, host, integer, oneOf, port, realmName, secret, word } from './scalars.js';

const fullWidth = '８００１';

describe.each([
  [
    'port',
    port,
    [
      ['0', 0],
      ['8001', 8001],
      ['65535', 65_535],
    ],
    ['65536', '-1', '+1', '1.0', '1e3', '0x50', '80 80', fullWidth, 'NaN'],
  ],
  [
    'integer',
    integer(10, 15),
    [
      ['10', 10],
      ['015', 15],
    ],
    ['9', '16', '99999999999999999999', '', '12a'],
  ],
  [
    'days',
    days(30),
    [
      ['7', 604_800],
      ['0.5', 43_200],
      ['.25', 21_600],
      ['30', 2_592_000],
      ['0.0000001', 1],
    ],
    ['0', '0.0', '-1', '30.01', '1e1', 'Infinity', 'NaN', '1,5', '7d', '.'],
  ],
  [
    'flag',
    flag,
    [
      ['true', true],
      ['FALSE', false],
      ['on', true],
      ['off', false],
    ],
    ['1', 'yes', 'truee'],
  ],
  ['oneOf', oneOf('RS256'), [['RS256', 'RS256']], ['rs256', 'none', 'HS256', 'RS256 ', 'RS384']],
  [
    'host',
    host,
    [
      ['127.0.0.1', '127.0.0.1'],
      ['::', '::'],
      ['[::1]', '::1'],
      ['localhost', 'localhost'],
      ['db-1.internal', 'db-1.internal'],
    ],
    [
      '127.0.0',
      '256.1.1.1',
      'http://a',
      'a b',
      '-a',
      'a:80',
      'a..b',
      '[a]',
      '[127.0.0.1]',
      '[::1',
      `${'a.'.repeat(127)}a.b`,
    ],
  ],
  [
    'word',
    word,
    [
      ['user-service', 'user-service'],
      ['https://api.example.com', 'https://api.example.com'],
    ],
    ['two words', 'a\tb', 'ü', 'a\u0000', 'a'.repeat(256)],
  ],
  ['secret', secret, [['p ä%$"', 'p ä%$"']], ['a\nb', 'a\u0000']],
  [
    'realmName',
    realmName,
    [
      ...['myrealm', 'My Realm', 'Größe 日本', 'a%2fb', "it's", '...'].map((name): [string, string] => [
        name,
        name,
      ]),
      ['my.realm_2', 'my.realm_2'],
    ],
    ['..', '.', 'a/b', 'a?b', 'a#b', 'a:b', 'a\\b', 'a[b', 'a]b', 'a\u0000b', '../master'],
  ],
] as [string, (text: string) => unknown, [string, unknown][], string[]][])('%s', (_, parse, good, bad) => {
  it.each(good)('takes %j', (text, value) => expect(parse(text)).toBe(value));
  it.each(bad)('refuses %j', (text) => expect(() => parse(text)).toThrow(InvalidValue));
});
