import type { EntryKind } from './entry-id.js';
import type { ChangeMessage, EndedEntry, SnapshotMessage, SubjectEntry } from './feed-message.js';

/** Milliseconds since the epoch; Infinity where there is none. */
interface Ended {
  issuedBefore: number;
  expiresAt: number;
}

interface CurrentRole {
  role: string;
  expiresAt: number;
}

const noneEnded = (): Record<EntryKind, Map<string, Ended>> => ({
  session: new Map(),
  subject: new Map(),
  key: new Map(),
});

/** What one feed has told. Entries that have expired do not count, and `dropExpired` deletes them. */
export class FeedState {
  private ended = noneEnded();
  private subjects = new Map<string, CurrentRole>();
  private roles = new Map<string, readonly string[]>();
  /** Of the last message; -1 before the first snapshot. */
  version = -1;
  /** When the server read its database, in milliseconds since the epoch. */
  issuedAt = Number.NEGATIVE_INFINITY;
  /** What ended before this time is not known, in milliseconds since the epoch. */
  recordedSince = Number.NEGATIVE_INFINITY;

  get isKnown(): boolean {
    return this.version >= 0;
  }

  /** A feed of suspended users has no roles. */
  get hasRoles(): boolean {
    return this.roles.size > 0;
  }

  get endedEntries(): number {
    return Object.values(this.ended).reduce((sum, { size }) => sum + size, 0);
  }

  /** Where false, no digest of this kind has to be made. */
  hasEnded(kind: EntryKind): boolean {
    return this.ended[kind].size > 0;
  }

  /** Where false, no subject's role has changed. */
  get hasChangedRoles(): boolean {
    return this.subjects.size > 0;
  }

  /** Replaces everything, also by an older version: the database may have been restored from a backup. */
  replace(message: SnapshotMessage): void {
    this.ended = noneEnded();
    this.subjects = new Map();
    this.roles = new Map();
    this.recordedSince = timeOf(message.recorded_since, Number.NEGATIVE_INFINITY);
    this.add(message);
  }

  /** @returns false, and changes nothing, where the change is older than what is known, or no snapshot came before it */
  apply(message: ChangeMessage): boolean {
    if (!this.isKnown || message.version < this.version) return false;
    for (const { kind, id } of message.removed.ended) this.ended[kind].delete(id);
    for (const id of message.removed.subjects) this.subjects.delete(id);
    for (const name of message.removed.roles) this.roles.delete(name);
    this.add(message);
    return true;
  }

  /** Whether a token is revoked by this entry. @param issuedAt the `iat` claim, in seconds since the epoch */
  isEnded(kind: EntryKind, id: string, issuedAt: number, now: number): boolean {
    const entry = this.ended[kind].get(id);
    return entry !== undefined && entry.expiresAt > now && issuedAt * 1_000 < entry.issuedBefore;
  }

  /** The role of a subject, where it has changed. */
  roleOf(id: string, now: number): string | undefined {
    const entry = this.subjects.get(id);
    return entry && entry.expiresAt > now ? entry.role : undefined;
  }

  hasRole(role: string): boolean {
    return this.roles.has(role);
  }

  /** The effective permissions of a role; none where there is no such role. */
  permissionsOf(role: string): readonly string[] {
    return this.roles.get(role) ?? [];
  }

  dropExpired(now: number): void {
    for (const entries of [...Object.values(this.ended), this.subjects])
      for (const [id, { expiresAt }] of entries) if (expiresAt <= now) entries.delete(id);
  }

  private add({ version, issued_at, roles, subjects, ended }: Additions): void {
    this.version = version;
    this.issuedAt = timeOf(issued_at);
    // Principals of many requests share the lists.
    for (const [name, permissions] of Object.entries(roles)) this.roles.set(name, Object.freeze(permissions));
    for (const { id, role, expires_at } of subjects) {
      this.subjects.set(id, { role, expiresAt: timeOf(expires_at) });
    }
    for (const { kind, id, issued_before, expires_at } of ended) {
      this.ended[kind].set(id, { issuedBefore: timeOf(issued_before), expiresAt: timeOf(expires_at) });
    }
  }
}

interface Additions {
  version: number;
  issued_at: string;
  roles: Record<string, readonly string[]>;
  subjects: readonly SubjectEntry[];
  ended: readonly EndedEntry[];
}

const timeOf = (text: string | null, otherwise = Number.POSITIVE_INFINITY): number =>
  text === null ? otherwise : Date.parse(text);
