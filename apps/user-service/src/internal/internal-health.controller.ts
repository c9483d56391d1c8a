import { Controller } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { type Health, healthOf } from '#libs/health/health.js';
import { HealthEndpoints } from '#libs/health/health-endpoints.js';
import { Directories } from '../directory/directories.js';

@ApiTags('health')
@Controller('health')
export class InternalHealthController extends HealthEndpoints {
  constructor(
    private readonly database: DataSource,
    private readonly directories: Directories,
  ) {
    super();
  }

  protected health(): Promise<Health> {
    const { keycloak } = this.directories;
    return healthOf(
      { database: () => this.database.query('SELECT 1') },
      { keycloak: keycloak && (() => keycloak.ping()) },
    );
  }
}
