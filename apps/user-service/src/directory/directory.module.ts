import { Module } from '@nestjs/common';
import type { UserServiceSettings } from '#libs/config/settings.js';
import { RightsModule } from '../rights/rights.module.js';
import { USER_SERVICE_SETTINGS } from '../settings.js';
import { Directories } from './directories.js';
import { KeycloakDirectory } from './keycloak.directory.js';
import { KeycloakGate } from './keycloak-gate.js';
import { NativeDirectory } from './native.directory.js';

@Module({
  imports: [RightsModule],
  providers: [
    NativeDirectory,
    {
      provide: Directories,
      inject: [NativeDirectory, USER_SERVICE_SETTINGS],
      useFactory: (native: NativeDirectory, { keycloak }: UserServiceSettings) =>
        new Directories(native, keycloak && new KeycloakDirectory(keycloak, new KeycloakGate())),
    },
  ],
  exports: [Directories],
})
export class DirectoryModule {}
