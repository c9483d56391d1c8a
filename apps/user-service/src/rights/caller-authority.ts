import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { UserServiceSettings } from '#libs/config/settings.js';
import { FeedAuthority } from '#libs/verify/src/feed/feed-authority.js';
import type { FeedEvent } from '#libs/verify/src/feed/feed-observer.js';
import type { VerifiedToken } from '#libs/verify/src/principal.js';
import { SETTINGS } from '../settings.js';
import { feedReaderEvents, watchedAuthorities } from './feed-metrics.js';
import type { Rights } from './rights.client.js';

/**
 * What identity-provider's authority feed tells about callers. Without `AUTHORITY_FEED_TOKEN` it tells nothing, and where
 * the feed is lost it tells what was known.
 */
@Injectable()
export class CallerAuthority implements OnModuleDestroy {
  private readonly logger = new Logger(CallerAuthority.name);
  private readonly feed: FeedAuthority | null;

  constructor(@Inject(SETTINGS) { authorityFeedToken: token, identityProviderUrl }: UserServiceSettings) {
    const url = `${identityProviderUrl}/api/v1/authority`;
    this.feed =
      token === null
        ? null
        : new FeedAuthority({ feeds: [{ url, token }], observer: (event) => this.observe(event) });
    if (this.feed) watchedAuthorities.add(this.feed);
  }

  onModuleDestroy(): void {
    if (!this.feed) return;
    watchedAuthorities.delete(this.feed);
    this.feed.close();
  }

  /** @throws TokenError where the token's session, subject or key has ended */
  assertNotRevoked({ reference }: VerifiedToken): void {
    this.feed?.assertNotRevoked(reference);
  }

  /** The caller's rights now; null where the feed does not know them, so that identity-provider has to be asked. */
  findRights({ reference, roles, issuerKind }: VerifiedToken): Rights | null {
    if (!this.feed?.isCurrent(reference.issuedAt)) return null;
    // The feed may not have told of a new role yet.
    if (roles.some((name) => !this.feed?.hasRole(name))) return null;
    const current = this.feed.currentAuthority(reference);
    if (current === undefined) return null;
    const { role, permissions } = current;
    return { roles: issuerKind === 'native' && role !== null ? [role] : roles, permissions };
  }

  private observe({ kind, reason }: FeedEvent): void {
    feedReaderEvents.inc({ event: kind });
    if (kind === 'lost') this.logger.warn({ msg: 'authority feed lost', reason });
    if (kind === 'snapshot') this.logger.log({ msg: 'authority feed read' });
  }
}
