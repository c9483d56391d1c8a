import { isStorable } from '#libs/core/storable-text.js';
import type { FieldError } from '#libs/http/input/field.js';
import { emailKey, localPartKey } from '../accounts/email.js';
import { isCommonPassword } from './common-passwords.js';
import { MAX_PASSWORD_BYTES, normalizePassword } from './password-hasher.js';

const MIN_PASSWORD_BYTES = 8;

/**
 * What speaks against a password where one is set; a login asks none of this. Rules look at its normal form.
 * @param email of the account, where it is known
 * @returns a fault for each broken rule, none for a good password
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
      message: `A password has at least ${MIN_PASSWORD_BYTES} bytes in UTF-8.`,
    });
  }
  if (bytes > MAX_PASSWORD_BYTES) {
    faults.push({
      code: 'too_long',
      message: `A password has at most ${MAX_PASSWORD_BYTES} bytes in UTF-8.`,
    });
  }
  if (isCommonPassword(password)) {
    faults.push({ code: 'common_password', message: 'This is one of the most common passwords.' });
  }
  if (email !== undefined && emailKey(password) === localPartKey(email)) {
    faults.push({
      code: 'matches_email',
      message: 'A password is not what stands before the @ of the email.',
    });
  }
  return faults;
}
