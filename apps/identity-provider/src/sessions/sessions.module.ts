import { Module } from '@nestjs/common';
import { AuthorityModule } from '../authority/authority.module.js';
import { AccountSessionsController } from './account-sessions.controller.js';
import { AccountSessionsService } from './account-sessions.service.js';
import { OwnSessionsController } from './own-sessions.controller.js';
import { ServiceClients } from './service-clients.js';
import { SessionActivity } from './session-activity.js';
import { SessionLifetimes } from './session-lifetimes.js';
import { SessionLookup } from './session-lookup.js';
import { SessionOpener } from './session-opener.js';
import { SessionRefresh } from './session-refresh.js';
import { SessionsService } from './sessions.service.js';

@Module({
  imports: [AuthorityModule],
  controllers: [OwnSessionsController, AccountSessionsController],
  providers: [
    AccountSessionsService,
    ServiceClients,
    SessionActivity,
    SessionLifetimes,
    SessionLookup,
    SessionOpener,
    SessionRefresh,
    SessionsService,
  ],
  exports: [
    AccountSessionsService,
    ServiceClients,
    SessionLifetimes,
    SessionLookup,
    SessionOpener,
    SessionRefresh,
    SessionsService,
  ],
})
export class SessionsModule {}
