import { Controller } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { Public } from '#libs/auth/access.js';
import { type Health, healthOf } from '#libs/http/health.js';
import { HealthEndpoints } from '#libs/http/health-endpoints.js';

@ApiTags('health')
@Controller(['health', 'api/v1/health'])
@Public()
export class HealthController extends HealthEndpoints {
  constructor(private readonly database: DataSource) {
    super();
  }

  protected health(): Promise<Health> {
    return healthOf({ database: () => this.database.query('SELECT 1') });
  }
}
