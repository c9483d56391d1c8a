import { describe, expect, it } from 'vitest';
import { base64, rsaPems } from '../../../test/support/settings-fixtures.js';
import { InvalidValue } from '../settings-error.js';
import { keyId, origins, publicKeys, roleMap, trustedProxies } from './lists.js';

describe('origins', () => {
  it('accepts exact origins, and removes duplicates', () => {
    const text = ' https://app.example.com,http://localhost:5173 , https://app.example.com,';
    expect(origins(text)).toEqual(['https://app.example.com', 'http://localhost:5173']);
  });

  it.each([
    '*',
    'https://*.example.com',
    'null',
    'https://a.example/',
    'https://a.example/x',
    'https://A.example',
    'a.example',
    'https://a.example:443',
    'https://u@a.example',
    'file://',
    'https://ok.example,*',
  ])('refuses %j', (text) => expect(() => origins(text)).toThrow(InvalidValue));

  it('names the invalid entry', () => expect(() => origins('https://a.example,b')).toThrow('(entry 2)'));
});

describe('trustedProxies', () => {
  it.each([
    ['0', false],
    ['false', false],
    ['2', 2],
    ['loopback', ['loopback']],
    ['10.0.0.1, fd00::/8,10.0.0.1', ['10.0.0.1', 'fd00::/8']],
  ])('accepts %j', (text, value) => expect(trustedProxies(text)).toEqual(value));

  it.each([
    'true',
    'TRUE',
    'all',
    '*',
    '-1',
    '33',
    '1.5',
    '2,loopback',
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0',
    'fe80::1%eth0',
    'proxy.internal',
  ])('refuses %j', (text) => expect(() => trustedProxies(text)).toThrow(InvalidValue));
});

describe('roleMap', () => {
  it('maps Keycloak roles, which can contain "=", to Twinkey roles', () => {
    const map = roleMap('idp-admin=admin, help desk=support,a=b=c,__proto__=user');
    expect([...map]).toEqual([
      ['idp-admin', 'admin'],
      ['help desk', 'support'],
      ['a=b', 'c'],
      ['__proto__', 'user'],
    ]);
  });

  it.each(['admin', '=admin', 'a=', 'a=two words', 'a=*', `a=${'b'.repeat(65)}`, 'a=b,a=c'])(
    'refuses %j',
    (text) => expect(() => roleMap(text)).toThrow(InvalidValue),
  );
});

describe('publicKeys', () => {
  const [first, second] = [rsaPems().publicKey, rsaPems().publicKey];

  it('splits at the last colon, because a kid can contain one', () => {
    const keys = publicKeys(`urn:key:1:${base64(first)}, k2:${base64(second)}`);
    expect(keys.map(({ kid, pem }) => [kid, pem])).toEqual([
      ['urn:key:1', first],
      ['k2', second],
    ]);
  });

  it.each([
    ['an entry without a kid', base64(first)],
    ['an empty kid', `:${base64(first)}`],
    ['a kid without a key', 'k1:'],
    ['a kid with a space', `k 1:${base64(first)}`],
    ['one kid twice', `k1:${base64(first)},k1:${base64(second)}`],
    ['a private key', `k1:${base64(rsaPems().privateKey)}`],
    ['a weak key after a valid one', `k1:${base64(first)},k2:${base64(rsaPems(1024).publicKey)}`],
  ])('refuses %s', (_, text) => expect(() => publicKeys(text)).toThrow(InvalidValue));
});

describe('keyId', () => {
  it.each(['', 'a,b', 'a b', 'ü', 'a\n', 'a'.repeat(129)])('refuses %j', (text) => {
    expect(() => keyId(text)).toThrow(InvalidValue);
  });
});
