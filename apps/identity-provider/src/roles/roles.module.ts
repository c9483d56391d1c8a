import { Module } from '@nestjs/common';
import { AuthorityModule } from '../authority/authority.module.js';
import { RoleGrantsController } from './role-grants.controller.js';
import { RoleGrantsService } from './role-grants.service.js';
import { RolesController } from './roles.controller.js';
import { RolesService } from './roles.service.js';

@Module({
  imports: [AuthorityModule],
  controllers: [RolesController, RoleGrantsController],
  providers: [RolesService, RoleGrantsService],
})
export class RolesModule {}
