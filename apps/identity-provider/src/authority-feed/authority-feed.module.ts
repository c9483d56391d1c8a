import { Module } from '@nestjs/common';
import { createFeedServer } from '#libs/authority-feed/create-feed-server.js';
import { FeedServer } from '#libs/authority-feed/feed-server.js';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
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
        createFeedServer(
          settings,
          { app: 'identity-provider', tables: AUTHORITY_TABLES, nativeIssuer: settings.signing.issuer },
          drain,
        ),
    },
    RevocationsService,
    TokenLifetimesService,
  ],
  exports: [RevocationsService],
})
export class AuthorityFeedModule {}
