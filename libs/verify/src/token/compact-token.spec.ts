import { sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { native, nativeKey, signedNative } from '../../../../test/support/token-fixtures.js';
import { describeVerifiers } from '../../../../test/support/verifiers-under-test.js';
import { type Members, signToken } from '../testing/tokens.js';

describeVerifiers(({ outcome, verify }) => {
  describe('the form', () => {
    const good = signedNative();
    const [header, payload, signature] = good.split('.') as [string, string, string];

    it.each<[string, string]>([
      ['one part', header],
      ['two parts', `${header}.${payload}`],
      ['four parts', `${good}.${signature}`],
      ['five parts', `${good}.${payload}.${signature}`],
      ['no header', `.${payload}.${signature}`],
      ['no payload', `${header}..${signature}`],
      ['no signature', `${header}.${payload}.`],
      ['dots alone', '..'],
      ['JSON serialization', JSON.stringify({ payload, protected: header, signature })],
      ['a padded header', `${header}=.${payload}.${signature}`],
      ['a padded signature', `${good}==`],
      ['a line break at the end', `${good}\n`],
      ['plain base64', `${header}.${payload}.${signature.replace(/[-_]/g, '+')}+/`],
      ['a character outside of the alphabet', `${header}.${payload}.${signature.slice(1)}!`],
      ['a percent-encoded dot', good.replace('.', '%2e')],
    ])('%s is refused', async (_name, token) => {
      expect(['malformed', 'credentials_malformed']).toContain(await outcome(token));
    });

    it.each<[string, string]>([
      ['an array', '[]'],
      ['null', 'null'],
      ['a number', '1'],
      ['text', '"alg"'],
      ['no JSON', '{'],
      ['nothing but space', ' '],
      ['JSON after a byte order mark', `\ufeff${JSON.stringify(native().header)}`],
      ['JSON with something after it', `${JSON.stringify(native().header)}{}`],
      ['JSON with single quotes', "{'alg':'RS256'}"],
    ])('%s in place of an object is refused', async (_name, text) => {
      expect(await outcome(signToken({ header: text, claims: native().claims }, nativeKey))).toBe(
        'malformed',
      );
      expect(await outcome(signToken({ header: native().header, claims: text }, nativeKey))).toBe(
        'malformed',
      );
    });

    it('bytes that are not UTF-8 are refused', async () => {
      const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]);
      const input = `${header}.${bytes.toString('base64url')}`;
      const signed = `${input}.${sign('sha256', Buffer.from(input), nativeKey.privateKey).toString('base64url')}`;
      expect(await outcome(signed)).toBe('malformed');
    });

    it('is unique: a change of any single character is refused', async () => {
      const swap = (char: string) => (char === '.' ? 'A' : char === 'A' ? 'B' : 'A');
      for (let index = 0; index < good.length; index++) {
        const changed = good.slice(0, index) + swap(good[index] as string) + good.slice(index + 1);
        expect(await outcome(changed), `character ${index}`).not.toBe('accepted');
      }
    });

    it('a last character with unused bits that are set is refused', async () => {
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      // In the last character of 256 bytes four bits are unused.
      const lastIndex = alphabet.indexOf(signature.at(-1) as string);
      expect(lastIndex % 16).toBe(0);
      for (let spare = 1; spare < 16; spare++) {
        expect(await outcome(good.slice(0, -1) + alphabet[lastIndex + spare])).toBe('malformed');
      }
    });

    it('a token cut short anywhere is refused', async () => {
      for (let length = 1; length < good.length; length += 7) {
        expect(await outcome(good.slice(0, length)), `${length} characters`).not.toBe('accepted');
      }
    });
  });

  describe('a repeated name', () => {
    const { header, claims } = native();
    const first = (member: string, object: Members) => JSON.stringify(object).replace('{', `{${member},`);
    const last = (member: string, object: Members) => JSON.stringify(object).replace(/}$/, `,${member}}`);

    it('has its last value', async () => {
      const token = signToken({ header, claims: first('"sub":"mallory"', claims) }, nativeKey);
      expect((await verify(token)).sub).toBe(claims.sub);
      const other = signToken({ header, claims: last('"sub":"mallory"', claims) }, nativeKey);
      expect((await verify(other)).sub).toBe('mallory');
    });

    it.each<[string, string, string]>([
      ['header', '"alg":"none"', 'algorithm'],
      ['header', '"kid":"other"', 'key_unknown'],
      ['claims', '"iss":"https://evil.example.com"', 'issuer_unknown'],
      ['claims', '"aud":"other"', 'audience'],
      ['claims', '"exp":1', 'expired'],
    ])('in the %s: %s', async (part, member, reason) => {
      const bad = { header, claims, [part]: last(member, part === 'header' ? header : claims) };
      const good = { header, claims, [part]: first(member, part === 'header' ? header : claims) };
      expect(await outcome(signToken(bad, nativeKey))).toBe(reason);
      expect(await outcome(signToken(good, nativeKey))).toBe('accepted');
    });

    it('written with escapes is the same name', async () => {
      const token = signToken({ header, claims: last('"\\u0061ud":"other"', claims) }, nativeKey);
      expect(await outcome(token)).toBe('audience');
    });
  });
});
