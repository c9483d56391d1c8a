import { Controller, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import type { UserServiceSettings } from '#libs/config/settings.js';
import { HealthEndpoints } from '#libs/health/health-endpoints.js';
import { keycloakProbe } from '#libs/health/keycloak-probe.js';
import { Directories } from '../directory/directories.js';
import { USER_SERVICE_SETTINGS } from '../settings.js';

@ApiTags('health')
@Controller('health')
export class InternalHealthController extends HealthEndpoints {
  constructor(
    database: DataSource,
    directories: Directories,
    @Inject(USER_SERVICE_SETTINGS) { keycloak }: UserServiceSettings,
  ) {
    const answers = keycloakProbe(keycloak);
    const works = async () => {
      await answers?.();
      await directories.keycloak?.requireStanding();
    };
    super({
      required: { database: () => database.query('SELECT 1') },
      optional: { keycloak: answers && works },
    });
  }
}
