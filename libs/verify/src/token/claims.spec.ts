import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  DAY,
  keycloak,
  keycloakKey,
  NATIVE_AUDIENCE,
  native,
  nativeKey,
  signedKeycloak,
  signedNative,
  without,
} from '../../../../test/support/token-fixtures.js';
import { describeVerifiers } from '../../../../test/support/verifiers-under-test.js';
import { type Members, signToken } from '../testing/tokens.js';

describeVerifiers(({ outcome, verify }) => {
  afterEach(() => {
    vi.useRealTimers();
  });

  const NOW = 1_800_000_000;

  describe('the audience', () => {
    it.each([
      'account',
      ['account'],
      'user-servic',
      'user-service-2',
      'user-service ',
      'USER-SERVICE',
      'user-service,account',
      [['user-service']],
      [{ 0: 'user-service' }],
      { 'user-service': true },
      [],
      '',
      null,
      undefined,
      true,
      NATIVE_AUDIENCE,
    ])('%j is refused', async (aud) => {
      expect(await outcome(signedKeycloak({ claims: { aud } }))).toBe('audience');
    });

    it('of a sibling service or environment is refused', async () => {
      expect(await outcome(signedNative({ claims: { aud: 'https://stage.example.com' } }))).toBe('audience');
    });
  });

  describe('the use of a Keycloak token', () => {
    it.each(['ID', 'Refresh', 'Offline', 'Logout', 'bearer', 'Bearer ', ['Bearer'], '', null, undefined])(
      '%j is refused',
      async (typ) => {
        expect(await outcome(signedKeycloak({ claims: { typ } }))).toBe('token_use');
      },
    );
  });

  describe('the times', () => {
    it.each<[Members, string]>([
      [{ exp: undefined }, 'expiry'],
      [{ exp: null }, 'expiry'],
      [{ exp: String(NOW + 60) }, 'expiry'],
      [{ exp: [NOW + 60] }, 'expiry'],
      [{ exp: true }, 'expiry'],
      [{ exp: 1e308 }, 'lifetime'],
      [{ exp: (NOW + 60) * 1_000 }, 'lifetime'],
      [{ exp: NOW + 10 * 365 * DAY }, 'lifetime'],
      [{ exp: NOW + 7 * DAY }, 'accepted'],
      [{ exp: NOW + 7 * DAY + 1 }, 'lifetime'],
      [{ exp: NOW - 29, iat: NOW - 60 }, 'accepted'],
      [{ exp: NOW - 30, iat: NOW - 60 }, 'expired'],
      [{ exp: 0, iat: 0 }, 'expired'],
      [{ exp: -1 }, 'expired'],
      [{ nbf: NOW + 30 }, 'accepted'],
      [{ nbf: NOW + 31 }, 'not_before'],
      [{ nbf: null }, 'not_before'],
      [{ nbf: String(NOW) }, 'not_before'],
      [{ iat: NOW + 30 }, 'accepted'],
      [{ iat: NOW + 31 }, 'issued_at'],
      [{ iat: NOW + 20, exp: NOW + 10 }, 'issued_at'],
      [{ iat: undefined }, 'issued_at'],
      [{ iat: null }, 'issued_at'],
      [{ iat: String(NOW) }, 'issued_at'],
      [{ iat: 0 }, 'lifetime'],
      [{ iat: -1e308 }, 'lifetime'],
    ])('of a native token: %j', async (claims, reason) => {
      vi.useFakeTimers({ toFake: ['Date'], now: NOW * 1_000 });
      expect(await outcome(signedNative({ claims: { iat: NOW, exp: NOW + 60, ...claims } }))).toBe(reason);
    });

    it('a number too large for a double is not a time', async () => {
      const { header, claims } = native();
      const text = JSON.stringify({ ...claims, exp: 0 }).replace('"exp":0', '"exp":1e999');
      expect(await outcome(signToken({ header, claims: text }, nativeKey))).toBe('expiry');
    });

    it('a Keycloak token is accepted for at most 30 days', async () => {
      vi.useFakeTimers({ toFake: ['Date'], now: NOW * 1_000 });
      const living = (seconds: number) => signedKeycloak({ claims: { iat: NOW, exp: NOW + seconds } });
      expect(await outcome(living(30 * DAY))).toBe('accepted');
      expect(await outcome(living(30 * DAY + 1))).toBe('lifetime');
    });
  });

  describe('the subject', () => {
    it.each([
      undefined,
      null,
      '',
      ' ',
      '\t \u00a0',
      0,
      1,
      true,
      {},
      [],
      ['alice'],
      { sub: 'alice' },
      'a\0b',
      '\0',
      'a\nb',
      'a\u007fb',
      'a\u0085b',
      'a\ud800',
      '\udc00b',
      's'.repeat(256),
      's'.repeat(3_000),
    ])('%j is refused', async (sub) => {
      expect(await outcome(signedKeycloak({ claims: { sub } }))).toBe('subject');
      expect(await outcome(signedNative({ claims: { sub } }))).toBe('subject');
    });
  });

  describe('unexpected claims', () => {
    it('have no effect in a Keycloak token: neither `role` and `permissions` nor prototypes', async () => {
      const { header, claims } = keycloak({
        claims: { role: 'admin', permissions: ['*'], roles: ['admin'] },
      });
      const hostile = JSON.stringify(claims).replace(
        '{',
        '{"__proto__":{"sub":"mallory","realm_access":{"roles":["helpdesk"]}},"constructor":{"prototype":{"a":1}},',
      );
      const token = await verify(signToken({ header, claims: hostile }, keycloakKey));
      expect(token.sub).toBe(claims.sub);
      expect(token.roles).toEqual(['support']);
      expect(token.permissions).toEqual([]);
      expect(Object.hasOwn(token, '__proto__')).toBe(false);
      expect(({} as Members).sub).toBeUndefined();
    });

    it('are not found on a prototype where they are missing', async () => {
      const { header, claims } = keycloak({ claims: without('sub', 'realm_access') });
      const text = JSON.stringify(claims).replace('{', '{"__proto__":{"sub":"mallory"},');
      expect(await outcome(signToken({ header, claims: text }, keycloakKey))).toBe('subject');
    });
  });
});
