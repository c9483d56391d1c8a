import { setTimeout as sleep } from 'node:timers/promises';
import { EventStreamParser, type StreamEvent } from './event-stream.js';
import { parseChange, parseSnapshot } from './feed-message.js';
import type { FeedEvent, FeedObserver } from './feed-observer.js';
import { FeedState } from './feed-state.js';

export interface FeedOptions {
  /** The whole URL: `http://identity-provider:8001/api/v1/authority`. */
  readonly url: string;
  /** `AUTHORITY_FEED_TOKEN`, or an access token with the permission `authority:read`. */
  readonly token: string;
}

/** Delays before the next try (ms): each one is twice the previous, up to `last`, and varied by a third. */
const BACK_OFF = { first: 250, last: 5_000 };
/** The server sends a comment every 15 s: a connection that is silent for longer is dead or blocked by a proxy. */
const SILENCE_MS = 20_000;
const RESPONSE_TIMEOUT_MS = 5_000;
/** A snapshot that is so much older than a known one comes from a cache. Clocks of replicas differ by less. */
const STALE_MS = 60_000;

/** Follows one feed: connects, reconnects, and keeps what the feed has told. */
export class FeedConnection {
  private known = new FeedState();
  /** A snapshot of which parts are still on their way: what is known counts until then. */
  private incoming: FeedState | null = null;
  private readonly closing = new AbortController();
  private readonly observe: FeedObserver;
  private cursor = '';
  private failures = 0;
  private isConnected = false;
  /** Whether parts of the last message are still on their way. */
  private awaitsParts = false;
  /** `performance.now()` when the server last sent something. */
  private heardAt = Number.NEGATIVE_INFINITY;
  /** Until when the state was known to be current, if there is no connection. */
  private currentUntil = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly options: FeedOptions,
    observer: FeedObserver = () => {},
  ) {
    this.observe = (event) => attempt(() => observer(event));
    void this.follow();
  }

  get state(): FeedState {
    return this.known;
  }

  /** Seconds since the server last sent something; Infinity before the first snapshot. */
  get ageSeconds(): number {
    return this.state.isKnown ? (performance.now() - this.heardAt) / 1_000 : Number.POSITIVE_INFINITY;
  }

  /** Whether the connection is alive, so that the state is at most as old as the last change takes to arrive. */
  get isFresh(): boolean {
    return this.isConnected && this.state.isKnown && performance.now() - this.heardAt < SILENCE_MS;
  }

  /** Seconds since the feed was lost: 0 while it is alive, Infinity before the first snapshot. */
  get lostForSeconds(): number {
    if (!this.state.isKnown) return Number.POSITIVE_INFINITY;
    if (this.isFresh) return 0;
    return (performance.now() - (this.isConnected ? this.heardAt : this.currentUntil)) / 1_000;
  }

  close(): void {
    this.closing.abort();
  }

  private async follow(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      const reason = await this.connect().catch(reasonOf);
      if (this.isConnected) this.currentUntil = this.isFresh ? performance.now() : this.heardAt;
      this.isConnected = false;
      if (signal.aborted) return;
      this.report('lost', reason);
      const delay = Math.min(BACK_OFF.first * 2 ** this.failures, BACK_OFF.last);
      this.failures++;
      const varied = delay * (2 / 3 + (Math.random() * 2) / 3);
      await sleep(varied, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** Reads the feed until it ends. @returns why it ended */
  private async connect(): Promise<string> {
    const connection = new AbortController();
    const signal = AbortSignal.any([connection.signal, this.closing.signal]);
    const abortAfter = (ms: number, reason: string) =>
      setTimeout(() => connection.abort(new Error(reason)), ms).unref();
    // The server cannot know which roles the parts of a change had: they may be as before again.
    if (this.awaitsParts && !this.incoming) this.cursor = '';
    this.incoming = null;
    this.awaitsParts = false;
    let watchdog = abortAfter(RESPONSE_TIMEOUT_MS, 'no answer in time');
    try {
      const response = await fetch(this.options.url, {
        headers: {
          accept: 'text/event-stream',
          authorization: `Bearer ${this.options.token}`,
          ...(this.cursor === '' ? {} : { 'last-event-id': this.cursor }),
        },
        redirect: 'error',
        signal,
      });
      clearTimeout(watchdog);
      const body = requireStream(response);
      watchdog = abortAfter(SILENCE_MS, 'silent for too long');
      this.report('connected', null);
      const parser = new EventStreamParser();
      for await (const chunk of body) {
        watchdog.refresh();
        for (const event of parser.push(chunk)) this.take(event);
        this.heard();
      }
      return 'the server ended the feed';
    } finally {
      clearTimeout(watchdog);
      connection.abort();
    }
  }

  private heard(): void {
    this.heardAt = performance.now();
    this.failures = 0;
    // A resumed feed may begin with a comment alone. What has changed meanwhile may be in a part that has not arrived.
    if (!this.awaitsParts) this.isConnected = true;
  }

  /** @throws FeedFormatError: the next connection then begins with a snapshot */
  private take({ type, data, id }: StreamEvent): void {
    try {
      if (type === 'snapshot') this.takeSnapshot(data);
      else if (type === 'change') this.takeChange(data);
      if (id !== '') this.cursor = id;
    } catch (error) {
      this.cursor = '';
      throw error;
    }
  }

  private takeSnapshot(data: string): void {
    const message = parseSnapshot(data);
    if (Date.parse(message.issued_at) < this.state.issuedAt - STALE_MS) {
      throw new Error('the snapshot is older than a known one: a proxy may cache the feed');
    }
    this.awaitsParts = message.more === true;
    this.incoming = new FeedState();
    this.incoming.replace(message);
    if (!this.awaitsParts) this.completeSnapshot(this.incoming);
  }

  private takeChange(data: string): void {
    const message = parseChange(data);
    this.awaitsParts = message.more === true;
    const isApplied = (this.incoming ?? this.known).apply(message);
    if (this.awaitsParts) return;
    if (this.incoming) this.completeSnapshot(this.incoming);
    else this.report(isApplied ? 'change' : 'ignored', null);
  }

  private completeSnapshot(snapshot: FeedState): void {
    this.known = snapshot;
    this.incoming = null;
    this.report('snapshot', null);
  }

  private report(kind: FeedEvent['kind'], reason: string | null): void {
    this.observe({ feed: this.options.url, kind, reason });
  }
}

/** @throws Error where the answer is not the feed */
function requireStream(response: Response): ReadableStream<Uint8Array> {
  const type = response.headers.get('content-type') ?? '';
  if (response.status !== 200) throw new Error(`the server answered ${response.status}`);
  if (!type.startsWith('text/event-stream')) throw new Error('the answer is not an event stream');
  if (!response.body) throw new Error('the answer has no body');
  return response.body;
}

/** fetch hides the reason in `cause`. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

function attempt(report: () => void): void {
  try {
    report();
  } catch {
    // A metric that fails must not end the feed.
  }
}
