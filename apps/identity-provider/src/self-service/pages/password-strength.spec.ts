import { expect, it } from 'vitest';
import { BreachedPasswords } from '../../passwords/breached-passwords.js';
import { PasswordStrength } from './password-strength.js';

const strength = new PasswordStrength(new BreachedPasswords({ breachedPasswordsFile: null }));

it.each([
  ['short', '', { level: 0, fault: 'too_short' }],
  ['password1', '', { level: 0, fault: 'common_password' }],
  ['ada.lovelace', 'Ada.Lovelace@example.org', { level: 0, fault: 'matches_email' }],
  ['ä'.repeat(37), '', { level: 0, fault: 'too_long' }],
  ['tr4in-lamp', '', { level: 1, fault: null }],
  ['tr4in-lamp-sea', '', { level: 2, fault: null }],
  ['four plain words here', 'ada@example.org', { level: 3, fault: null }],
  ['abababababababababab', '', { level: 1, fault: null }],
])('judges %s of "%s"', (password, email, expected) => {
  expect(strength.of(password, email)).toEqual(expected);
});
