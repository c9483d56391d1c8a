import { readFileSync } from 'node:fs';

let passwords: ReadonlySet<string> | undefined;

/** Whether it is one of the list's, whatever its case. The list is read when first asked for. */
export function isCommonPassword(password: string): boolean {
  passwords ??= new Set(
    readFileSync(new URL('./common-passwords.txt', import.meta.url), 'utf8')
      .trimEnd()
      .split('\n'),
  );
  return passwords.has(password.toLowerCase());
}
