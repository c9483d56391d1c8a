import { textKey } from '#libs/core/text-key.js';

/** An email as it is stored: the person's spelling, without surrounding white space. */
export const storedEmail = (email: string): string => email.trim();

/** What decides whether two emails are one: unique in the database, and what a login looks for. */
export const emailKey = (email: string): string => textKey(email);

/** What stands before the last `@`, as `emailKey` spells it. */
export function localPartKey(email: string): string {
  const key = emailKey(email);
  const at = key.lastIndexOf('@');
  return at < 0 ? key : key.slice(0, at);
}
