import type { ChangeMessage, SnapshotMessage } from '#libs/verify/src/feed/feed-message.js';
import type { IssuerId } from '#libs/verify/src/issuers/issuer-id.js';
import type { AuthorityRead, ReadPosition, RevocationRow } from './authority-rows.js';
import { BoundedMap } from './bounded-map.js';
import { type Cursor, digestOf } from './cursor.js';
import {
  changedRoles,
  type Entry,
  inParts,
  isNothing,
  keyOf,
  type Roles,
  toEnded,
  toEntry,
  toSubject,
} from './entries.js';

/** How many marks and states of roles are remembered, for readers that come back with an older cursor. */
const REMEMBERED_MARKS = 20_000;
const REMEMBERED_ROLES = 64;
/** A row that expires so soon may be missing in the next read. */
const EXPIRY_MARGIN_MS = 5_000;

/** What a read has changed: a change in parts, or nothing; or the whole history (after a restore from a backup). */
export type Update = { kind: 'change'; parts: ChangeMessage[] } | { kind: 'replaced' };

/** What the feed tells, kept up to date by reads of the database. */
export class AuthorityModel {
  private entries = new Map<string, Entry>();
  private roles: Roles = new Map();
  private readonly marks = new BoundedMap<true>(REMEMBERED_MARKS);
  private readonly knownRoles = new BoundedMap<Roles>(REMEMBERED_ROLES);
  private newest = { changedBy: 0, mark: digestOf(null) };
  private origin = '';
  private recordedSince: string | null = null;
  private authority: string | null = null;
  private oldestRunning = 0;
  private readAt = 0;
  version = -1;

  /** @param issuers the `iss` claims of the issuers whose rows count */
  constructor(private readonly issuers: ReadonlyMap<IssuerId, string>) {}

  /** Where the next read continues. */
  get position(): ReadPosition {
    return { from: this.oldestRunning, authority: this.authority };
  }

  get size(): number {
    return this.entries.size;
  }

  /** A read from `position` on. */
  apply(read: AuthorityRead, now: number): Update {
    const changes = read.rows.flatMap((row) => this.store(row));
    return this.finish(read, changes, now);
  }

  /** A read of all rows: the database may be another one now, or an older one (restored from a backup). */
  load(read: AuthorityRead, now: number): Update {
    const isReplaced = this.version >= 0 && !this.isContinuedBy(read, now);
    if (isReplaced) this.forget();
    const update = this.apply(read, now);
    return isReplaced ? { kind: 'replaced' } : update;
  }

  /** Expired entries are left out, and forgotten. */
  snapshot(now: number): SnapshotMessage {
    return this.snapshotOf(this.held(now));
  }

  /** The same, with changes that complete it. */
  snapshotParts(now: number): [SnapshotMessage, ...ChangeMessage[]] {
    const [first = [], ...rest] = inParts(this.held(now));
    return [this.snapshotOf(first), ...rest.map((part) => this.changeOf(part))];
  }

  cursor(): Cursor {
    return {
      origin: digestOf(this.origin),
      authority: digestOf(this.authority),
      version: this.version,
      // Not `oldestRunning` alone: after a restore the same numbers are given to other transactions.
      from: Math.min(this.oldestRunning, this.newest.changedBy + 1),
      mark: this.newest.mark,
    };
  }

  /** What has changed since a cursor, in parts. Null where that is not known: the reader needs a snapshot. */
  since(cursor: Cursor, now: number): ChangeMessage[] | null {
    const present = this.cursor();
    const roles = cursor.authority === present.authority ? this.roles : this.knownRoles.get(cursor.authority);
    const isKnown = cursor.mark === digestOf(null) || this.marks.has(cursor.mark);
    if (cursor.origin !== present.origin || cursor.version > this.version || !isKnown || !roles) return null;
    const entries = [...this.entries.values()].filter(
      ({ changedBy, expiresAt }) => changedBy >= cursor.from && (expiresAt === null || expiresAt > now),
    );
    return this.partsOf(entries, roles);
  }

  private snapshotOf(held: readonly Entry[]): SnapshotMessage {
    return {
      version: this.version,
      issued_at: this.issuedAt(),
      recorded_since: this.recordedSince,
      roles: Object.fromEntries(this.roles),
      subjects: held.flatMap(toSubject),
      ended: held.flatMap(toEnded),
    };
  }

  private issuedAt(): string {
    return new Date(this.readAt).toISOString();
  }

  /** @returns the entry, where the row is new or differs. Rows of transactions beside a long one are read again. */
  private store(row: RevocationRow): Entry[] {
    const key = keyOf(row);
    // A complete read has all rows again: hashing them would take seconds.
    if (this.entries.get(key)?.mark === row.mark) return [];
    const mark = digestOf(row.mark);
    this.marks.set(mark, true);
    if (row.changed_by >= this.newest.changedBy) this.newest = { changedBy: row.changed_by, mark };
    const iss = this.issuers.get(row.issuer);
    // The issuer is not configured.
    if (iss === undefined) return [];
    const entry = toEntry(row, iss);
    this.entries.set(key, entry);
    return [entry];
  }

  private finish(read: AuthorityRead, changes: Entry[], now: number): Update {
    const before = this.roles;
    if (read.roles) this.roles = toRoles(read.roles);
    this.knownRoles.set(digestOf(read.authority), this.roles);
    this.origin = read.origin;
    this.recordedSince = new Date(read.recorded_since).toISOString();
    this.authority = read.authority;
    this.oldestRunning = read.oldest_running;
    this.version = read.version;
    this.readAt = now;
    return { kind: 'change', parts: this.partsOf(changes, before) };
  }

  private held(now: number): Entry[] {
    for (const [key, { expiresAt }] of this.entries) {
      if (expiresAt !== null && expiresAt <= now) this.entries.delete(key);
    }
    return [...this.entries.values()].filter(({ isRemoved }) => !isRemoved);
  }

  /**
   * The change of all entries and roles, in parts; empty if nothing has changed. New roles come first and removed ones last,
   * because a renamed role has subjects in every part.
   */
  private partsOf(entries: readonly Entry[], before: Roles): ChangeMessage[] {
    const { changed, removed } = changedRoles(before, this.roles);
    const parts = inParts(entries).map((part) => this.changeOf(part));
    (parts[0] as ChangeMessage).roles = changed;
    (parts.at(-1) as ChangeMessage).removed.roles = removed;
    return parts.filter((part) => !isNothing(part));
  }

  /** Without roles. */
  private changeOf(entries: readonly Entry[]): ChangeMessage {
    const held = entries.filter(({ isRemoved }) => !isRemoved);
    const removed = entries.filter(({ isRemoved }) => isRemoved);
    return {
      version: this.version,
      issued_at: this.issuedAt(),
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

  /** Whether the rows of a complete read include all entries that are known. */
  private isContinuedBy({ origin, version, rows }: AuthorityRead, now: number): boolean {
    if (origin !== this.origin || version < this.version) return false;
    const found = new Set(rows.map(keyOf));
    return [...this.entries].every(
      ([key, { expiresAt }]) => found.has(key) || (expiresAt !== null && expiresAt <= now + EXPIRY_MARGIN_MS),
    );
  }

  private forget(): void {
    this.entries = new Map();
    this.marks.clear();
    this.knownRoles.clear();
    this.newest = { changedBy: 0, mark: digestOf(null) };
  }
}

const toRoles = (read: Record<string, string[]>): Roles =>
  new Map(Object.entries(read).map(([name, held]) => [name, held.includes('*') ? ['*'] : [...held].sort()]));
