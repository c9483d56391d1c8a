import type { EntryKind } from './entry-id.js';

/** A subject whose role has changed since tokens with another role were signed. */
export interface SubjectEntry {
  id: string;
  /** The role that the subject holds now. */
  role: string;
  expires_at: string | null;
}

export interface EndedEntry {
  kind: EntryKind;
  id: string;
  /** Only tokens that were issued before this time are refused; null: all of them. */
  issued_before: string | null;
  /** The entry is of no use afterwards: every token that it concerns has expired. Null: never. */
  expires_at: string | null;
}

/** Times are ISO 8601 in UTC. */
export interface SnapshotMessage {
  /** Rises with each change. */
  version: number;
  /** When the server read its database. */
  issued_at: string;
  /** What ended before this time is not in the feed; null: everything is. */
  recorded_since: string | null;
  /** The effective permissions of every role, sorted; exactly `["*"]` for a role that has all. */
  roles: Record<string, readonly string[]>;
  subjects: SubjectEntry[];
  ended: EndedEntry[];
  /** Whether the next change belongs to this message: a long one is sent in parts. */
  more?: boolean;
}

/** The same, but only what is new or different, and what no longer holds. */
export interface ChangeMessage extends Omit<SnapshotMessage, 'recorded_since'> {
  removed: { roles: string[]; subjects: string[]; ended: { kind: EntryKind; id: string }[] };
}

/** A message of the feed does not have the documented form. */
export class FeedFormatError extends Error {
  override readonly name = 'FeedFormatError';
}

/** @throws FeedFormatError */
export function parseSnapshot(text: string): SnapshotMessage {
  const message = parse(text);
  must(message.recorded_since === null || isTime(message.recorded_since), 'recorded_since');
  requireCommonFields(message);
  return message as unknown as SnapshotMessage;
}

/** @throws FeedFormatError */
export function parseChange(text: string): ChangeMessage {
  const message = parse(text);
  requireCommonFields(message);
  const { removed } = message;
  must(isObject(removed) && isTextList(removed.roles) && isTextList(removed.subjects), 'removed');
  must(
    isListOf(removed.ended, ({ kind, id }) => isKind(kind) && isId(id)),
    'removed.ended',
  );
  return message as unknown as ChangeMessage;
}

type JsonObject = Record<string, unknown>;

function requireCommonFields({ version, issued_at, roles, subjects, ended, more }: JsonObject): void {
  must(Number.isSafeInteger(version), 'version');
  must(isTime(issued_at), 'issued_at');
  must(isObject(roles) && Object.values(roles).every(isTextList), 'roles');
  must(
    isListOf(
      subjects,
      ({ id, role, expires_at }) => isId(id) && typeof role === 'string' && isEnd(expires_at),
    ),
    'subjects',
  );
  must(
    isListOf(
      ended,
      ({ kind, id, issued_before, expires_at }) =>
        isKind(kind) && isId(id) && isEnd(issued_before) && isEnd(expires_at),
    ),
    'ended',
  );
  must(more === undefined || typeof more === 'boolean', 'more');
}

function parse(text: string): JsonObject {
  try {
    const message: unknown = JSON.parse(text);
    if (isObject(message)) return message;
  } catch {
    // Reported below, without the text.
  }
  throw new FeedFormatError('A message of the feed is not a JSON object.');
}

function must(holds: boolean, field: string): asserts holds {
  if (!holds) throw new FeedFormatError(`A message of the feed has no valid ${field}.`);
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isListOf = (value: unknown, matches: (entry: JsonObject) => boolean): boolean =>
  Array.isArray(value) && value.every((entry) => isObject(entry) && matches(entry));
const isTextList = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string');
const isId = (value: unknown): boolean => typeof value === 'string' && /^[A-Za-z0-9_-]{43}$/.test(value);
const isKind = (value: unknown): boolean => value === 'session' || value === 'subject' || value === 'key';
const isTime = (value: unknown): boolean => typeof value === 'string' && Number.isFinite(Date.parse(value));
const isEnd = (value: unknown): boolean => value === null || isTime(value);
