import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AuthorityPublisher } from '#libs/authority-feed/authority-publisher.js';
import { FeedServer } from '#libs/authority-feed/feed-server.js';
import { RevocationCleanup } from '#libs/authority-feed/revocation-cleanup.js';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { DEFAULT_KEYCLOAK_ISSUER, NATIVE_ISSUER } from '#libs/core/issuer-id.js';
import { Drain } from '#libs/http/application/drain.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { SETTINGS } from '../settings.js';
import { AuthorityFeedController } from './authority-feed.controller.js';
import { AUTHORITY_TABLES } from './authority-tables.js';
import { RevocationsService } from './revocations.service.js';
import { TokenLifetimesService } from './token-lifetimes.service.js';

/** Tells other services what has been revoked, and which permissions each role has now. */
@Module({
  imports: [SessionsModule],
  controllers: [AuthorityFeedController],
  providers: [
    {
      provide: FeedServer,
      inject: [SETTINGS, Drain],
      useFactory: (settings: IdentityProviderSettings, drain: Drain) =>
        new FeedServer(publisherOf(settings), drain),
    },
    {
      provide: RevocationCleanup,
      inject: [DataSource],
      useFactory: (database: DataSource) => new RevocationCleanup(database, 'identity'),
    },
    RevocationsService,
    TokenLifetimesService,
  ],
  exports: [RevocationsService],
})
export class AuthorityFeedModule {}

function publisherOf(settings: IdentityProviderSettings): AuthorityPublisher | null {
  const { authorityFeedToken, databaseUrl, signing, keycloak } = settings;
  if (authorityFeedToken === null) return null;
  const issuers = new Map([[NATIVE_ISSUER, signing.issuer]]);
  if (keycloak) issuers.set(DEFAULT_KEYCLOAK_ISSUER, keycloak.issuer);
  return new AuthorityPublisher({ app: 'identity-provider', databaseUrl, tables: AUTHORITY_TABLES, issuers });
}
