import type { FactoryProvider } from '@nestjs/common';
import { AuthorityPublisher } from '#libs/authority-feed/authority-publisher.js';
import { FeedServer } from '#libs/authority-feed/feed-server.js';
import type { UserServiceSettings } from '#libs/config/settings.js';
import { DEFAULT_KEYCLOAK_ISSUER, NATIVE_ISSUER } from '#libs/core/issuer-id.js';
import { Drain } from '#libs/http/application/drain.js';
import { SETTINGS } from '../settings.js';

/** Suspended and deleted users, for the internal port. */
export const feedServerProvider: FactoryProvider<FeedServer> = {
  provide: FeedServer,
  inject: [SETTINGS, Drain],
  useFactory: (settings: UserServiceSettings, drain: Drain) => new FeedServer(publisherOf(settings), drain),
};

function publisherOf(settings: UserServiceSettings): AuthorityPublisher | null {
  const { authorityFeedToken, databaseUrl, native, keycloak } = settings;
  if (authorityFeedToken === null) return null;
  const issuers = new Map([[NATIVE_ISSUER, native.issuer]]);
  if (keycloak) issuers.set(DEFAULT_KEYCLOAK_ISSUER, keycloak.issuer);
  const tables = { schema: 'users', channel: 'twinkey_people' } as const;
  return new AuthorityPublisher({ app: 'user-service', databaseUrl, tables, issuers });
}
