import type { AuthorityState, CurrentAuthority, TokenReference } from '../authority-state.js';
import { TokenError } from '../token-error.js';
import type { EntryKind } from './entry-id.js';
import { FeedConnection, type FeedOptions } from './feed-connection.js';
import type { FeedObserver } from './feed-observer.js';
import type { FeedState } from './feed-state.js';
import { TokenDigests } from './token-digests.js';

export interface FeedAuthorityOptions {
  readonly feeds: readonly FeedOptions[];
  /**
   * What holds once a feed has been lost for `maxFeedAgeSeconds`, and before its first snapshot: `continue` with what is
   * known, or `refuse` every token (`authority_unknown`). Default: `continue`.
   */
  readonly onFeedLoss?: 'continue' | 'refuse' | undefined;
  /** Default: 60. */
  readonly maxFeedAgeSeconds?: number | undefined;
  readonly observer?: FeedObserver | undefined;
}

const EXPIRY_INTERVAL_MS = 30_000;

type RevocableToken = Parameters<AuthorityState['assertNotRevoked']>[0];

/** What the feeds tell about tokens. It connects at once, in the background, until `close()`. */
export class FeedAuthority implements AuthorityState {
  private readonly feeds: readonly FeedConnection[];
  private readonly digests = new TokenDigests();
  private readonly refusesAfterSeconds: number;
  private readonly expiry: NodeJS.Timeout;

  constructor({ feeds, onFeedLoss = 'continue', maxFeedAgeSeconds = 60, observer }: FeedAuthorityOptions) {
    this.feeds = feeds.map((feed) => new FeedConnection(feed, observer));
    this.refusesAfterSeconds = onFeedLoss === 'refuse' ? maxFeedAgeSeconds : Number.POSITIVE_INFINITY;
    this.expiry = setInterval(() => this.dropExpired(), EXPIRY_INTERVAL_MS).unref();
  }

  /** @throws TokenError `session_ended`, `subject_ended`, `key_withdrawn`, `authority_unknown` */
  assertNotRevoked(token: RevocableToken): void {
    for (const { state, lostForSeconds } of this.feeds) {
      // With `continue` the limit is Infinity, and nothing is above it.
      if (lostForSeconds > this.refusesAfterSeconds) throw new TokenError('authority_unknown');
      if (this.isEnded(state, 'session', token)) throw new TokenError('session_ended');
      if (this.isEnded(state, 'subject', token)) throw new TokenError('subject_ended');
      if (this.isEnded(state, 'key', token)) throw new TokenError('key_withdrawn');
    }
  }

  /** @returns undefined before the first snapshot of a feed that has roles */
  currentAuthority(
    token: Pick<TokenReference, 'issuer' | 'subject' | 'role' | 'roles'>,
  ): CurrentAuthority | undefined {
    const state = this.roleFeed()?.state;
    if (state === undefined) return undefined;
    const changed =
      token.role !== null && state.hasChangedRoles
        ? state.roleOf(this.digests.subject(token), Date.now())
        : undefined;
    if (changed !== undefined) return { role: changed, permissions: state.permissionsOf(changed) };
    const { role, roles } = token;
    if (roles.length === 1) return { role, permissions: state.permissionsOf(roles[0] as string) };
    const permissions = [...new Set(roles.flatMap((name) => state.permissionsOf(name)))].sort();
    return { role, permissions: permissions.includes('*') ? ['*'] : permissions };
  }

  /**
   * Whether the feeds know now what has become of a token: every connection is alive, and nothing ended unrecorded after
   * the token was issued. Where false, ask the issuer.
   * @param issuedAt the `iat` claim, in seconds since the epoch
   */
  isCurrent(issuedAt: number): boolean {
    return this.feeds.every((feed) => feed.isFresh && feed.state.recordedSince <= issuedAt * 1_000);
  }

  /** Whether a feed has told of this role; a new one may be on its way. */
  hasRole(role: string): boolean {
    return this.roleFeed()?.state.hasRole(role) ?? false;
  }

  /** Seconds since the most silent feed sent something; Infinity before its first snapshot. */
  get ageSeconds(): number {
    return Math.max(...this.feeds.map((feed) => feed.ageSeconds));
  }

  /** The number of ended sessions, subjects and keys that are known. */
  get endedEntries(): number {
    return this.feeds.reduce((sum, { state }) => sum + state.endedEntries, 0);
  }

  /** Ends all connections and timers. */
  close(): void {
    clearInterval(this.expiry);
    for (const feed of this.feeds) feed.close();
  }

  private isEnded(state: FeedState, kind: EntryKind, token: RevocableToken): boolean {
    if (!state.hasEnded(kind)) return false;
    const id = this.digests[kind](token);
    return id !== null && state.isEnded(kind, id, token.issuedAt, Date.now());
  }

  private roleFeed(): FeedConnection | undefined {
    return this.feeds.find(({ state }) => state.hasRoles);
  }

  private dropExpired(): void {
    const now = Date.now();
    for (const { state } of this.feeds) state.dropExpired(now);
  }
}
