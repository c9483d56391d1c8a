import { Controller, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import type { UserServiceSettings } from '#libs/config/settings.js';
import { HealthEndpoints } from '#libs/health/health-endpoints.js';
import { keycloakProbe } from '#libs/health/keycloak-probe.js';
import { IssuerRegistry } from '../directory/issuer-registry.js';
import { SETTINGS } from '../settings.js';

@ApiTags('health')
@Controller('health')
export class InternalHealthController extends HealthEndpoints {
  constructor(
    database: DataSource,
    issuers: IssuerRegistry,
    @Inject(SETTINGS) { keycloak }: UserServiceSettings,
  ) {
    const answers = keycloakProbe(keycloak);
    const hasAccess = async () => {
      await answers?.();
      await Promise.all(issuers.all.map(({ directory }) => directory.assertAccess()));
    };
    super({
      required: { database: () => database.query('SELECT 1') },
      optional: { keycloak: answers && hasAccess },
    });
  }
}
