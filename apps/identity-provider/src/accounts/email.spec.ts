import { describe, expect, it } from 'vitest';
import { localPartKey, storedEmail } from './email.js';

describe('an email', () => {
  it('is stored as the user wrote it, without surrounding white space', () => {
    expect(storedEmail(' Ada.Lovelace@Example.com\n')).toBe('Ada.Lovelace@Example.com');
  });

  it('has a local part up to its last @', () => {
    expect(localPartKey('Ada@Example.com')).toBe('ada');
    expect(localPartKey('"odd@one"@example.com')).toBe('"odd@one"');
  });
});
