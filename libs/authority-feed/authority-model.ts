import type { ChangeMessage, SnapshotMessage } from '#libs/verify/src/feed/feed-message.js';
import type { IssuerId } from '#libs/verify/src/issuers/issuer-id.js';
import {
  type AuthorityRead,
  FIRST_KEY,
  type PortionRead,
  type ReadPosition,
  type RevocationRow,
  type RowKey,
} from './authority-rows.js';
import { BoundedMap } from './bounded-map.js';
import { type Cursor, digestOf } from './cursor.js';
import { type Entry, inParts, keyOf, type Roles, toEnded, toEntry, toSubject } from './entries.js';
import { changeOf, changesOf } from './feed-changes.js';

/** How many marks and states of roles are remembered, for readers that come back with an older cursor. */
const REMEMBERED_MARKS = 20_000;
const REMEMBERED_ROLES = 64;
/** Finds no row, but where the next read continues. */
const FROM_NOW: ReadPosition = { snapshot: null, authority: null };

/**
 * What a read has changed: a change in parts, or nothing; or the whole history (the first one, or after a restore from a
 * backup). `hasMore`: the parts of the next update belong to the same message.
 */
export type Update = { kind: 'change'; parts: ChangeMessage[]; hasMore: boolean } | { kind: 'replaced' };

/** The reading of all rows, in portions. */
interface Pass {
  /** The next portion begins after this key. */
  after: RowKey;
  /** Some changes are known only after it. */
  isNeeded: boolean;
  /** Such changes came meanwhile, perhaps in portions that were read before: all are read once more. */
  isRepeated: boolean;
}

/**
 * What the feed tells, kept up to date by reads of the database: of the changes, and now and then of all rows. Rows are not
 * deleted before they expire, so a pass through all rows meets each known entry, at least as new as it is known, or the
 * history is another one.
 */
export class AuthorityModel {
  private entries = new Map<string, Entry>();
  private roles: Roles = new Map();
  private readonly marks = new BoundedMap<true>(REMEMBERED_MARKS);
  private readonly knownRoles = new BoundedMap<Roles>(REMEMBERED_ROLES);
  private newest: { changedBy: number; mark: string | null } = { changedBy: 0, mark: null };
  private origin = '';
  private recordedSince: string | null = null;
  private authority: string | null = null;
  /** All changes of transactions with lower numbers are known. */
  private oldestRunning = 0;
  private serverStartedAt: number | null = null;
  private readAt = 0;
  private pass: Pass | null = null;
  private passes = 0;
  /** Changed entries that are not published yet, by key, and the published roles. */
  private unpublished = new Map<string, Entry>();
  private publishedRoles: Roles = new Map();
  private hasMore = false;
  /** Where the next read of changes continues. */
  position = FROM_NOW;
  /** All rows have been read once. */
  private isFilled = false;
  /** All rows have been read on this connection, so that `position` misses nothing. */
  isCaughtUp = false;
  version = -1;

  /** @param issuers the `iss` claims of the issuers whose rows count */
  constructor(private readonly issuers: ReadonlyMap<IssuerId, string>) {}

  get size(): number {
    return this.entries.size;
  }

  /** Where false, what is committed may be missing. */
  get isComplete(): boolean {
    return this.isFilled && !this.pass?.isNeeded;
  }

  /** The next portion begins after this key; null where all rows have been read. */
  get nextPortion(): RowKey | null {
    return this.pass?.after ?? null;
  }

  /** Begins a pass through all rows, and reads the roles again. A restore into a running database leaves no other trace. */
  check(): void {
    this.position = { ...this.position, authority: null };
    this.startPass(false);
  }

  /** The same for a new connection: the database may be another one now, or an older one (restored from a backup). */
  reconnect(): void {
    this.position = FROM_NOW;
    this.serverStartedAt = null;
    this.isCaughtUp = false;
    this.startPass(true);
  }

