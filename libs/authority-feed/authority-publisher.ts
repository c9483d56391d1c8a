import type { ServerResponse } from 'node:http';
import { unavailable } from '#libs/http/replies/api-error.js';
import type { ChangeMessage, SnapshotMessage } from '#libs/verify/src/feed/feed-message.js';
import type { IssuerId } from '#libs/verify/src/issuers/issuer-id.js';
import { AuthorityModel, type Update } from './authority-model.js';
import type { AuthorityTables } from './authority-rows.js';
import { AuthoritySource } from './authority-source.js';
import { type Cursor, formatCursor, parseCursor } from './cursor.js';
import { feedEvents, feedsCutOff, watchedFeeds } from './feed-metrics.js';
import { FeedReaders } from './feed-readers.js';

export interface AuthorityPublisherOptions {
  /** In metrics. */
  app: string;
  databaseUrl: string;
  /** The URL leads to a PgBouncer in transaction mode. */
  pooled: boolean;
  tables: AuthorityTables;
  /** The `iss` claims by issuer id. Rows of other issuers are left out. */
  issuers: ReadonlyMap<IssuerId, string>;
}

const READ_TIMEOUT_MS = 2_000;
/** Without a read of the database for so long, the feed may be out of date. */
const MAX_AGE_SECONDS = 5;
const CHECK_INTERVAL_MS = 1_000;
/** A snapshot is written again after this time, for its `issued_at`. */
const SNAPSHOT_LIFETIME_MS = 1_000;
const RESUMED = Buffer.from(': nothing has changed\n\n');

/** Serves the authority feed of one process: one database connection, and one serialization, for all readers. */
export class AuthorityPublisher {
  readonly app: string;
  private readonly model: AuthorityModel;
  private readonly source: AuthoritySource;
  private readonly readerSet: FeedReaders;
  private readonly timer: NodeJS.Timeout;
  private snapshotEvent: { bytes: Buffer; at: number } | null = null;

  constructor({ app, databaseUrl, pooled, tables, issuers }: AuthorityPublisherOptions) {
    this.app = app;
    this.model = new AuthorityModel(issuers);
    this.source = new AuthoritySource({
      databaseUrl,
      pooled,
      applicationName: `twinkey ${app} feed`,
      tables,
      model: this.model,
      onUpdate: (update) => this.publish(update),
    });
    this.readerSet = new FeedReaders(
      () => this.isCurrent(),
      () => feedsCutOff.inc({ app }),
    );
    this.timer = setInterval(() => this.endWhenOutdated(), CHECK_INTERVAL_MS).unref();
    watchedFeeds.add(this);
  }

  get readers(): number {
    return this.readerSet.size;
  }

  get entries(): number {
    return this.model.size;
  }

  get ageSeconds(): number {
    return this.source.ageSeconds;
  }

  /** @throws ApiError 503 where the database does not answer */
  async snapshot(): Promise<SnapshotMessage> {
    await this.read();
    feedEvents.inc({ app: this.app, event: 'snapshot' });
    return this.model.snapshot(Date.now());
  }

  /**
   * Opens a feed: the reader first gets what it has missed, or a snapshot.
   * @param cursor the `Last-Event-ID` of the request
   * @param begin writes the headers
   * @throws ApiError 503 where the database does not answer; nothing is written then
   */
  async open(cursor: string | undefined, begin: () => ServerResponse): Promise<void> {
    const known = cursor === undefined ? null : parseCursor(cursor);
    // What is committed now is in the first event; and a replica that is ahead may have issued the cursor.
    await this.read();
    this.readerSet.add(begin(), (known && this.missedSince(known)) ?? this.snapshotBytes());
  }

  /** Ends all feeds, so that their readers find another process. */
  endFeeds(): void {
    this.readerSet.end();
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    watchedFeeds.delete(this);
    this.readerSet.close();
    await this.source.close();
  }

  private async read(): Promise<void> {
    try {
      await this.source.read(READ_TIMEOUT_MS);
    } catch (error) {
      throw unavailable(1, 'unavailable', undefined, error);
    }
  }

  private publish(update: Update): void {
    this.snapshotEvent = null;
    if (this.readers === 0) return;
    if (update.kind === 'replaced') this.readerSet.broadcast(this.snapshotBytes());
    else if (update.parts.length > 0)
      this.readerSet.broadcast(this.changeBytes(update.parts, update.hasMore), update.hasMore);
  }

  private missedSince(cursor: Cursor): Buffer | null {
    const parts = this.model.since(cursor, Date.now());
    if (parts === null) return null;
    return parts.length === 0 ? RESUMED : this.changeBytes(parts);
  }

  private changeBytes(parts: ChangeMessage[], hasMore = false): Buffer {
    feedEvents.inc({ app: this.app, event: 'change' });
    return toEvents(parts, hasMore ? null : this.model.cursor());
  }

  private snapshotBytes(): Buffer {
    const now = Date.now();
    if (this.snapshotEvent === null || now - this.snapshotEvent.at > SNAPSHOT_LIFETIME_MS) {
      const bytes = toEvents(this.model.snapshotParts(now), this.model.cursor());
      this.snapshotEvent = { bytes, at: now };
    }
    feedEvents.inc({ app: this.app, event: 'snapshot' });
    return this.snapshotEvent.bytes;
  }

  private isCurrent(): boolean {
    return this.source.ageSeconds < MAX_AGE_SECONDS;
  }

  /** Another process may reach the database; and readers learn that they know nothing new. */
  private endWhenOutdated(): void {
    if (this.readers > 0 && !this.isCurrent()) this.readerSet.end();
  }
}

/**
 * Only the last event has an id: a reader that stops before it comes back with the one before, and gets all parts again.
 * @param cursor null: the last part is still to come
 */
const toEvents = (parts: (SnapshotMessage | ChangeMessage)[], cursor: Cursor | null): Buffer =>
  Buffer.concat(
    parts.map((message, index) => {
      const type = 'removed' in message ? 'change' : 'snapshot';
      const isLast = index === parts.length - 1 && cursor !== null;
      const id = isLast ? `id: ${formatCursor(cursor)}\n` : '';
      const data = JSON.stringify(isLast ? message : { ...message, more: true });
      return Buffer.from(`event: ${type}\n${id}data: ${data}\n\n`);
    }),
  );
