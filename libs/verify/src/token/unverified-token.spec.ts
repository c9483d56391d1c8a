import { describe, expect, it } from 'vitest';
import {
  KEYCLOAK,
  keycloak,
  keycloakKey,
  native,
  nativeKey,
  signedKeycloak,
  strangerKey,
} from '../../../../test/support/token-fixtures.js';
import { describeVerifiers } from '../../../../test/support/verifiers-under-test.js';
import { signToken } from '../testing/tokens.js';

describeVerifiers(({ outcome }) => {
  describe('the issuer', () => {
    it('alone decides which keys are used: another issuer’s key is refused under any kid', async () => {
      expect(await outcome(signToken(native(), keycloakKey))).toBe('signature');
      expect(await outcome(signToken(native({ header: { kid: keycloakKey.kid } }), keycloakKey))).toBe(
        'key_unknown',
      );
      expect(await outcome(signToken(keycloak(), nativeKey))).toBe('signature');
      expect(await outcome(signToken(keycloak({ header: { kid: nativeKey.kid } }), nativeKey))).toBe(
        'key_unknown',
      );
    });

    it('an unknown key under a known kid is refused', async () => {
      expect(await outcome(signToken(native(), strangerKey))).toBe('signature');
    });

    it.each([
      `${KEYCLOAK}/`,
      KEYCLOAK.toUpperCase(),
      'https://KEYCLOAK.example.com/realms/myrealm',
      'http://keycloak.example.com/realms/myrealm',
      'https://keycloak.example.com:443/realms/myrealm',
      'https://user@keycloak.example.com/realms/myrealm',
      'https://keycloak.example.com/realms/other',
      'https://keycloak.example.com/realms/myrealm/../myrealm',
      'https://keycloak.example.com/realms/myrealm?',
      `${KEYCLOAK} `,
      `${KEYCLOAK}\0`,
      'https://stage.example.com/realms/myrealm',
      '__proto__',
      '',
      null,
      undefined,
      [KEYCLOAK],
      { toString: KEYCLOAK },
      1,
    ])('%j is not trusted', async (iss) => {
      expect(await outcome(signedKeycloak({ claims: { iss } }))).toBe('issuer_unknown');
    });
  });
});
