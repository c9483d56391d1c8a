import { Controller, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { preparedQuery } from '#libs/database/queries/prepared-query.js';
import { HealthEndpoints } from '#libs/health/health-endpoints.js';
import { keycloakProbe } from '#libs/health/keycloak-probe.js';
import { SETTINGS } from '../settings.js';

const PROBE = { name: 'health', text: 'SELECT 1', values: [] };

@ApiTags('health')
@Controller(['health', 'api/v1/health'])
export class HealthController extends HealthEndpoints {
  constructor(database: DataSource, @Inject(SETTINGS) { keycloak }: IdentityProviderSettings) {
    super({
      required: { database: () => preparedQuery(database, PROBE) },
      optional: { keycloak: keycloakProbe(keycloak) },
    });
  }
}
