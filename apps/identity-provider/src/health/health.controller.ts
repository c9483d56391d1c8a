import { Controller } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { type Health, healthOf } from '#libs/health/health.js';
import { HealthEndpoints } from '#libs/health/health-endpoints.js';

@ApiTags('health')
@Controller(['health', 'api/v1/health'])
export class HealthController extends HealthEndpoints {
  constructor(private readonly database: DataSource) {
    super();
  }

  protected health(): Promise<Health> {
    return healthOf({ database: () => this.database.query('SELECT 1') });
  }
}
