import { Module } from '@nestjs/common';
import { AuthorityModule } from '../../authority/authority.module.js';
import { SessionsModule } from '../../sessions/sessions.module.js';
import { ClientsController } from './clients.controller.js';
import { ClientsService } from './clients.service.js';

@Module({
  imports: [AuthorityModule, SessionsModule],
  controllers: [ClientsController],
  providers: [ClientsService],
})
export class ClientsModule {}
