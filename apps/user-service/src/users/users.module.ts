import { Module } from '@nestjs/common';
import { DirectoryModule } from '../directory/directory.module.js';
import { MeController } from './me.controller.js';
import { OwnProfileService } from './own-profile.service.js';
import { ProfilesModule } from './profiles.module.js';
import { UsersController } from './users.controller.js';
import { UsersService } from './users.service.js';

/** Port 3000. */
@Module({
  imports: [DirectoryModule, ProfilesModule],
  // `users/me` before `users/:id`, in the OpenAPI document too.
  controllers: [MeController, UsersController],
  providers: [OwnProfileService, UsersService],
})
export class UsersModule {}
