import { Module } from '@nestjs/common';
import { AuthorityService } from './authority.service.js';
import { RightsService } from './rights.service.js';

/** Who may do what, and the one way to change it. */
@Module({
  providers: [AuthorityService, RightsService],
  exports: [AuthorityService, RightsService],
})
export class AuthorityModule {}
