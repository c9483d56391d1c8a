import { Module } from '@nestjs/common';
import { DirectoryModule } from '../directory/directory.module.js';
import { ProfilesService } from './profiles.service.js';
import { UnnamedCallersService } from '../profile-sync/unnamed-callers.service.js';

@Module({
  imports: [DirectoryModule],
  providers: [ProfilesService, UnnamedCallersService],
  exports: [ProfilesService, UnnamedCallersService],
})
export class ProfilesModule {}
