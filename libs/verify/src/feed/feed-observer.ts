/** What happens to a feed. */
export interface FeedEvent {
  /** The feed's URL. */
  readonly feed: string;
  /**
   * `connected`: the server answers; `snapshot`, `change`: a message was taken; `ignored`: an older one was not;
   * `lost`: the connection ended or failed.
   */
  readonly kind: 'connected' | 'snapshot' | 'change' | 'ignored' | 'lost';
  /** Why it was lost. It contains no part of a token. */
  readonly reason: string | null;
}

/** A callback for metrics and logs. It is called synchronously; an error that it throws is ignored. */
export type FeedObserver = (event: FeedEvent) => void;