  /** The changes from `position` on. */
  apply(read: AuthorityRead, now: number): Update {
    const isContinued = this.isContinuedBy(read);
    if (!isContinued) this.forget();
    else if (read.is_full || this.isOtherServer(read)) this.requirePass();
    else for (const row of read.rows) if (this.store(row)) this.marks.set(digestOf(row.mark), true);
    if (read.roles) this.roles = toRoles(read.roles);
    // Else they are read the next time.
    if (isContinued) this.knownRoles.set(digestOf(read.authority), this.roles);
    this.origin = read.origin;
    this.recordedSince = new Date(read.recorded_since).toISOString();
    this.authority = read.authority;
    this.serverStartedAt = read.server_started_at;
    this.position = { snapshot: read.snapshot, authority: isContinued ? read.authority : null };
    this.version = read.version;
    this.readAt = now;
    const update = this.update();
    if (this.isComplete) this.oldestRunning = read.oldest_running;
    return update;
  }

  /** The rows after `nextPortion`. The next `apply` returns what they have changed. */
  applyPortion(read: PortionRead): void {
    const { pass } = this;
    if (!pass) return;
    if (!this.isContinuedBy(read) || read.rows.some((row) => this.isUndone(row))) {
      this.forget();
      return;
    }
    for (const row of read.rows) this.store(row);
    const last = read.rows.at(-1);
    if (last && read.is_full) pass.after = [last.issuer, last.kind, last.id];
    else if (!this.hasMetAll(read.read_at)) this.forget();
    else if (pass.isRepeated) this.startPass(true);
    else this.pass = null;
  }

  /** Expired entries are left out, and forgotten. */
  snapshot(now: number): SnapshotMessage {
    return this.snapshotOf(this.held(now));
  }

  /** The same, with changes that complete it. */
  snapshotParts(now: number): [SnapshotMessage, ...ChangeMessage[]] {
    const [first = [], ...rest] = inParts(this.held(now));
    return [this.snapshotOf(first), ...rest.map((part) => changeOf(this.header, part))];
  }

  cursor(): Cursor {
    const mark = digestOf(this.newest.mark);
    this.marks.set(mark, true);
    return {
      origin: digestOf(this.origin),
      authority: digestOf(this.authority),
      version: this.version,
      // Not `oldestRunning` alone: after a restore the same numbers are given to other transactions.
      from: Math.min(this.oldestRunning, this.newest.changedBy + 1),
      mark,
    };
  }

  /** What has changed since a cursor, in parts. Null where that is not known: the reader needs a snapshot. */
  since(cursor: Cursor, now: number): ChangeMessage[] | null {
    const present = this.cursor();
    const roles = cursor.authority === present.authority ? this.roles : this.knownRoles.get(cursor.authority);
    if (cursor.origin !== present.origin || cursor.version > this.version || !roles) return null;
    if (!this.hasMark(cursor)) return null;
    const entries = [...this.entries.values()].filter(
      ({ changedBy, expiresAt }) => changedBy >= cursor.from && (expiresAt === null || expiresAt > now),
    );
    return changesOf(this.header, entries, roles, this.roles);
  }

  private snapshotOf(held: readonly Entry[]): SnapshotMessage {
    return {
      ...this.header,
      recorded_since: this.recordedSince,
      roles: Object.fromEntries(this.roles),
      subjects: held.flatMap(toSubject),
      ended: held.flatMap(toEnded),
    };
  }

  private get header() {
    return { version: this.version, issued_at: new Date(this.readAt).toISOString() };
  }

  private startPass(isNeeded: boolean): void {
    this.passes += 1;
    this.pass = { after: FIRST_KEY, isNeeded, isRepeated: false };
  }

  /** The rows of the read are left out: a pass finds all changes. */
  private requirePass(): void {
    if (this.pass?.isNeeded) this.pass.isRepeated = true;
    else this.startPass(true);
  }

