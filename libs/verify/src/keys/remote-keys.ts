import type { KeyObject } from 'node:crypto';
import type { IssuerId } from '../issuers/issuer-id.js';
import { printable, TokenError } from '../token-error.js';
import type { KeySetFetch, VerifierObserver } from '../verifier-observer.js';
import { fetchKeySet, type KeySet, KeySetRefused } from './key-set.js';
import type { KeySource } from './key-source.js';

const SECOND_MS = 1_000;
/** A fetch takes up to two seconds: together a withdrawn key is refused after at most a minute. */
const REFRESH_AFTER_MS = 58 * SECOND_MS;
const RETRY_AFTER_MS = { first: 10 * SECOND_MS, last: 60 * SECOND_MS };
const UNKNOWN_KID_PAUSE_MS = 30 * SECOND_MS;
/** How long a set that cannot be refreshed stays valid. */
const MAX_AGE_MS = 24 * 60 * 60 * SECOND_MS;

/**
 * The keys that an issuer publishes as a JWKS. The first use fetches them; then they are refreshed in the background.
 * All times are monotonic, so that a change of the system's clock has no effect.
 */
export class RemoteKeys implements KeySource {
  private keys: KeySet = new Map();
  /** When the request for the current set was sent. */
  private takenAt = Number.NEGATIVE_INFINITY;
  /** Failed fetches since the last successful one. */
  private failures = 0;
  private nextFetchAt = Number.NEGATIVE_INFINITY;
  private unknownKidAt = Number.NEGATIVE_INFINITY;
  private fetching: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly issuer: IssuerId,
    private readonly url: string,
    private readonly observer: Required<VerifierObserver>,
  ) {}

  get ageMs(): number {
    return performance.now() - this.takenAt;
  }

  current(kid: string): KeyObject | undefined {
    return this.isValid() ? this.keys.get(kid)?.key : undefined;
  }

  async find(kid: string): Promise<KeyObject> {
    const key = this.current(kid) ?? (await this.fetchKey(kid));
    if (key !== undefined) return key;
    if (this.failures === 0) throw new TokenError('key_unknown', kid);
    const retryAfterSeconds = Math.max(1, Math.ceil((this.nextFetchAt - performance.now()) / SECOND_MS));
    throw new TokenError('keys_unavailable', kid, { retryAfterSeconds });
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  /** Concurrent calls share one fetch. After a failed fetch only the timer tries again. */
  private async fetchKey(kid: string): Promise<KeyObject | undefined> {
    if (this.fetching) {
      await this.fetching;
    } else if (this.failures === 0 && (!this.isValid() || this.mayFetchForUnknown())) {
      await this.fetch();
      if (this.failures === 0 && !this.keys.has(kid)) this.unknownKidAt = performance.now();
    }
    return this.current(kid);
  }

  private isValid(): boolean {
    return this.ageMs < MAX_AGE_MS;
  }

  /** Many requests with invented ids cause one fetch, not one each. */
  private mayFetchForUnknown(): boolean {
    return performance.now() - this.unknownKidAt >= UNKNOWN_KID_PAUSE_MS;
  }

  private fetch(): Promise<void> {
    this.fetching = this.refresh().finally(() => {
      this.fetching = null;
    });
    return this.fetching;
  }

  /** Never rejects: whether a failed fetch is an error depends on the caller. */
  private async refresh(): Promise<void> {
    clearTimeout(this.timer);
    const startedAt = performance.now();
    try {
      this.keys = await fetchKeySet(this.url, this.keys);
      this.takenAt = startedAt;
      this.failures = 0;
      this.report('taken', null);
      this.fetchAfter(REFRESH_AFTER_MS - (performance.now() - startedAt));
    } catch (error) {
      this.failures++;
      this.report(error instanceof KeySetRefused ? 'refused' : 'failed', reasonOf(error as Error));
      this.fetchAfter(Math.min(RETRY_AFTER_MS.first * 2 ** (this.failures - 1), RETRY_AFTER_MS.last));
    }
  }

  private fetchAfter(delay: number): void {
    this.nextFetchAt = performance.now() + delay;
    if (this.closed) return;
    this.timer = setTimeout(() => void this.fetch(), delay);
    this.timer.unref();
  }

  private report(outcome: KeySetFetch['outcome'], reason: string | null): void {
    const { issuer, url } = this;
    this.observer.keySetFetched({ issuer, url, outcome, reason, keys: this.isValid() ? this.keys.size : 0 });
  }
}

const reasonOf = ({ message, cause }: Error): string =>
  printable(cause instanceof Error ? `${message}: ${cause.message}` : message);
