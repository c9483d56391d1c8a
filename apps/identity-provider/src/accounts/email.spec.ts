import { describe, expect, it } from 'vitest';
import { emailKey, localPartKey, storedEmail } from './email.js';

describe('an email', () => {
  it('is stored as the user wrote it, without surrounding white space', () => {
    expect(storedEmail(' Ada.Lovelace@Example.com\n')).toBe('Ada.Lovelace@Example.com');
  });

  it.each([
    ['a different case', 'ADA@Example.COM', 'ada@example.com'],
    ['surrounding white space', '\t ada@example.com ', 'ada@example.com'],
    ['a decomposed letter', 'zoe\u0308@example.com', 'zo\u00eb@example.com'],
    ['a decomposed capital', 'ZOE\u0308@example.com', 'zo\u00eb@example.com'],
  ])('is the same with %s', (_, one, other) => {
    expect(emailKey(one)).toBe(emailKey(other));
  });

  it.each([
    ['a dotless i', 'adm\u0131n@example.com', 'admin@example.com'],
    ['a Cyrillic look-alike', '\u0430dmin@example.com', 'admin@example.com'],
    ['a full-width letter', '\uff41dmin@example.com', 'admin@example.com'],
    ['a plus tag', 'admin+x@example.com', 'admin@example.com'],
  ])('is a different one with %s', (_, one, other) => {
    expect(emailKey(one)).not.toBe(emailKey(other));
  });

  it('has a local part up to its last @', () => {
    expect(localPartKey('Ada@Example.com')).toBe('ada');
    expect(localPartKey('"odd@one"@example.com')).toBe('"odd@one"');
  });
});
