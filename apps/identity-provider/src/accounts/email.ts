import { textKey } from '#libs/core/ids.js';

/** An email as it is stored: as the user wrote it, without surrounding white space. */
export const storedEmail = (email: string): string => email.trim();

/** Two emails are the same if their keys are equal. The key is unique in the database, and a login searches for it. */
export const emailKey = (email: string): string => textKey(email);

/** The part of `emailKey` before the last `@`. */
export function localPartKey(email: string): string {
  const key = emailKey(email);
  const at = key.lastIndexOf('@');
  return at < 0 ? key : key.slice(0, at);
}
