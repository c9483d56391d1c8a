import { createPrivateKey } from 'node:crypto';
import { expect, it } from 'vitest';
import { decodeToken } from '#libs/verify/src/token/compact-token.js';
import { rsaPems } from '../../../../test/support/settings-fixtures.js';
import { MAX_SIGNED_LENGTH, TokenSigner } from './token-signer.js';

const signer = new TokenSigner({
  signing: {
    issuer: 'https://id.example.com',
    audience: 'example',
    kid: 'k',
    lifetimeSeconds: 3_600,
    privateKey: createPrivateKey(rsaPems().privateKey),
    publicKeys: [],
  },
});

const tokenWith = (permissions: string[]) =>
  signer.sign(
    {
      accountId: 'a',
      sessionId: 's',
      email: 'ada@example.com',
      emailVerified: true,
      firstName: null,
      lastName: null,
      role: 'user',
      permissions,
      amr: ['pwd'],
      authenticatedAt: new Date(0),
    },
    { issuedAt: 1_000, expiresAt: 4_600 },
  );

it('contains the permissions', () => {
  expect(decodeToken(tokenWith(['a:read', 'b:read'])).claims['permissions']).toEqual(['a:read', 'b:read']);
});

it('contains a client id, as RFC 9068 requires', () => {
  expect(decodeToken(tokenWith([])).claims).toMatchObject({ sub: 'a', client_id: 'twinkey' });
});

it('leaves the permissions out if the token would exceed 8 KiB', () => {
  const token = tokenWith(Array.from({ length: 300 }, (_, index) => `resource-${index}:do-something-to-it`));
  expect(token.length).toBeLessThan(MAX_SIGNED_LENGTH);
  expect(MAX_SIGNED_LENGTH).toBe(8_192);
  const { claims } = decodeToken(token);
  expect(claims).toMatchObject({ role: 'user', exp: 4_600 });
  expect(claims).not.toHaveProperty('permissions');
});
