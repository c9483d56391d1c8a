import { describe, expect, it } from 'vitest';
import { InvalidValue } from '../settings-error.js';
import { databaseUrl, documentUrl, internalBaseUrl, issuerUrl, passwordsIn, publicBaseUrl } from './urls.js';

const notUrls = [
  'localhost:8080',
  'ftp://a',
  'javascript:alert(1)',
  'http:/a',
  'http:\\\\a',
  'https://',
  'http://a b',
  'http://a\tb',
  'http://ä.example',
  'http://a:99999',
];
const tooMuch = [
  'http://u@a',
  'http://u:p@a',
  'http://@a',
  'http://:@a/b',
  'http://a?',
  'http://a/?q',
  'http://a#',
  'http://a/#f',
  'http://u:80/p@a',
];

describe.each([
  ['issuerUrl', issuerUrl],
  ['publicBaseUrl', publicBaseUrl],
  ['internalBaseUrl', internalBaseUrl],
  ['documentUrl', documentUrl],
])('%s', (_, parse) => {
  it.each([...notUrls, ...tooMuch])('refuses %j', (text) => {
    expect(() => parse(text, 'development')).toThrow(InvalidValue);
  });

  it.each(['http://localhost:8080', 'https://sso.example.com/auth', 'http://[::1]:8001'])(
    'accepts %j and does not change it',
    (text) => expect(parse(text, 'development')).toBe(text),
  );
});

describe('in production', () => {
  it.each([issuerUrl, publicBaseUrl])('a public URL must be https: %o', (parse) => {
    expect(() => parse('http://id.example.com', 'production')).toThrow('https');
    expect(parse('https://id.example.com', 'production')).toBe('https://id.example.com');
  });
});

describe('trailing slashes', () => {
  it('are removed from base URLs, and kept in an issuer, which is compared as text', () => {
    expect(publicBaseUrl('https://a/auth//', 'test')).toBe('https://a/auth');
    expect(internalBaseUrl('http://a/')).toBe('http://a');
    expect(issuerUrl('https://a/', 'test')).toBe('https://a/');
  });
});

describe('upper case and default ports', () => {
  it('are normalized in a public base URL, like Keycloak does in iss, and kept in an issuer', () => {
    expect(publicBaseUrl('HTTP://Keycloak.Example:80/Auth', 'test')).toBe('http://keycloak.example/Auth');
    expect(issuerUrl('http://Id.Example:80', 'test')).toBe('http://Id.Example:80');
  });
});

describe('databaseUrl', () => {
  it.each([
    'postgres://u:p@db:5432/name',
    'postgres://u:p@/name?host=/var/run/postgresql',
    'postgres://u@%2Fvar%2Frun%2Fpostgresql/name',
    "postgres://u:p@:$&'*+=x@db/name",
    'postgresql://db/name?sslmode=require',
    'postgres:///name?host=/var/run/postgresql',
    'postgres://u:p%23%25@db/name',
    'postgres://u:p@a:5432,b:5433/name',
    'postgres://u:p,@x@a,[::1]:5432/name?sslmode=require',
  ])('accepts %j', (text) => expect(databaseUrl(text)).toBe(text));

  it.each([
    'mysql://u:p@db/name',
    'db/name',
    'postgres:///name',
    'postgres://u:p@db',
    'postgres://u:p@db/',
    'postgres://u:p@/name',
    'postgres://u:p@/name?host=',
    'postgres://u:p@db:54x/name',
    'postgres://u:p#x@db/name',
    'postgres://u:100%@db/name',
    'postgres://u:p@db/name#x',
    'postgres://u:p@db/name?password=x@y',
    'postgres://u:p@a,/name',
    'postgres://u:p@,b/name',
    'postgres://u:p@a:5432,b:99999/name',
    'postgres://u:p@a:54x,b/name',
    'postgres://u:p@a,b/',
    'postgres://u:p@a,b/name?host=c',
    'postgres://u:p/x@a,b/name',
  ])('refuses %j', (text) => expect(() => databaseUrl(text)).toThrow(InvalidValue));
});

describe('passwordsIn', () => {
  it.each([
    ['postgres://u:p%40ss@db/name', 'p@ss'],
    ['postgres://u@db/name?password=other', 'other'],
    ['postgres://u:p,%40ss@a:5432,b:5432/name', 'p,@ss'],
    ['postgres://u:%zz@db/name', '%zz'],
    ['postgres://u:p%40ss@/name?host=/var/run/postgresql', 'p@ss'],
  ])('finds the password of %s', (text, password) =>
    expect(passwordsIn(text, { PGPASSWORD: 'beside' })).toEqual([password]),
  );

  it('returns PGPASSWORD if the URL has no password', () =>
    expect(passwordsIn('postgres://u@db/name', { PGPASSWORD: 'beside' })).toEqual(['beside']));

  it('returns none if the text is not a URL', () => expect(passwordsIn('junk', {})).toEqual([]));
});
