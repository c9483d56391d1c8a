import { pbkdf2 } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nativeIssuer } from './native-issuer.js';
import { signToken } from './testing/tokens.js';
import {
  DAY,
  keycloak,
  NATIVE,
  NATIVE_AUDIENCE,
  native,
  signedKeycloak,
  signedNative,
  startVerifier,
  strangerKey,
  type Verifier,
  without,
} from './testing/verifier.js';

let verifier: Verifier;
const outcome = (token: string) => verifier.outcome(token);

beforeAll(async () => {
  verifier = await startVerifier();
});
afterAll(() => verifier.close());

describe('a good token', () => {
  it('of the native issuer is accepted', async () => {
    const { claims } = native();
    expect(await verifier.verify(signedNative())).toEqual({
      issuer: 'native',
      issuerKind: 'native',
      subject: '0199d3a8-6c1e-7b55-9d5f-2f3d7a1f0c11',
      kind: 'person',
      namesPerson: true,
      username: 'ada@example.com',
      email: 'ada@example.com',
      firstName: 'Ada',
      lastName: 'Lovelace',
      tokenId: claims.jti,
      sessionId: claims.sid,
      clientId: claims.client_id ?? null,
      issuedAt: claims.iat,
      assertedAt: (claims.iat as number) * 1_000,
      expiresAt: claims.exp,
      realmRoles: [],
      roles: ['support'],
      permissions: ['users:read'],
      kid: 'native-1',
    });
  });

  it('of Keycloak is accepted', async () => {
    const { claims } = keycloak();
    expect(await verifier.verify(signedKeycloak())).toEqual({
      issuer: 'keycloak',
      issuerKind: 'keycloak',
      subject: 'c0139d68-ba04-4470-8a0f-b9a00b453183',
      kind: 'person',
      namesPerson: true,
      username: 'alice',
      email: 'alice@example.com',
      firstName: 'Alice',
      lastName: 'Liddell',
      tokenId: claims.jti,
      sessionId: 'W1jh2eM5uiclAXkyxkqQ6TqE',
      clientId: claims.azp,
      issuedAt: claims.iat,
      assertedAt: (claims.iat as number) * 1_000,
      expiresAt: claims.exp,
      realmRoles: ['default-roles-myrealm', 'offline_access', 'helpdesk'],
      roles: ['support'],
      permissions: [],
      kid: 'keycloak-1',
    });
  });

  it.each<[string, () => string]>([
    ['Keycloak, header typ at+jwt', () => signedKeycloak({ header: { typ: 'at+jwt' } })],
    ['aud as text', () => signedKeycloak({ claims: { aud: 'user-service' } })],
    ['aud as a list', () => signedNative({ claims: { aud: ['other', NATIVE_AUDIENCE] } })],
    [
      'x5t, which is only a name for a key',
      () => signedNative({ header: { x5t: 'VcJsEpcMJRIptzdGskBFfLfznsg' } }),
    ],
    ['times with fractions', () => signedNative({ claims: { iat: Date.now() / 1_000 } })],
    [
      'nothing but what is needed',
      () => signedNative({ claims: without('jti', 'sid', 'email', 'role', 'permissions') }),
    ],
    ['sub of 255 characters', () => signedKeycloak({ claims: { sub: 's'.repeat(255) } })],
    ['sub in any script', () => signedKeycloak({ claims: { sub: 'f:ldap:Žofie 🦊' } })],
  ])('is accepted with %s', async (_name, token) => {
    expect(await outcome(token())).toBe('accepted');
  });
});

it('verifies while the thread pool is full', async () => {
  let busy = 0;
  const token = signedNative();
  const jobs = Array.from({ length: 8 }, () => {
    busy++;
    return new Promise<void>((resolve) =>
      pbkdf2('password', 'salt', 100_000, 64, 'sha512', () => {
        busy--;
        resolve();
      }),
    );
  });
  await verifier.verify(token);
  expect(busy).toBe(8);
  await Promise.all(jobs);
});

it('keeps two applications in one process separate', async () => {
  const settings = { issuer: NATIVE, audience: NATIVE_AUDIENCE, maxLifetimeSeconds: DAY, jwksUrl: null };
  const second = await startVerifier([nativeIssuer({ ...settings, keys: [strangerKey] })]);
  const stranger = signToken(native(), strangerKey);
  expect(await outcome(signedNative())).toBe('accepted');
  expect(await outcome(stranger)).toBe('signature');
  expect(await second.outcome(signedNative())).toBe('signature');
  expect(await second.outcome(stranger)).toBe('accepted');
  await second.close();
  expect(await outcome(signedNative())).toBe('accepted');
});
