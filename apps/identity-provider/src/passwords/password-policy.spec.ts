import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { passwordFaults } from './password-policy.js';

const codes = (password: string, email?: string) => passwordFaults(password, email).map(({ code }) => code);

describe('a new password', () => {
  it.each([
    ['the documented example', 'securepass123'],
    ['eight bytes', 'kq7#vLp2'],
    ['four letters of two bytes', 'éüöä'],
    ['72 bytes', `${'kq7#vLp2'.repeat(9)}`],
    ['18 emoji: 72 bytes', '😀'.repeat(18)],
    ['spaces inside and around', ' a quiet morning '],
    ['a common password with a suffix', 'password123-and-more'],
  ])('may be %s', (_, password) => {
    expect(codes(password, 'ada@example.com')).toEqual([]);
  });

  it.each([
    ['empty', '', 'too_short'],
    ['seven bytes', 'kq7#vLp', 'too_short'],
    ['73 bytes', 'x'.repeat(73), 'too_long'],
    ['18 emoji and a letter', `${'😀'.repeat(18)}x`, 'too_long'],
    ['a NUL', 'kq7#v\0Lp2', 'invalid_characters'],
    ['a lone surrogate', 'kq7#v\ud83dLp2', 'invalid_characters'],
    ['a common password', 'password123', 'common_password'],
    ['a common password in another case', 'PassWord123', 'common_password'],
    ['a demo password', 'admin123', 'common_password'],
    ["the email's local part", 'ada.lovelace', 'matches_email'],
    ["the email's local part in another case", 'ADA.Lovelace', 'matches_email'],
  ])('is refused with %s', (_, password, code) => {
    expect(codes(password, 'Ada.Lovelace@example.com')).toEqual([code]);
  });

  it('reports every violated rule', () => {
    expect(codes('123456')).toEqual(['too_short', 'common_password']);
  });

  it('is compared with the local part of the email in any Unicode form', () => {
    expect(codes('zoe\u0308-martin', 'Zo\u00eb-Martin@example.com')).toEqual(['matches_email']);
  });
});

describe('the length of a password in bytes', () => {
  it.each([
    ['36 letters of two bytes, sent as three', 'é'.repeat(36), []],
    ['37 letters of two bytes', 'é'.repeat(37), ['too_long']],
    ['four letters of two bytes', 'éöàü', []],
    ['three letters of two bytes, sent as nine', 'éöà', ['too_short']],
    ['18 characters that NFC makes three times as long', '\u{1D160}'.repeat(18), ['too_long']],
  ])('is that of its normal form: %s', (_, password, expected) => {
    expect(codes(password.normalize('NFD'))).toEqual(expected);
    expect(codes(password)).toEqual(expected);
  });
});

describe('the list of common passwords', () => {
  const list = readFileSync(new URL('./common-passwords.txt', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');

  it('has at least 10,000 entries that no other rule refuses, unique and in lower case', () => {
    const refusedByListAlone = list.filter((password) => Buffer.byteLength(password) >= 8);
    expect(refusedByListAlone.length).toBeGreaterThanOrEqual(10_000);
    expect(new Set(list).size).toBe(list.length);
    expect(list.filter((password) => password !== password.toLowerCase().trim())).toEqual([]);
  });

  it.each(['password', '12345678', 'qwertyuiop', 'iloveyou', 'letmein', 'admin123', 'user123', 'p@ssw0rd'])(
    'contains %s',
    (password) => {
      expect(list).toContain(password);
    },
  );
});
