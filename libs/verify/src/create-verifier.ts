import { FeedAuthority, type FeedAuthorityOptions } from './feed/feed-authority.js';
import type { FeedOptions } from './feed/feed-connection.js';
import type { TrustedIssuer } from './issuers/trusted-issuer.js';
import { TrustedIssuers } from './issuers/trusted-issuers.js';
import { TokenVerifier, type Verifier } from './token-verifier.js';
import type { VerifierObserver } from './verifier-observer.js';

export type { FeedOptions } from './feed/feed-connection.js';
export type { FeedEvent } from './feed/feed-observer.js';
export type { BearerRequest } from './http/bearer.js';
export { type KeycloakIssuerOptions, keycloakIssuer as keycloak } from './issuers/keycloak-issuer.js';
export { type NativeIssuerOptions, nativeIssuer as native } from './issuers/native-issuer.js';
export type { TrustedIssuer } from './issuers/trusted-issuer.js';
export type { PublicKey } from './keys/key-source.js';
export { hasPermission, type IssuerKind, type Principal } from './principal.js';
export { TokenError, type TokenErrorCode } from './token-error.js';
export type { Verifier } from './token-verifier.js';
export type { KeySetFetch, VerifierObserver } from './verifier-observer.js';

export interface VerifierOptions
  extends Partial<Pick<FeedAuthorityOptions, 'onFeedLoss' | 'maxFeedAgeSeconds'>> {
  /** The issuers whose tokens are accepted: `native(…)`, `keycloak(…)`, or both. */
  readonly issuers: readonly TrustedIssuer[];
  /**
   * The authority feeds: of identity-provider, and of user-service for suspended users. With them, tokens are refused as
   * soon as their session, subject or key has ended, and permissions are those that the caller's role has now.
   */
  readonly feeds?: readonly FeedOptions[];
  /** Callbacks for metrics and logs. */
  readonly observer?: VerifierObserver;
}

const OPTIONS: ReadonlySet<string> = new Set<keyof VerifierOptions>([
  'issuers',
  'feeds',
  'onFeedLoss',
  'maxFeedAgeSeconds',
  'observer',
]);

/**
 * The entry of the package: verifies access tokens of Twinkey and Keycloak locally, with the issuers' public keys.
 * No key is fetched before the first token; the feeds connect at once. Timers do not keep the process alive; `close()` ends them.
 * @throws Error where an option is missing, unknown or not valid
 */
export function createVerifier(options: VerifierOptions): Verifier {
  // An option that is silently ignored could be one that refuses tokens.
  const unknown = Object.keys(options).filter((name) => !OPTIONS.has(name));
  if (unknown.length > 0) throw new Error(`Unknown option of createVerifier: ${unknown.join(', ')}.`);
  const { issuers, observer } = options;
  return new TokenVerifier(new TrustedIssuers(issuers, observer), openFeeds(options), observer);
}

/** Null where there are no feeds. @throws Error where an option is not valid */
function openFeeds({
  feeds = [],
  onFeedLoss,
  maxFeedAgeSeconds,
  observer,
}: VerifierOptions): FeedAuthority | null {
  if (feeds.length === 0 && (onFeedLoss !== undefined || maxFeedAgeSeconds !== undefined)) {
    throw new Error('onFeedLoss and maxFeedAgeSeconds need feeds.');
  }
  if (onFeedLoss !== undefined && onFeedLoss !== 'continue' && onFeedLoss !== 'refuse') {
    throw new Error("onFeedLoss must be 'continue' or 'refuse'.");
  }
  if (maxFeedAgeSeconds !== undefined && !(maxFeedAgeSeconds > 0)) {
    throw new Error('maxFeedAgeSeconds must be a number greater than 0.');
  }
  for (const { url, token } of feeds) assertFeed(url, token);
  if (feeds.length === 0) return null;
  return new FeedAuthority({
    feeds,
    onFeedLoss,
    maxFeedAgeSeconds,
    observer: observer?.feedChanged?.bind(observer),
  });
}

function assertFeed(url: string, token: string): void {
  const protocol = URL.canParse(url) ? new URL(url).protocol : null;
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new Error('The url of a feed must be an http or https URL.');
  // An empty token, from a variable that is not set, would be refused at each connection.
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
    throw new Error('The token of a feed must be visible ASCII without spaces.');
  }
}
