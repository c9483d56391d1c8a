import { Module } from '@nestjs/common';
import { DirectoryModule } from '../directory/directory.module.js';
import { RightsModule } from '../rights/rights.module.js';
import { Administrators } from './administrators.js';
import { MeController } from './me.controller.js';
import { OwnProfileService } from './own-profile.service.js';
import { PersonRights } from './person-rights.js';
import { ProfilesModule } from './profiles.module.js';
import { StatusChanges } from './status-changes.js';
import { UsersController } from './users.controller.js';
import { UsersService } from './users.service.js';

/** Port 3000. */
@Module({
  imports: [DirectoryModule, ProfilesModule, RightsModule],
  // `users/me` before `users/:id`, in the OpenAPI document too.
  controllers: [MeController, UsersController],
  providers: [Administrators, OwnProfileService, PersonRights, StatusChanges, UsersService],
})
export class UsersModule {}
