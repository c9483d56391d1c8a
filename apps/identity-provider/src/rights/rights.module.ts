import { Module } from '@nestjs/common';
import { AuthorityModule } from '../authority/authority.module.js';
import { AdministratorsService } from './administrators.service.js';
import { ComparisonService } from './comparison.service.js';
import { RightsController } from './rights.controller.js';

@Module({
  imports: [AuthorityModule],
  controllers: [RightsController],
  providers: [AdministratorsService, ComparisonService],
})
export class RightsModule {}