  /** @returns whether the row is new or differs */
  private store(row: RevocationRow): boolean {
    const key = keyOf(row);
    const known = this.entries.get(key);
    if (known?.mark === row.mark) {
      known.seenIn = this.passes;
      return false;
    }
    if (row.changed_by >= this.newest.changedBy) this.newest = { changedBy: row.changed_by, mark: row.mark };
    const iss = this.issuers.get(row.issuer);
    // Else the issuer is not configured.
    if (iss !== undefined) {
      const entry = toEntry(row, iss, this.passes);
      this.entries.set(key, entry);
      if (this.isFilled) this.unpublished.set(key, entry);
    }
    return true;
  }

  /** What is to be published now. */
  private update(): Update {
    const before = this.publishedRoles;
    if (!this.pass?.isNeeded) this.isCaughtUp = true;
    if (!this.isFilled) {
      if (this.pass) return { kind: 'change', parts: [], hasMore: false };
      this.isFilled = true;
      this.publishedRoles = this.roles;
      return { kind: 'replaced' };
    }
    const entries = [...this.unpublished.values()];
    this.unpublished.clear();
    const hadMore = this.hasMore;
    // A removed role stays until its subjects have another one.
    this.publishedRoles = this.isComplete ? this.roles : new Map([...before, ...this.roles]);
    const parts = changesOf(this.header, entries, before, this.publishedRoles);
    this.hasMore = !this.isComplete && (hadMore || parts.length > 0);
    // The message that readers have parts of needs a last one.
    if (hadMore && !this.hasMore && parts.length === 0) parts.push(changeOf(this.header, []));
    return { kind: 'change', parts, hasMore: this.hasMore };
  }

  private held(now: number): Entry[] {
    for (const [key, { expiresAt }] of this.entries) {
      if (expiresAt !== null && expiresAt <= now) this.entries.delete(key);
    }
    return [...this.entries.values()].filter(({ isRemoved }) => !isRemoved);
  }

  private isContinuedBy({ origin, version }: PortionRead): boolean {
    return this.version < 0 || (origin === this.origin && version >= this.version);
  }

  /**
   * Whether the connection leads to another server now, as it may behind a PgBouncer. After a failover the last transactions
   * may be lost, and their numbers given again: `position` takes the new ones for known.
   */
  private isOtherServer({ server_started_at }: AuthorityRead): boolean {
    return this.serverStartedAt !== null && server_started_at !== this.serverStartedAt;
  }

  /** Whether the known state of a row is lost: it was newer than this one, which would be known too. */
  private isUndone(row: RevocationRow): boolean {
    const known = this.entries.get(keyOf(row));
    return known !== undefined && known.mark !== row.mark && row.changed_by < this.oldestRunning;
  }

  /** Whether the pass has met all entries that are known. @param readAt of its last portion */
  private hasMetAll(readAt: number): boolean {
    for (const { seenIn, expiresAt } of this.entries.values()) {
      if (seenIn !== this.passes && (expiresAt === null || expiresAt > readAt)) return false;
    }
    return true;
  }

  /** A cursor of another process can have the mark of any row. */
  private hasMark({ mark, from }: Cursor): boolean {
    if (mark === digestOf(null) || this.marks.has(mark)) return true;
    const candidates = [...this.entries.values()].filter(({ changedBy }) => changedBy >= from - 1);
    return candidates.length <= REMEMBERED_MARKS && candidates.some((entry) => digestOf(entry.mark) === mark);
  }

  /** The history is another one: all rows are read again before anything is published. */
  private forget(): void {
    this.entries = new Map();
    this.unpublished.clear();
    this.marks.clear();
    this.knownRoles.clear();
    this.newest = { changedBy: 0, mark: null };
    this.oldestRunning = 0;
    this.version = -1;
    this.isFilled = false;
    this.hasMore = false;
    this.reconnect();
  }
}

const toRoles = (read: Record<string, string[]>): Roles =>
  new Map(Object.entries(read).map(([name, held]) => [name, held.includes('*') ? ['*'] : [...held].sort()]));
