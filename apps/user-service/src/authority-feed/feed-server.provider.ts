import type { FactoryProvider } from '@nestjs/common';
import { createFeedServer } from '#libs/authority-feed/create-feed-server.js';
import { FeedServer } from '#libs/authority-feed/feed-server.js';
import type { UserServiceSettings } from '#libs/config/settings.js';
import { Drain } from '#libs/http/application/drain.js';
import { SETTINGS } from '../settings.js';

const TABLES = { schema: 'users', channel: 'twinkey_people' } as const;

/** Suspended and deleted users, for the internal port. */
export const feedServerProvider: FactoryProvider<FeedServer> = {
  provide: FeedServer,
  inject: [SETTINGS, Drain],
  useFactory: (settings: UserServiceSettings, drain: Drain) =>
    createFeedServer(
      settings,
      { app: 'user-service', tables: TABLES, nativeIssuer: settings.native.issuer },
      drain,
    ),
};
