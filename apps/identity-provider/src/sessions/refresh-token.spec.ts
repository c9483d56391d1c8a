import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { RefreshToken } from './refresh-token.js';

const secret = RefreshToken.newSecret();

describe('a refresh token', () => {
  it('has 256 bits, and reads back from its text', () => {
    const { text, digest } = RefreshToken.first(secret);
    expect(text).toMatch(/^[\w-]{43}$/);
    expect(digest).toEqual(createHash('sha256').update(text).digest());
    expect(RefreshToken.parse(text)?.text).toBe(text);
  });

  it('has one successor, another one for another secret, and the same family', () => {
    const token = RefreshToken.first(secret);
    const next = token.successor(secret);
    expect(next.text).not.toBe(token.text);
    expect(RefreshToken.parse(token.text)?.successor(secret).text).toBe(next.text);
    expect(token.successor(RefreshToken.newSecret()).text).not.toBe(next.text);
    expect(next.familyDigest).toEqual(token.familyDigest);
    expect(next.successor(secret).text).not.toBe(token.text);
  });

  it('is recognized however old it is, and only by the secret that it was issued with', () => {
    let token = RefreshToken.first(secret);
    for (let i = 0; i < 3; i += 1) {
      expect(token.isIssuedWith(secret)).toBe(true);
      expect(token.isIssuedWith(RefreshToken.newSecret())).toBe(false);
      token = token.successor(secret);
    }
  });

  it.each([0, 7, 8, 23, 24, 31])('is not recognized if byte %i is changed', (index) => {
    const bytes = Buffer.from(RefreshToken.first(secret).text, 'base64url');
    bytes[index] = (bytes[index] as number) ^ 1;
    expect(RefreshToken.parse(bytes.toString('base64url'))?.isIssuedWith(secret)).toBe(false);
  });

  it('shares nothing with the tokens of another session', () => {
    const [one, other] = [RefreshToken.first(secret), RefreshToken.first(secret)];
    expect(one.familyDigest).not.toEqual(other.familyDigest);
    expect(one.digest).not.toEqual(other.digest);
  });

  it('is read in no other spelling', () => {
    const { text } = RefreshToken.first(secret);
    // The last character has two unused bits.
    const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.indexOf(
      text.at(-1) as string,
    );
    const twin = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'[last ^ 1];
    for (const other of [
      '',
      `${text}=`,
      ` ${text}`,
      `${text}A`,
      text.slice(1),
      text.slice(0, -1) + twin,
      '😀',
    ]) {
      expect(RefreshToken.parse(other)).toBeNull();
    }
  });
});
