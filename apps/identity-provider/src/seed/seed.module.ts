import { Module } from '@nestjs/common';
import { AuthorityModule } from '../authority/authority.module.js';
import { PasswordsModule } from '../passwords/passwords.module.js';
import { SeedService } from './seed.service.js';

/** Asks the application for its database and `BCRYPT_COST`. */
@Module({
  imports: [AuthorityModule, PasswordsModule],
  providers: [SeedService],
  exports: [SeedService],
})
export class SeedModule {}
