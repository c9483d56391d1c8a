import { expect, it } from 'vitest';
import { clockSkewOf } from './keycloak-token.js';

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const issuedAt = (iat?: number) => `${part({ alg: 'RS256' })}.${part({ iat })}.${part({})}`;

it.each([
  ['of the same second', 1_000, 1_000_200, 1_000_250, 0],
  ['whose second ended on the way', 1_000, 999_990, 1_001_010, 0],
  ['asked for late in a second', 1_001, 1_000_980, 1_001_005, 0],
  ['of a clock ahead of ours', 1_010, 1_000_000, 1_000_020, 10_999],
  ['of a clock behind ours', 990, 1_000_000, 1_000_020, -9_001],
])('the skew of a token %s', (_, iat, asked, got, skew) => {
  expect(clockSkewOf(issuedAt(iat), asked, got)).toBe(skew);
});

it('is none where the token does not tell', () => expect(clockSkewOf(issuedAt(), 0, 0)).toBe(0));
