import { Controller, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import type { UserServiceSettings } from '#libs/config/settings.js';
import { HealthEndpoints } from '#libs/health/health-endpoints.js';
import { keycloakProbe } from '#libs/health/keycloak-probe.js';
import { USER_SERVICE_SETTINGS } from '../settings.js';

@ApiTags('health')
@Controller('health')
export class InternalHealthController extends HealthEndpoints {
  constructor(database: DataSource, @Inject(USER_SERVICE_SETTINGS) { keycloak }: UserServiceSettings) {
    super({
      required: { database: () => database.query('SELECT 1') },
      optional: { keycloak: keycloakProbe(keycloak) },
    });
  }
}
