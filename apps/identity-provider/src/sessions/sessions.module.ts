import { Module } from '@nestjs/common';
import { AuthorityModule } from '../authority/authority.module.js';
import { ServiceClients } from './service-clients.js';
import { SessionsService } from './sessions.service.js';

@Module({
  imports: [AuthorityModule],
  providers: [SessionsService, ServiceClients],
  exports: [SessionsService, ServiceClients],
})
export class SessionsModule {}
