import { get, type IncomingMessage } from 'node:http';
import { EventStreamParser, type StreamEvent } from '#libs/verify/src/feed/event-stream.js';
import {
  type ChangeMessage,
  parseChange,
  parseSnapshot,
  type SnapshotMessage,
} from '#libs/verify/src/feed/feed-message.js';

/** Above the 2 s that a change may take, because a busy machine is slow. */
const WAIT_MS = 10_000;

/** A plain reader of a feed, without the package's reconnects: a test sees each event. */
export class FeedClient {
  readonly events: StreamEvent[] = [];
  /** Resolves when the server has ended the response or the connection. */
  readonly ended: Promise<void>;
  private readonly parser = new EventStreamParser();
  private isEnded = false;

  private constructor(private readonly response: IncomingMessage) {
    response.on('data', (chunk: Buffer) => this.events.push(...this.parser.push(chunk)));
    this.ended = new Promise<void>((resolve) => {
      for (const event of ['end', 'close', 'error']) response.once(event, () => resolve());
    }).then(() => {
      this.isEnded = true;
    });
  }

  /** @param lastEventId as a reader sends it that was disconnected */
  static open(url: string, token: string, lastEventId?: string): Promise<FeedClient> {
    const headers = {
      accept: 'text/event-stream',
      authorization: `Bearer ${token}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    };
    return new Promise((resolve, reject) => {
      get(url, { headers, agent: false }, (response) => resolve(new FeedClient(response))).once(
        'error',
        reject,
      );
    });
  }

  get status(): number {
    return this.response.statusCode ?? 0;
  }

  header(name: string): string | undefined {
    return this.response.headers[name] as string | undefined;
  }

  get lastEventId(): string {
    return this.events.at(-1)?.id ?? '';
  }

  /** The first event, which must be a snapshot. */
  async snapshot(): Promise<SnapshotMessage> {
    const [event] = await this.until((events) => events.length > 0);
    if (event?.type !== 'snapshot') throw new Error(`The first event is ${event?.type}.`);
    return parseSnapshot(event.data);
  }

  get changes(): ChangeMessage[] {
    return this.events.filter(({ type }) => type === 'change').map(({ data }) => parseChange(data));
  }

  /** Waits for a change that matches. */
  async change(matches: (change: ChangeMessage) => boolean = () => true): Promise<ChangeMessage> {
    await this.until(() => this.changes.some(matches));
    return this.changes.find(matches) as ChangeMessage;
  }

  async until(holds: (events: StreamEvent[]) => boolean): Promise<StreamEvent[]> {
    for (const since = performance.now(); !holds(this.events); ) {
      if (this.isEnded) throw new Error('The feed ended.');
      if (performance.now() - since > WAIT_MS) throw new Error('The event did not arrive.');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return this.events;
  }

  /** Stops reading: the server's data stay in the buffers. */
  stall(): void {
    this.response.pause();
  }

  close(): void {
    this.response.destroy();
  }
}
