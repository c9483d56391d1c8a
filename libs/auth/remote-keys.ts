import type { KeyObject } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { unavailable } from '#libs/http/replies/api-error.js';
import { keySetFetches, keySetsInUse } from './auth-metrics.js';
import { fetchKeySet, type KeySet, KeySetRefused } from './key-set.js';
import type { KeySource } from './key-source.js';
import { printable, TokenRejected } from './token-rejected.js';

const SECOND = 1_000;
/** With the two seconds that a fetch may take, a withdrawn key is gone after a minute. */
const REFRESH_AFTER = 58 * SECOND;
const RETRY_AFTER = { first: 10 * SECOND, last: 60 * SECOND };
const UNKNOWN_KID_PAUSE = 30 * SECOND;
/** For how long a set that cannot be refreshed is still good. */
const HELD_FOR = 24 * 60 * 60 * SECOND;

/**
 * The keys that an issuer publishes as a JWKS: fetched at first need, from then on refreshed in the background.
 * All times are monotonic, so that a clock that is set neither stops nor hastens anything.
 */
export class RemoteKeys implements KeySource {
  private readonly logger = new Logger(RemoteKeys.name);
  private keys: KeySet = new Map();
  /** When the last set that was taken was asked for. */
  private takenAt = Number.NEGATIVE_INFINITY;
  /** Fetches in a row that brought nothing. */
  private failures = 0;
  private nextFetchAt = Number.NEGATIVE_INFINITY;
  private unknownKidAt = Number.NEGATIVE_INFINITY;
  private fetching: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    /** For logs and metrics. */
    readonly issuer: string,
    private readonly url: string,
  ) {
    keySetsInUse.add(this);
  }

  /** For metrics: of the set that is held, in milliseconds. */
  get age(): number {
    return performance.now() - this.takenAt;
  }

  current(kid: string): KeyObject | undefined {
    return this.isGood() ? this.keys.get(kid)?.key : undefined;
  }

  async find(kid: string): Promise<KeyObject> {
    const key = this.current(kid) ?? (await this.ask(kid));
    if (key !== undefined) return key;
    if (this.failures === 0) throw new TokenRejected('key_unknown', kid);
    throw unavailable((this.nextFetchAt - performance.now()) / SECOND, 'keys_unavailable');
  }

  close(): void {
    this.closed = true;
    keySetsInUse.delete(this);
    clearTimeout(this.timer);
  }

  /** Whoever comes while a fetch is under way waits for that one; after a failed one the timer alone tries again. */
  private async ask(kid: string): Promise<KeyObject | undefined> {
    if (this.fetching) {
      await this.fetching;
    } else if (this.failures === 0 && (!this.isGood() || this.mayAskForUnknown())) {
      await this.fetch();
      if (this.failures === 0 && !this.keys.has(kid)) this.unknownKidAt = performance.now();
    }
    return this.current(kid);
  }

  private isGood(): boolean {
    return this.age < HELD_FOR;
  }

  /** A flood of made-up ids makes one fetch, not one each. */
  private mayAskForUnknown(): boolean {
    return performance.now() - this.unknownKidAt >= UNKNOWN_KID_PAUSE;
  }

  private fetch(): Promise<void> {
    this.fetching = this.refresh().finally(() => {
      this.fetching = null;
    });
    return this.fetching;
  }

  /** Never rejects: what a failure means depends on who asks for what. */
  private async refresh(): Promise<void> {
    clearTimeout(this.timer);
    const startedAt = performance.now();
    try {
      this.keys = await fetchKeySet(this.url, this.keys);
      this.takenAt = startedAt;
      this.failures = 0;
      keySetFetches.inc({ issuer: this.issuer, outcome: 'taken' });
      this.fetchAfter(REFRESH_AFTER - (performance.now() - startedAt));
    } catch (error) {
      this.failures++;
      this.report(error);
      this.fetchAfter(Math.min(RETRY_AFTER.first * 2 ** (this.failures - 1), RETRY_AFTER.last));
    }
  }

  private fetchAfter(delay: number): void {
    this.nextFetchAt = performance.now() + delay;
    if (this.closed) return;
    this.timer = setTimeout(() => void this.fetch(), delay);
    this.timer.unref();
  }

  private report(error: unknown): void {
    const outcome = error instanceof KeySetRefused ? 'refused' : 'failed';
    keySetFetches.inc({ issuer: this.issuer, outcome });
    const { message, cause } = error as Error;
    this.logger.warn({
      msg: `key set ${outcome}`,
      issuer: this.issuer,
      url: this.url,
      reason: printable(cause instanceof Error ? `${message}: ${cause.message}` : message),
      keys_kept: this.isGood() ? this.keys.size : 0,
    });
  }
}
