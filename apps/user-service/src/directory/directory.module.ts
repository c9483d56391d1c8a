import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { UserServiceSettings } from '#libs/config/settings.js';
import { RightsModule } from '../rights/rights.module.js';
import { USER_SERVICE_SETTINGS } from '../settings.js';
import { Directories } from './directories.js';
import { KeycloakDirectory } from './keycloak.directory.js';
import { KeycloakResiliencePolicy } from './keycloak-resilience-policy.js';
import { KeycloakLeases } from './keycloak-leases.js';
import { NativeDirectory } from './native.directory.js';

@Module({
  imports: [RightsModule],
  providers: [
    NativeDirectory,
    {
      provide: Directories,
      inject: [NativeDirectory, DataSource, USER_SERVICE_SETTINGS],
      useFactory: (native: NativeDirectory, database: DataSource, { keycloak }: UserServiceSettings) =>
        new Directories(
          native,
          keycloak && new KeycloakDirectory(keycloak, new KeycloakResiliencePolicy(), new KeycloakLeases(database)),
        ),
    },
  ],
  exports: [Directories],
})
export class DirectoryModule {}
