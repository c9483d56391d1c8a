import { Module } from '@nestjs/common';
import { AuthorityModule } from '../authority/authority.module.js';
import { PasswordsModule } from '../passwords/passwords.module.js';
import { SeedService } from './seed.service.js';

/** Needs the application's `DataSource` and `SETTINGS`. */
@Module({
  imports: [AuthorityModule, PasswordsModule],
  providers: [SeedService],
  exports: [SeedService],
})
export class SeedModule {}
