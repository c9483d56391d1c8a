import { Module } from '@nestjs/common';
import { DirectoryModule } from '../directory/directory.module.js';
import { RightsModule } from '../rights/rights.module.js';
import { MeController } from './me.controller.js';
import { OwnProfileService } from './own-profile.service.js';
import { ProfilesModule } from './profiles.module.js';
import { StatusChanges } from './status-changes.js';
import { UserRights } from './user-rights.js';
import { UsersController } from './users.controller.js';
import { UsersService } from './users.service.js';

/** The routes of port 3000. */
@Module({
  imports: [DirectoryModule, ProfilesModule, RightsModule],
  // `users/me` has to be registered before `users/:id`.
  controllers: [MeController, UsersController],
  providers: [OwnProfileService, StatusChanges, UserRights, UsersService],
})
export class UsersModule {}
