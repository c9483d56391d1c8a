import type { ServerResponse } from 'node:http';

/** A proxy, and a reader, may take a silent connection for a dead one. */
const COMMENT_INTERVAL_MS = 15_000;
const COMMENT = Buffer.from(': alive\n\n');
/** What may wait to be read by one reader, in bytes, beside one long message. */
const MAX_UNREAD = 1024 * 1024;
/** How long a reader may read nothing although something waits. */
const MAX_STALL_MS = 30_000;
/** The time for the last bytes when the feed ends. */
const END_TIMEOUT_MS = 1_000;

interface Reader {
  response: ServerResponse;
  /** In bytes. */
  maxUnread: number;
  /** `performance.now()` since when something waits to be read. */
  stalledSince: number | null;
}

/** The open feeds of one process. All readers get the same buffers, which are not copied. */
export class FeedReaders {
  private readonly readers = new Set<Reader>();
  private readonly timer: NodeJS.Timeout;

  /**
   * @param isCurrent whether what was written is still true; while it is not, readers get no comment
   * @param onCutOff called for each reader that reads too slowly
   */
  constructor(
    private readonly isCurrent: () => boolean,
    private readonly onCutOff: () => void,
  ) {
    this.timer = setInterval(() => this.comment(), COMMENT_INTERVAL_MS).unref();
  }

  get size(): number {
    return this.readers.size;
  }

  /** @param first what the reader gets at once */
  add(response: ServerResponse, first: Buffer): void {
    const reader: Reader = { response, maxUnread: MAX_UNREAD, stalledSince: null };
    this.readers.add(reader);
    response.once('close', () => this.readers.delete(reader));
    response.on('drain', () => {
      reader.stalledSince = null;
    });
    // The connection's own limit for silence is for responses that end.
    response.socket?.setTimeout(0);
    this.write(reader, first);
  }

  /** @param hasMore the next broadcast belongs to the same message, however much waits to be read then */
  broadcast(bytes: Buffer, hasMore = false): void {
    for (const reader of this.readers) this.write(reader, bytes, hasMore);
  }

  /** Ends all feeds. Readers connect again, to another process. */
  end(): void {
    for (const { response } of this.readers) {
      response.end();
      setTimeout(() => response.destroy(), END_TIMEOUT_MS).unref();
    }
    this.readers.clear();
  }

  close(): void {
    clearInterval(this.timer);
    this.end();
  }

  private comment(): void {
    if (this.isCurrent()) this.broadcast(COMMENT);
  }

  private write(reader: Reader, bytes: Buffer, hasMore = false): void {
    const { response, stalledSince } = reader;
    const now = performance.now();
    const isStalled = stalledSince !== null && now - stalledSince > MAX_STALL_MS;
    // Where nothing else waits, a message may have any length.
    if (response.writableLength === 0) reader.maxUnread = MAX_UNREAD + bytes.length;
    else if (hasMore) reader.maxUnread += bytes.length;
    if (isStalled || response.writableLength > reader.maxUnread) {
      this.readers.delete(reader);
      response.destroy();
      this.onCutOff();
      return;
    }
    if (!response.write(bytes)) reader.stalledSince ??= now;
  }
}
