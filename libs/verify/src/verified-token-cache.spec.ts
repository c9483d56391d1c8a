import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { nativeIssuer } from './issuers/native-issuer.js';
import { type KeySource, StaticKeys } from './keys/key-source.js';
import { nativeToken, testKey } from './testing/tokens.js';
import { acceptClaims } from './token/claims.js';
import type { UnverifiedToken } from './token/unverified-token.js';
import { VerifiedTokenCache } from './verified-token-cache.js';

const ISSUER = 'https://id.example.com';
const key = testKey('k');
let remembered: VerifiedTokenCache;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  remembered = new VerifiedTokenCache();
});
afterEach(() => {
  vi.useRealTimers();
});

const issuer = nativeIssuer({ issuer: ISSUER, audience: ISSUER, keys: [key] });
const own = new StaticKeys([key]);

function keep(raw: string, keys: KeySource = own) {
  const { claims } = nativeToken(ISSUER, ISSUER, 'k');
  const candidate: UnverifiedToken = { raw, issuer, keys, kid: 'k', key: key.key, claims };
  const token = acceptClaims(candidate, Date.now() / 1_000);
  remembered.set(candidate, token);
  return token;
}

it('finds a token by its whole text', () => {
  const token = keep('a.b.c');
  expect(remembered.get('a.b.c')).toBe(token);
  expect(remembered.get('a.b.d')).toBeNull();
  expect(remembered.get('__proto__')).toBeNull();
});

it('does not return an expired token, also within the leeway', () => {
  const token = keep('a.b.c');
  vi.setSystemTime(token.expiresAt * 1_000 - 1);
  expect(remembered.get('a.b.c')).toBe(token);
  vi.setSystemTime(token.expiresAt * 1_000);
  expect(remembered.get('a.b.c')).toBeNull();
});

it('does not return a token whose key is withdrawn or replaced', () => {
  const published = new Map([['k', key.key]]);
  const keys = new StaticKeys([]);
  vi.spyOn(keys, 'current').mockImplementation((kid) => published.get(kid));
  const token = keep('a.b.c', keys);
  expect(remembered.get('a.b.c')).toBe(token);
  published.set('k', testKey('k').key);
  expect(remembered.get('a.b.c')).toBeNull();
  keep('d.e.f', keys);
  published.delete('k');
  expect(remembered.get('d.e.f')).toBeNull();
});

it('keeps ten thousand tokens, and then drops the oldest', () => {
  for (let index = 0; index < 10_000; index++) keep(`token ${index}`);
  expect(remembered.get('token 0')).not.toBeNull();
  keep('one more');
  expect(remembered.get('token 0')).toBeNull();
  expect(remembered.get('token 1')).not.toBeNull();
  expect(remembered.get('one more')).not.toBeNull();
});
