import type { FeedEvent } from './feed/feed-observer.js';
import type { IssuerId } from './issuers/issuer-id.js';
import type { TokenError } from './token-error.js';

/** One request for an issuer's key set (JWKS), once it has ended. */
export interface KeySetFetch {
  readonly issuer: IssuerId;
  readonly url: string;
  /** `taken`; `refused`: the answer is not a valid set; `failed`: there was no answer. */
  readonly outcome: 'taken' | 'refused' | 'failed';
  /** Why it was not taken, escaped for a log. */
  readonly reason: string | null;
  /** The number of keys that are valid now, from this set or from an older one. */
  readonly keys: number;
}

/** Callbacks for metrics and logs. They are called synchronously; an error that they throw is ignored. */
export interface VerifierObserver {
  /** A token was refused. `error.detail` may contain a part of the token. */
  tokenRefused?(error: TokenError): void;
  keySetFetched?(fetch: KeySetFetch): void;
  /** A feed was connected, told something, or was lost. */
  feedChanged?(event: FeedEvent): void;
}

/** An observer that is always there and never throws. */
export function shielded(observer: VerifierObserver = {}): Required<VerifierObserver> {
  return {
    tokenRefused: (error) => attempt(() => observer.tokenRefused?.(error)),
    keySetFetched: (fetch) => attempt(() => observer.keySetFetched?.(fetch)),
    feedChanged: (event) => attempt(() => observer.feedChanged?.(event)),
  };
}

function attempt(report: () => void): void {
  try {
    report();
  } catch {
    // A metric that fails must neither refuse a token nor stop the refresh of the keys.
  }
}
