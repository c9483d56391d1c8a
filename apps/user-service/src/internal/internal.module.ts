import type { INestApplication } from '@nestjs/common';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { translateDatabaseError } from '#libs/database/errors/error-translation.js';
import { Reads } from '#libs/database/replicas/reads.js';
import { Drain } from '#libs/http/application/drain.js';
import { HttpModule } from '#libs/http/application/http.module.js';
import { AuthorityFeedController } from '../authority-feed/authority-feed.controller.js';
import { FeedAccess } from '../authority-feed/feed-access.js';
import { feedServerProvider } from '../authority-feed/feed-server.provider.js';
import { IssuerRegistry } from '../directory/issuer-registry.js';
import { RightsClient } from '../rights/rights.client.js';
import { SETTINGS } from '../settings.js';
import { ProfilesService } from '../users/profiles.service.js';
import { InternalHealthController } from './internal-health.controller.js';
import { InternalTokenGuard } from './internal-token.guard.js';
import { InternalUsersController } from './internal-users.controller.js';
import { LookupService } from './lookup.service.js';
import { MetricsController } from './metrics.controller.js';

const SHARED = [DataSource, Drain, IssuerRegistry, ProfilesService, Reads, RightsClient, SETTINGS];

/**
 * Port 3001. It is a separate application, so that no route of one port is reachable on the other one. It shares the
 * services of the public application, and with them the database pool and the circuit to Keycloak.
 */
@Module({})
export class InternalModule {
  static of(publicApp: INestApplication): DynamicModule {
    return {
      module: InternalModule,
      imports: [HttpModule.forRoot({ translators: [translateDatabaseError] })],
      controllers: [
        AuthorityFeedController,
        InternalHealthController,
        InternalUsersController,
        MetricsController,
      ],
      providers: [
        ...SHARED.map((token) => ({
          provide: token,
          useFactory: () => publicApp.get(token, { strict: false }),
        })),
        FeedAccess,
        feedServerProvider,
        LookupService,
        { provide: APP_GUARD, useClass: InternalTokenGuard },
      ],
    };
  }
}
