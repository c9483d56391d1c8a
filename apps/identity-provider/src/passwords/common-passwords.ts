import { readFileSync } from 'node:fs';

let passwords: ReadonlySet<string> | undefined;

/** Checks the list, ignoring case. The list is loaded on first use. */
export function isCommonPassword(password: string): boolean {
  passwords ??= new Set(
    readFileSync(new URL('./common-passwords.txt', import.meta.url), 'utf8')
      .trimEnd()
      .split('\n'),
  );
  return passwords.has(password.toLowerCase());
}
