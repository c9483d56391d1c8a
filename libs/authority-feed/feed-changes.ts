import type { ChangeMessage } from '#libs/verify/src/feed/feed-message.js';
import { changedRoles, type Entry, inParts, isNothing, type Roles, toEnded, toSubject } from './entries.js';

/** What all messages of one read have. */
type MessageHeader = Pick<ChangeMessage, 'version' | 'issued_at'>;

/** Without roles. */
export function changeOf(header: MessageHeader, entries: readonly Entry[]): ChangeMessage {
  const held = entries.filter(({ isRemoved }) => !isRemoved);
  const removed = entries.filter(({ isRemoved }) => isRemoved);
  return {
    ...header,
    roles: {},
    subjects: held.flatMap(toSubject),
    ended: held.flatMap(toEnded),
    removed: {
      roles: [],
      subjects: removed.filter(({ kind }) => kind === 'role').map(({ id }) => id),
      ended: removed.flatMap(toEnded).map(({ kind, id }) => ({ kind, id })),
    },
  };
}

/**
 * The change of all entries and roles, in parts; empty if nothing has changed. New roles come first and removed ones last,
 * because a renamed role has subjects in every part.
 */
export function changesOf(
  header: MessageHeader,
  entries: readonly Entry[],
  before: Roles,
  now: Roles,
): ChangeMessage[] {
  const { changed, removed } = changedRoles(before, now);
  const parts = inParts(entries).map((part) => changeOf(header, part));
  (parts[0] as ChangeMessage).roles = changed;
  (parts.at(-1) as ChangeMessage).removed.roles = removed;
  return parts.filter((part) => !isNothing(part));
}
