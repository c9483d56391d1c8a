import type { ErrorEntry } from '#libs/http/replies/api-error.js';
import type { IssuerProfile } from './profile.js';
import type { ProfileChange } from './users.dto.js';

/** An issuer may trim a name and normalize its characters; otherwise it must store the name as it was sent. */
const comparable = (name: string | null | undefined): string => (name ?? '').trim().normalize();

/** An error entry for each name that the issuer stored in another form than it was sent. */
export function alteredNames(stored: IssuerProfile, change: ProfileChange): ErrorEntry[] {
  const names = [
    ['first_name', change.first_name, stored.firstName],
    ['last_name', change.last_name, stored.lastName],
  ] as const;
  return names.flatMap(([field, sent, kept]) =>
    sent === undefined || comparable(sent) === comparable(kept)
      ? []
      : [{ field, code: 'altered_by_issuer', message: 'The issuer did not store this name as it was sent.' }],
  );
}
