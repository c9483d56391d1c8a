import { describe, expect, it } from 'vitest';
import type { TokenError } from '../token-error.js';
import { type BearerRequest, bearerToken } from './bearer.js';

/** A request as Node passes it on: `headers` has the first of several Authorization headers. */
function request(...authorizations: string[]): BearerRequest {
  const rawHeaders = ['Host', 'localhost', ...authorizations.flatMap((value) => ['AUTHORIZATION', value])];
  return { headers: { authorization: authorizations[0] }, rawHeaders } as BearerRequest;
}

function reasonOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    return (error as TokenError).code;
  }
  return 'accepted';
}

describe('bearerToken', () => {
  it.each(['Bearer', 'bearer', 'BEARER', 'bEaReR'])('accepts the scheme %s', (scheme) => {
    expect(bearerToken(request(`${scheme} a.b.c`))).toBe('a.b.c');
  });

  it('accepts several spaces after the scheme, as RFC 9110 allows', () => {
    expect(bearerToken(request('Bearer   a.b.c'))).toBe('a.b.c');
  });

  it.each([[], ['']])('finds no credentials in %j', (...authorizations) => {
    expect(bearerToken(request(...authorizations))).toBeNull();
  });

  it.each([
    'Bearer',
    'Bearer ',
    'Bearera.b.c',
    'Bearer\ta.b.c',
    'Bearer a.b.c d',
    'Bearer a.b.c, Bearer d.e.f',
    'Basic YTpi',
    'Basic YTpi, Bearer a.b.c',
    'Token a.b.c',
    'DPoP a.b.c',
    'a.b.c',
    '"Bearer a.b.c"',
  ])('refuses %j', (authorization) => {
    expect(reasonOf(() => bearerToken(request(authorization)))).toBe('credentials_malformed');
  });

  it('refuses two Authorization headers, also two of the same', () => {
    expect(reasonOf(() => bearerToken(request('Bearer a.b.c', 'Bearer a.b.c')))).toBe('credentials_repeated');
  });

  it('accepts a token of 16 KiB and no longer one', () => {
    expect(bearerToken(request(`Bearer ${'x'.repeat(16_384)}`))).toHaveLength(16_384);
    expect(reasonOf(() => bearerToken(request(`Bearer ${'x'.repeat(16_385)}`)))).toBe('too_large');
  });

  it('is fast for a value that is made to be slow', () => {
    const started = performance.now();
    reasonOf(() => bearerToken(request(`Bearer ${' '.repeat(30_000)}`)));
    expect(performance.now() - started).toBeLessThan(50);
  });
});
