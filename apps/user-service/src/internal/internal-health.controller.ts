import { Controller, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import type { UserServiceSettings } from '#libs/config/settings.js';
import { preparedQuery } from '#libs/database/queries/prepared-query.js';
import { HealthEndpoints } from '#libs/health/health-endpoints.js';
import { keycloakProbe } from '#libs/health/keycloak-probe.js';
import { IssuerRegistry } from '../directory/issuer-registry.js';
import { SETTINGS } from '../settings.js';

const PROBE = { name: 'health', text: 'SELECT 1', values: [] };

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
      required: { database: () => preparedQuery(database, PROBE) },
      optional: { keycloak: answers && hasAccess },
    });
  }
}
