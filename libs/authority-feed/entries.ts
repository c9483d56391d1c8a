import type { RevocationKind } from '#libs/database/shared-entities/revocation-columns.js';
import { entryId } from '#libs/verify/src/feed/entry-id.js';
import type { ChangeMessage, EndedEntry, SubjectEntry } from '#libs/verify/src/feed/feed-message.js';
import type { RevocationRow } from './authority-rows.js';

/** A row of `revocations`, as the feed tells it. */
export interface Entry {
  kind: RevocationKind;
  /** The digest. */
  id: string;
  /** Milliseconds since the epoch, as `expiresAt`. */
  issuedBefore: number | null;
  expiresAt: number | null;
  isRemoved: boolean;
  role: string | null;
  changedBy: number;
  mark: string;
  /** The last pass through all rows that has met it. */
  seenIn: number;
}

/** Names with the effective permissions, sorted. */
export type Roles = ReadonlyMap<string, readonly string[]>;

/** @param iss the `iss` claim of the row's issuer */
export const toEntry = (row: RevocationRow, iss: string, seenIn: number): Entry => ({
  kind: row.kind,
  id: entryId(iss, row.kind === 'role' ? 'subject' : row.kind, row.id),
  issuedBefore: row.issued_before,
  expiresAt: row.expires_at,
  isRemoved: row.removed,
  role: row.role,
  changedBy: row.changed_by,
  mark: row.mark,
  seenIn,
});

export const keyOf = ({ issuer, kind, id }: RevocationRow): string => `${issuer} ${kind} ${id}`;

const timeOf = (milliseconds: number | null): string | null =>
  milliseconds === null ? null : new Date(milliseconds).toISOString();

/** None where the entry is no changed role, or the account is deleted. */
export const toSubject = ({ kind, id, role, expiresAt }: Entry): SubjectEntry[] =>
  kind === 'role' && role !== null ? [{ id, role, expires_at: timeOf(expiresAt) }] : [];

/** None where the entry is a changed role. */
export const toEnded = ({ kind, id, issuedBefore, expiresAt }: Entry): EndedEntry[] =>
  kind === 'role' ? [] : [{ kind, id, issued_before: timeOf(issuedBefore), expires_at: timeOf(expiresAt) }];

/**
 * The most entries of one event: at most 2 MB, where readers accept 64 million characters. A renamed role concerns all its
 * accounts, and a snapshot has everything.
 */
const MAX_ENTRIES = 10_000;

/** At least one part, which is empty where there is no entry. */
export const inParts = (entries: readonly Entry[]): Entry[][] =>
  Array.from({ length: Math.max(1, Math.ceil(entries.length / MAX_ENTRIES)) }, (_, index) =>
    entries.slice(index * MAX_ENTRIES, (index + 1) * MAX_ENTRIES),
  );

/** The roles that are new or different now, and the names of those that no longer exist. */
export function changedRoles(before: Roles, now: Roles) {
  const changed = [...now].filter(([name, permissions]) => !isSame(before.get(name), permissions));
  return {
    changed: Object.fromEntries(changed),
    removed: [...before.keys()].filter((name) => !now.has(name)),
  };
}

const isSame = (a: readonly string[] | undefined, b: readonly string[]): boolean =>
  a !== undefined && a.length === b.length && a.every((name, index) => name === b[index]);

export const isNothing = ({ roles, subjects, ended, removed }: ChangeMessage): boolean =>
  [Object.keys(roles), subjects, ended, removed.roles, removed.subjects, removed.ended].every(
    ({ length }) => length === 0,
  );
