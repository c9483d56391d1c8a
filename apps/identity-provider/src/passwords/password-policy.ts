import { isStorable, textKey } from '#libs/core/ids.js';
import type { FieldError } from '#libs/http/input/field.js';
import { localPartKey } from '../accounts/email.js';
import { isCommonPassword } from './common-passwords.js';
import { MAX_PASSWORD_BYTES, normalizePassword } from './password-hasher.js';

const MIN_PASSWORD_BYTES = 8;

/**
 * Checks the normal form of a new password; logins do not apply these rules.
 * @param email the email of the account, if known
 * @returns one fault per violated rule
 */
export function passwordFaults(given: string, email?: string): FieldError[] {
  const password = normalizePassword(given);
  const bytes = Buffer.byteLength(password);
  const faults: FieldError[] = [];
  if (!isStorable(password)) {
    faults.push({ code: 'invalid_characters', message: 'NUL and lone surrogates are not allowed.' });
  }
  if (bytes < MIN_PASSWORD_BYTES) {
    faults.push({
      code: 'too_short',
      message: `The password must have at least ${MIN_PASSWORD_BYTES} bytes in UTF-8.`,
    });
  }
  if (bytes > MAX_PASSWORD_BYTES) {
    faults.push({
      code: 'too_long',
      message: `The password must have at most ${MAX_PASSWORD_BYTES} bytes in UTF-8.`,
    });
  }
  if (isCommonPassword(password)) {
    faults.push({ code: 'common_password', message: 'The password is too common. Choose another one.' });
  }
  if (email !== undefined && textKey(password) === localPartKey(email)) {
    faults.push({
      code: 'matches_email',
      message: 'The password must not equal the local part of the email address.',
    });
  }
  return faults;
}
