import { textKey } from '#libs/core/ids.js';

/** An email as it is stored: as the user wrote it, without surrounding white space. */
export const storedEmail = (email: string): string => email.trim();

/** The part of an email's key before the last `@`. */
export function localPartKey(email: string): string {
  const key = textKey(email);
  const at = key.lastIndexOf('@');
  return at < 0 ? key : key.slice(0, at);
}
