import type { ErrorEntry } from '#libs/http/replies/api-error.js';
import type { IssuerProfile } from './profile.js';
import type { ProfileChange } from './users.dto.js';

/** An issuer may cut blanks off a name and compose its characters; otherwise it must hold what was asked. */
const comparable = (name: string | null | undefined): string => (name ?? '').trim().normalize();

/** An entry for each name that the issuer, as it answers, does not hold as it was asked for. */
export function alteredNames(word: IssuerProfile, change: ProfileChange): ErrorEntry[] {
  const names = [
    ['first_name', change.first_name, word.firstName],
    ['last_name', change.last_name, word.lastName],
  ] as const;
  return names.flatMap(([field, asked, held]) =>
    asked === undefined || comparable(asked) === comparable(held)
      ? []
      : [{ field, code: 'altered_by_issuer', message: 'The issuer did not store this name as it was sent.' }],
  );
}
