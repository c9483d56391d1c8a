import { Module } from '@nestjs/common';
import { DirectoryModule } from '../directory/directory.module.js';
import { KeycloakRecheckService } from './keycloak-recheck.service.js';

@Module({ imports: [DirectoryModule], providers: [KeycloakRecheckService] })
export class KeycloakRecheckModule {}
