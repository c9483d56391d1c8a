import { constants, createHmac, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { startJwksServer } from '../../../../test/support/jwks-server.js';
import {
  native,
  nativeKey,
  signedKeycloak,
  signedNative,
  strangerKey,
} from '../../../../test/support/token-fixtures.js';
import { describeVerifiers } from '../../../../test/support/verifiers-under-test.js';
import { type Members, signingInput, signToken } from '../testing/tokens.js';

describeVerifiers(({ outcome }) => {
  describe('the algorithm', () => {
    const NONE = [
      'none',
      'None',
      'NONE',
      'nOnE',
      'none ',
      ' none',
      'none\0',
      'n\u200bone',
      '',
      null,
      undefined,
      [],
      ['RS256'],
      ['none'],
      {},
      0,
      false,
      true,
    ];

    it.each(NONE)('none spelled %j is refused, unsigned or with a good signature', async (alg) => {
      const input = signingInput(native({ header: { alg } }));
      const [, , signature] = signedNative().split('.');
      expect(await outcome(`${input}.`)).not.toBe('accepted');
      expect(await outcome(`${input}.${signature}`)).toBe('algorithm');
      expect(await outcome(signedNative({ header: { alg } }))).toBe('algorithm');
    });

    const SECRETS: [string, string | Buffer][] = [
      ['PEM', nativeKey.pem],
      ['PEM without its last line break', nativeKey.pem.trimEnd()],
      ['DER', nativeKey.key.export({ type: 'spki', format: 'der' })],
      ['PKCS#1', nativeKey.key.export({ type: 'pkcs1', format: 'der' })],
      ['JWK', JSON.stringify(nativeKey.jwk)],
      ['modulus as text', nativeKey.jwk.n as string],
      ['modulus', Buffer.from(nativeKey.jwk.n as string, 'base64url')],
      ['empty', ''],
    ];

    it.each(SECRETS)('an HMAC keyed with the public key (%s) is refused', async (_name, secret) => {
      for (const [alg, digest] of [
        ['HS256', 'sha256'],
        ['HS384', 'sha384'],
        ['HS512', 'sha512'],
      ] as const) {
        const confused = signingInput(native({ header: { alg } }));
        const honest = signingInput(native());
        const mac = (input: string) => createHmac(digest, secret).update(input).digest('base64url');
        expect(await outcome(`${confused}.${mac(confused)}`)).toBe('algorithm');
        expect(await outcome(`${honest}.${mac(honest)}`)).toBe('signature');
      }
    });

    const { privateKey: key } = nativeKey;
    const pss = {
      key,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    };
    it.each([
      ['RS384', 'sha384', key],
      ['RS512', 'sha512', key],
      ['PS256', 'sha256', pss],
      ['PS384', 'sha384', pss],
      ['PS512', 'sha512', pss],
      ['RS1', 'sha1', key],
    ] as const)('%s with the right key is refused, said or silent', async (alg, digest, how) => {
      for (const [said, reason] of [
        [alg, 'algorithm'],
        ['RS256', 'signature'],
      ] as const) {
        const input = signingInput(native({ header: { alg: said } }));
        const token = `${input}.${sign(digest, Buffer.from(input), how).toString('base64url')}`;
        expect(await outcome(token)).toBe(reason);
      }
    });

    it.each([
      ['ES256', 64, 'algorithm'],
      ['EdDSA', 64, 'algorithm'],
      ['RS256', 64, 'signature'],
      ['RS256', 1, 'signature'],
      ['RS256', 255, 'signature'],
      ['RS256', 256, 'signature'],
      ['RS256', 257, 'signature'],
    ])('%s with a signature of %d zeros is refused', async (alg, length, reason) => {
      const token = `${signingInput(native({ header: { alg } }))}.${Buffer.alloc(length).toString('base64url')}`;
      expect(await outcome(token)).toBe(reason);
    });
  });

  describe('the header', () => {
    it('never makes the verifier fetch or use a key from the token', async () => {
      const canary = await startJwksServer();
      const urls = [
        canary.url,
        'file:///etc/passwd',
        'http://169.254.169.254/latest',
        'http://canary.invalid/',
      ];
      const changes: Members[] = [
        { jwk: strangerKey.jwk },
        { jwk: nativeKey.jwk },
        { x5c: ['MIICkTCCAXkCBgGiCQlr1DANBgkqhkiG9w0BAQsFADAM'] },
        ...urls.flatMap((url) => [
          { jku: url },
          { x5u: url },
          { jku: url, jwk: strangerKey.jwk, kid: undefined },
        ]),
      ];
      for (const header of changes) {
        expect(await outcome(signToken(native({ header }), strangerKey))).toBe('header_parameter');
        expect(await outcome(signedNative({ header }))).toBe('header_parameter');
      }
      expect(canary.hits).toBe(0);
      await canary.close();
    });

    it.each<[Members, string]>([
      [{ crit: ['exp'] }, 'header_parameter'],
      [{ crit: [] }, 'header_parameter'],
      [{ crit: null }, 'header_parameter'],
      [{ crit: ['b64'], b64: false }, 'header_parameter'],
      [{ crit: ['x'], x: 1 }, 'header_parameter'],
      [{ b64: false }, 'header_parameter'],
      [{ b64: true }, 'header_parameter'],
      [{ zip: 'DEF' }, 'header_parameter'],
      [{ cty: 'JWT' }, 'header_parameter'],
      [{ enc: 'A256GCM' }, 'header_parameter'],
      [{ alg: 'RSA-OAEP', enc: 'A256GCM' }, 'algorithm'],
      [{ typ: undefined }, 'type'],
      [{ typ: null }, 'type'],
      [{ typ: ['at+jwt'] }, 'type'],
      [{ typ: 'logout+jwt' }, 'type'],
      [{ typ: 'dpop+jwt' }, 'type'],
      [{ typ: 'JOSE' }, 'type'],
      [{ typ: 'AT+JWT' }, 'type'],
      [{ typ: 'application/at+jwt' }, 'type'],
      [{ kid: undefined }, 'key_id'],
      [{ kid: null }, 'key_id'],
      [{ kid: '' }, 'key_id'],
      [{ kid: 1 }, 'key_id'],
      [{ kid: ['native-1'] }, 'key_id'],
      [{ kid: { toString: 'native-1' } }, 'key_id'],
      [{ kid: 'k'.repeat(256) }, 'key_id'],
      [{ kid: 'k'.repeat(4_000) }, 'key_id'],
      [{ kid: 'NATIVE-1' }, 'key_unknown'],
      [{ kid: 'native-1\0' }, 'key_unknown'],
      [{ kid: '../../../../dev/null' }, 'key_unknown'],
      [{ kid: "' OR 1=1 --" }, 'key_unknown'],
      [{ kid: 'a\r\nSet-Cookie: b' }, 'key_unknown'],
      [{ kid: '__proto__' }, 'key_unknown'],
      [{ kid: 'constructor' }, 'key_unknown'],
      [{ kid: 'keycloak-1' }, 'key_unknown'],
    ])('%j is refused', async (header, reason) => {
      expect(await outcome(signedNative({ header }))).toBe(reason);
    });

    it('typ JWT is refused for the native issuer, whose access tokens have a typ of their own', async () => {
      expect(await outcome(signedNative({ header: { typ: 'JWT' } }))).toBe('type');
    });

    it.each(['logout+jwt', 'dpop+jwt', undefined])('typ %s is refused for Keycloak', async (typ) => {
      expect(await outcome(signedKeycloak({ header: { typ } }))).toBe('type');
    });
  });
});
